//! Moving house: from files to a server, and back.

use std::fmt::Write;
use std::time::{Duration, Instant};

use futures::future::join_all;
use tokio::sync::Notify;
use vault::{
    Copied, CopyError, CopyProgress, CopyStep, SealedSecret, SecretContext, Vault, VaultError, VaultPlace, copy,
};

use crate::support::{Place, context, noon, open_key, seal};

/// So many that they are read and written in several pages.
const MANY: u32 = 450;

type Secrets = Vec<(SecretContext, SealedSecret, String)>;

/// A vault with all that one may hold: secrets of several accounts, live and pending, several attempts to save one version,
/// a key whose envelope was never written, and two key-encryption keys in the middle of a rotation.
async fn lived_in(place: &Place) -> Secrets {
    let vault = place.open().await;
    let sealing = (0..MANY).map(|number| {
        let ctx = context(
            ["acme", "other", "third"][number as usize % 3],
            number.into(),
            number % 4,
        );
        let (vault, key) = (&vault, format!("key {number}"));
        async move { (ctx.clone(), seal(vault, &ctx, &key).await.unwrap(), key) }
    });
    let mut secrets: Secrets = join_all(sealing).await;
    for (ctx, sealed, _) in secrets.iter().filter(|(ctx, ..)| ctx.version != 3) {
        vault.make_live(ctx, sealed.dek).await.unwrap();
    }
    let again = secrets[3].0.clone();
    secrets.push((
        again.clone(),
        seal(&vault, &again, "another").await.unwrap(),
        "another".to_owned(),
    ));

    let new = vault.add_kek().await.unwrap();
    vault.promote_kek(new).await.unwrap();
    vault.rewrap_batch(100).await.unwrap();
    place.refuse_envelopes().await;
    seal(&vault, &context("acme", 9999, 1), "torn").await.unwrap_err();
    place.take_envelopes().await;
    vault.close().await;
    secrets
}

async fn small() -> Place {
    let place = Place::new();
    let vault = place.open().await;
    let ctx = context("acme", 1, 1);
    let sealed = seal(&vault, &ctx, "key").await.unwrap();
    vault.make_live(&ctx, sealed.dek).await.unwrap();
    vault.close().await;
    place
}

async fn copied(from: &Place, to: &Place) -> Result<Copied, CopyError> {
    copy(&from.stores(), &to.stores(), |_| {}).await
}

/// What can be seen of a vault from outside.
async fn seen(vault: &Vault, secrets: &Secrets) -> String {
    let mut seen = format!(
        "{:?} {:?}",
        vault.status().await.unwrap(),
        vault.request_digest(b"request").await
    );
    for (ctx, sealed, key) in secrets {
        assert_eq!(open_key(vault, ctx, sealed).await.unwrap(), *key);
        let id = (ctx.credential, ctx.version);
        let hints = vault.hints(&ctx.account, &[id]).await.unwrap();
        write!(seen, "{:?}", hints.get(&id)).unwrap();
    }
    let again = seal(vault, &context("acme", 1, 7), "key 0").await.unwrap();
    assert_eq!(
        again.fingerprint, secrets[0].1.fingerprint,
        "equal keys are known to be equal"
    );
    vault.discard(&context("acme", 1, 7), again.dek).await.unwrap();
    seen
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_vault_moves_to_a_server_and_back_with_every_secret() {
    let (home, server, back) = (Place::new(), Place::on_postgres(), Place::new());
    let secrets = lived_in(&home).await;

    let there = copied(&home, &server).await.unwrap();
    assert_eq!((there.envelopes, there.already), (u64::from(MANY) + 1, 0));
    // One of each envelope, one that was torn, three of accounts, one of requests.
    assert_eq!(there.keys, u64::from(MANY) + 1 + 1 + 3 + 1);
    let returned = copied(&server, &back).await.unwrap();
    assert_eq!(returned, there, "the same digest");

    // The first start sweeps the torn key out of the files; on the server it is too young.
    let torn = "SELECT count(*) FROM wrapped_key WHERE NOT placed";
    assert_eq!(server.keystore().await.number(torn).await, 1);
    let ring = &home.paths.keyring;
    let mut all = Vec::new();
    for place in [&home, &back, &server] {
        place.age().await;
        let vault = place.open_with_ring(ring).await.unwrap();
        all.push(seen(&vault, &secrets).await);
        vault.close().await;
    }
    assert!(
        all[0] == all[1] && all[0] == all[2],
        "{}\n{}\n{}",
        all[0],
        all[1],
        all[2]
    );
    let pending = async |place: &Place| {
        let vault = place.open_with_ring(ring).await.unwrap();
        vault.pending(noon() + Duration::from_secs(1)).await.unwrap().len()
    };
    assert_eq!(pending(&server).await, pending(&home).await);
}

/// Starts a copy and drops it at the first progress that fits; none when it came to its end before.
async fn interrupted(
    from: &VaultPlace,
    to: &VaultPlace,
    at: impl Fn(CopyProgress) -> bool + Send + Sync,
) -> Option<Result<Copied, CopyError>> {
    let start = Instant::now();
    loop {
        let stop = Notify::new();
        let copying = copy(from, to, |progress| {
            if at(progress) {
                stop.notify_one();
            }
        });
        let outcome = tokio::select! {
            biased;
            () = stop.notified() => return None,
            outcome = copying => outcome,
        };
        // Files are let go of a moment after the one that was dropped.
        let in_use = matches!(outcome, Err(CopyError::SourceInUse | CopyError::TargetInUse));
        if !in_use || start.elapsed() > Duration::from_secs(20) {
            return Some(outcome);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_copy_that_is_interrupted_does_not_open_and_goes_on_where_it_was() {
    let home = Place::new();
    let secrets = lived_in(&home).await;
    for target in Place::each() {
        // After the key-encryption keys, after some keys, between the stores, after some envelopes, while reading back.
        let points: [(CopyStep, u64); 6] = [
            (CopyStep::Copying, 1),
            (CopyStep::Copying, 200),
            (CopyStep::Copying, 458),
            (CopyStep::Copying, 600),
            (CopyStep::Verifying, 1),
            (CopyStep::Verifying, 1000),
        ];
        let mut interruptions = 0;
        for (step, done) in points {
            let at = |progress: CopyProgress| progress.step == step && progress.done >= done;
            if interrupted(&home.stores(), &target.stores(), at).await.is_none() {
                interruptions += 1;
            }
            let refusal = target.open_with_ring(&home.paths.keyring).await.map(drop).unwrap_err();
            assert!(refusal.to_string().contains("start that copy again"), "{refusal}");
            let keys = target.keystore().await.bytes("SELECT id FROM wrapped_key").await;
            for dek in target.vault().await.bytes("SELECT dek FROM secret").await {
                assert!(keys.contains(&dek), "an envelope without its key");
            }
        }
        assert_eq!(interruptions, points.len());
        let done = interrupted(&home.stores(), &target.stores(), |_| false).await;
        let done = done.unwrap().unwrap();
        assert_eq!(
            done.already,
            done.keys + done.envelopes + 2,
            "all was there, and was found"
        );
        let vault = target.open_with_ring(&home.paths.keyring).await.unwrap();
        seen(&vault, &secrets).await;
        vault.close().await;
    }
}

#[tokio::test]
async fn a_copy_that_is_complete_is_compared_and_left_as_it_is() {
    let home = small().await;
    for target in Place::each() {
        let first = copied(&home, &target).await.unwrap();
        let again = copied(&home, &target).await.unwrap();
        // A key-encryption key, three wrapped ones and an envelope.
        assert_eq!((again.digest, again.already), (first.digest, 5));
    }
}

#[tokio::test]
async fn a_target_that_holds_something_else_is_refused_and_not_written_to() {
    let home = small().await;
    for target in Place::each() {
        let vault = target.open().await;
        vault.close().await;
        let before = target.keystore().await.bytes("SELECT id FROM wrapped_key").await;
        assert!(matches!(copied(&home, &target).await, Err(CopyError::Another)));

        // The same without the ids by which it is known.
        target.vault().await.run("DELETE FROM pair").await;
        assert!(matches!(copied(&home, &target).await, Err(CopyError::Another)));
        target.keystore().await.run("DELETE FROM pair").await;
        assert!(matches!(copied(&home, &target).await, Err(CopyError::HalfThere)));
        let after = target.keystore().await.bytes("SELECT id FROM wrapped_key").await;
        assert_eq!(after, before);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn half_a_copy_with_something_else_in_it_is_refused_and_not_written_to() {
    let home = small().await;
    for target in Place::each() {
        let at = |progress: CopyProgress| progress.step == CopyStep::Copying && progress.done >= 4;
        assert!(interrupted(&home.stores(), &target.stores(), at).await.is_none());
        let open = target.open_with_ring(&home.paths.keyring).await;
        open.map(drop).unwrap_err();
        target.vault().await.run("DELETE FROM secret").await;
        let wrong = "UPDATE wrapped_key SET wrapped = x'00' WHERE purpose = 'credential'";
        assert_eq!(target.keystore().await.run(wrong).await, 1);

        let refusal = interrupted(&home.stores(), &target.stores(), |_| false).await.unwrap();
        let Err(CopyError::Foreign { what }) = refusal else {
            panic!("{refusal:?}");
        };
        assert!(what.starts_with("wrapped key "), "{what}");
        assert_eq!(target.vault().await.number("SELECT count(*) FROM secret").await, 0);
    }
}

#[tokio::test]
async fn a_source_that_went_on_after_its_copy_was_complete_is_not_mixed_with_it() {
    let home = small().await;
    for target in Place::each() {
        copied(&home, &target).await.unwrap();
        let vault = home.open().await;
        let ctx = context("acme", 2, 1);
        let sealed = seal(&vault, &ctx, "newer").await.unwrap();
        vault.close().await;
        assert!(matches!(copied(&home, &target).await, Err(CopyError::Finished)));
        let opened = target.open_with_ring(&home.paths.keyring).await.unwrap();
        assert!(matches!(
            open_key(&opened, &ctx, &sealed).await,
            Err(VaultError::Missing { .. })
        ));
        opened.close().await;
    }
}

#[tokio::test]
async fn every_column_that_differs_is_found() {
    let home = small().await;
    let vault = home.open().await;
    vault.add_kek().await.unwrap();
    vault.close().await;
    let envelopes = [
        "account = 'other'",
        "provider = 'stripe'",
        "envelope = x'00'",
        "sha256 = x'0000000000000000000000000000000000000000000000000000000000000000'",
        "state = 'pending'",
        "created_at = created_at + 1",
        "masked = '{}'",
        "public = '{}'",
        "version = 2",
    ];
    let keys = ["account = 'other'", "kek = 2", "wrapped = x'00'", "placed = 1 - placed"];
    let known = [
        "check_value = x'0000000000000000000000000000000000000000000000000000000000000000'",
        "current = 0",
    ];
    let changes = (envelopes.iter().map(|set| format!("UPDATE secret SET {set}")))
        .chain(
            keys.iter()
                .map(|set| format!("UPDATE wrapped_key SET {set} WHERE purpose = 'credential'")),
        )
        .chain(known.iter().map(|set| format!("UPDATE kek SET {set} WHERE id = 1")))
        .chain(["UPDATE wrapped_key SET purpose = 'credential' WHERE purpose = 'fingerprint'".to_owned()]);
    for change in changes {
        let target = Place::new();
        copied(&home, &target).await.unwrap();
        let mut behind = if change.contains("secret") {
            target.vault().await
        } else {
            target.keystore().await
        };
        assert!(behind.run(&change).await > 0, "{change}");
        drop(behind);
        let outcome = copied(&home, &target).await;
        assert!(
            matches!(outcome, Err(CopyError::Foreign { .. })),
            "{change}: {outcome:?}"
        );
    }
}

#[tokio::test]
async fn a_row_that_the_target_stored_otherwise_is_found_by_the_digest_and_the_copy_does_not_open() {
    let home = small().await;
    for target in Place::each() {
        // Brings the tables into being.
        interrupted(&home.stores(), &target.stores(), |progress| {
            progress.step == CopyStep::Copying
        })
        .await;
        let open = target.open_with_ring(&home.paths.keyring).await;
        open.map(drop).unwrap_err();
        let mut vault = target.vault().await;
        vault.run("DELETE FROM secret").await;
        if target.is_on_postgres() {
            let function = "CREATE FUNCTION worn() RETURNS trigger LANGUAGE plpgsql AS \
                            'BEGIN NEW.envelope = ''\\x00''::bytea; RETURN NEW; END'";
            vault.run(function).await;
            let trigger = "CREATE TRIGGER worn BEFORE INSERT ON secret FOR EACH ROW EXECUTE FUNCTION worn()";
            vault.run(trigger).await;
        } else {
            let trigger = "CREATE TRIGGER worn AFTER INSERT ON secret BEGIN UPDATE secret SET envelope = x'00'; END";
            vault.run(trigger).await;
        }
        drop(vault);
        let outcome = interrupted(&home.stores(), &target.stores(), |_| false).await;
        assert!(matches!(outcome, Some(Err(CopyError::Different { .. }))), "{outcome:?}");
        let refusal = target.open_with_ring(&home.paths.keyring).await.map(drop).unwrap_err();
        assert!(matches!(refusal, VaultError::Inconsistent(_)), "{refusal}");
    }
}

#[tokio::test]
async fn files_in_use_one_place_for_both_and_a_source_that_is_none_are_refused() {
    let (home, target) = (small().await, Place::new());
    let node = home.open().await;
    assert!(matches!(copied(&home, &target).await, Err(CopyError::SourceInUse)));
    node.close().await;
    let other = target.open().await;
    assert!(matches!(copied(&home, &target).await, Err(CopyError::TargetInUse)));
    other.close().await;

    assert!(matches!(copied(&home, &home).await, Err(CopyError::Same)));
    let server = Place::on_postgres();
    assert!(matches!(copied(&server, &server).await, Err(CopyError::Same)));
    assert!(matches!(
        copied(&server, &Place::new()).await,
        Err(CopyError::NoSource(_))
    ));
    let empty = Place::new();
    assert!(matches!(copied(&empty, &target).await, Err(CopyError::NoSource(_))));
    assert!(
        !empty.paths.vault.exists() && !empty.paths.keystore.exists(),
        "nothing was made"
    );
}
