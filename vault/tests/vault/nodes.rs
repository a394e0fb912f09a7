//! Several processes that have one vault on PostgreSQL open at the same time.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use domain::KekId;
use futures::StreamExt;
use futures::future::join_all;
use futures::stream;
use tokio::time::{Instant, sleep};
use vault::keyring::KeyringError;
use vault::{SealedSecret, SecretContext, Vault, VaultError, VaultPlace};

use crate::support::{Place, context, keys_under, open_key, seal};

/// Some nodes, and the place that they share.
async fn nodes(count: usize) -> (Place, Vec<Arc<Vault>>) {
    let place = Place::on_postgres();
    let opened = join_all((0..count).map(|_| place.open())).await;
    (place, opened.into_iter().map(Arc::new).collect())
}

/// Waits until a query gives a number that fits, at most 20 seconds.
async fn wait_for(place: &Place, query: &str, fits: impl Fn(i64) -> bool) {
    let start = Instant::now();
    let mut keystore = place.keystore().await;
    while !fits(keystore.number(query).await) {
        assert!(start.elapsed() < Duration::from_secs(20), "{query}");
        sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nodes_that_start_for_the_first_time_at_once_make_one_vault() {
    let (_place, nodes) = nodes(4).await;
    let ctx = context("acme", 1, 1);
    let sealed = seal(&nodes[0], &ctx, "key").await.unwrap();
    let digest = nodes[0].request_digest(b"request").await;
    for node in &nodes {
        assert_eq!(open_key(node, &ctx, &sealed).await.unwrap(), "key");
        assert_eq!(node.request_digest(b"request").await, digest);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn equal_keys_that_are_saved_on_two_nodes_at_once_have_equal_fingerprints() {
    let (_place, nodes) = nodes(2).await;
    for account in 0..10 {
        let of = |number| context(&format!("account-{account}"), number, 1);
        let (one, two) = (of(1), of(2));
        let (one, two) = tokio::join!(seal(&nodes[0], &one, "key"), seal(&nodes[1], &two, "key"));
        assert_eq!(one.unwrap().fingerprint, two.unwrap().fingerprint);
    }
}

/// What is done to a secret, on two nodes at the same moment.
async fn race(
    nodes: &[Arc<Vault>],
    ctx: &SecretContext,
    sealed: &SealedSecret,
) -> (Result<(), VaultError>, Result<(), VaultError>) {
    tokio::join!(nodes[0].make_live(ctx, sealed.dek), nodes[1].discard(ctx, sealed.dek))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_secret_that_is_made_live_and_discarded_at_once_is_whole_or_gone() {
    let (place, nodes) = nodes(3).await;
    let mut kept = 0;
    for number in 0..20 {
        let ctx = context("acme", number, 1);
        let sealed = seal(&nodes[2], &ctx, "key").await.unwrap();
        let (live, discarded) = race(&nodes, &ctx, &sealed).await;
        discarded.unwrap();
        let opened = open_key(&nodes[2], &ctx, &sealed).await;
        match live {
            Ok(()) => {
                assert_eq!(opened.unwrap(), "key");
                kept += 1;
            }
            Err(VaultError::Missing { .. }) => assert!(matches!(opened, Err(VaultError::Missing { .. }))),
            Err(other) => panic!("{other}"),
        }
    }
    let keys = "SELECT count(*) FROM wrapped_key WHERE purpose = 'credential' AND placed";
    assert_eq!(place.keystore().await.number(keys).await, kept);
    assert_eq!(place.vault().await.number("SELECT count(*) FROM secret").await, kept);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_two_attempts_that_are_made_live_at_once_is_live() {
    let (_place, nodes) = nodes(2).await;
    for number in 0..10 {
        let ctx = context("acme", number, 1);
        let first = seal(&nodes[0], &ctx, "first").await.unwrap();
        let second = seal(&nodes[1], &ctx, "second").await.unwrap();
        let (one, two) = tokio::join!(
            nodes[0].make_live(&ctx, first.dek),
            nodes[1].make_live(&ctx, second.dek)
        );
        assert!(one.is_ok() != two.is_ok());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nodes_that_save_discard_erase_and_start_at_once_leave_nothing_half() {
    let (place, nodes) = nodes(3).await;
    let nodes = Arc::new(nodes);
    let work = stream::iter(0..30_u32).map(|number| {
        let nodes = nodes.clone();
        tokio::spawn(async move {
            let node = |shift: u32| &nodes[((number + shift) % 3) as usize];
            let ctx = context(&format!("account-{}", number % 4), u128::from(number), 1);
            let sealed = seal(node(0), &ctx, "key").await.unwrap();
            assert_eq!(open_key(node(1), &ctx, &sealed).await.unwrap(), "key");
            match number % 3 {
                0 => node(1).make_live(&ctx, sealed.dek).await.unwrap(),
                1 => node(1).discard(&ctx, sealed.dek).await.unwrap(),
                _ => {
                    let (live, erased) =
                        tokio::join!(node(1).make_live(&ctx, sealed.dek), node(2).erase(ctx.credential, &[1]));
                    assert!(matches!(live, Ok(()) | Err(VaultError::Missing { .. })));
                    erased.unwrap();
                }
            }
            (number, ctx, sealed)
        })
    });
    // A few at a time: what takes long here, in a build without optimization, is the opening of connections.
    let work = work.buffer_unordered(6).collect::<Vec<_>>();
    // Other nodes start meanwhile, and look for what they might clean up.
    let (done, _) = tokio::join!(work, join_all((0..3).map(|_| place.open())));

    let fresh = place.open().await;
    for (number, ctx, sealed) in done.into_iter().map(Result::unwrap) {
        let opened = open_key(&fresh, &ctx, &sealed).await;
        if number % 3 == 0 {
            assert_eq!(opened.unwrap(), "key");
        } else {
            assert!(matches!(opened, Err(VaultError::Missing { .. })));
        }
    }
    let keys = "SELECT count(*) FROM wrapped_key WHERE purpose = 'credential'";
    assert_eq!(place.keystore().await.number(keys).await, 10);
    assert_eq!(place.vault().await.number("SELECT count(*) FROM secret").await, 10);
}

/// A seal that stands still between its key and its envelope until `meanwhile` is over.
async fn seal_slowly(place: &Place, meanwhile: impl AsyncFnOnce()) -> Result<SealedSecret, VaultError> {
    let node = Arc::new(place.open().await);
    let mut behind = place.vault().await;
    behind.run("BEGIN").await;
    behind.run("LOCK TABLE secret IN EXCLUSIVE MODE").await;
    let sealing = tokio::spawn({
        let node = node.clone();
        async move { seal(&node, &context("acme", 1, 1), "key").await }
    });
    let keys = "SELECT count(*) FROM wrapped_key WHERE purpose = 'credential'";
    wait_for(place, keys, |keys| keys == 1).await;
    meanwhile().await;
    behind.run("COMMIT").await;
    sealing.await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_leaves_the_key_of_a_secret_alone_that_another_node_is_just_saving() {
    let place = Place::on_postgres();
    let sealed = seal_slowly(&place, async || place.open().await.close().await).await;
    let fresh = place.open().await;
    let opened = open_key(&fresh, &context("acme", 1, 1), &sealed.unwrap()).await;
    assert_eq!(opened.unwrap(), "key");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_save_that_takes_longer_than_an_hour_fails_instead_of_losing_its_key_later() {
    let place = Place::on_postgres();
    let later = async || {
        let aged = "UPDATE wrapped_key SET created_at = created_at - interval '61 minutes'";
        place.keystore().await.run(aged).await;
        place.open().await.close().await;
    };
    let error = seal_slowly(&place, later).await.map(drop).unwrap_err();
    assert!(error.to_string().contains("save it again"), "{error}");
    assert_eq!(place.vault().await.number("SELECT count(*) FROM secret").await, 0);
}

#[tokio::test]
async fn what_a_sweeper_sees_as_pending_is_old_by_the_databases_clock_too() {
    let place = Place::on_postgres();
    let vault = place.open().await;
    seal(&vault, &context("acme", 1, 1), "key").await.unwrap();
    // A node whose clock is years ahead.
    let ahead = "2030-01-01T00:00:00Z".parse().unwrap();
    assert_eq!(vault.pending(ahead).await.unwrap(), []);
    place.age().await;
    assert_eq!(vault.pending(ahead).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_node_without_the_key_that_was_promoted_saves_nothing_until_it_is_brought_there() {
    let place = Place::on_postgres();
    let here = place.open().await;
    let ring = place.file("ring of another node");
    fs::copy(&place.paths.keyring, &ring).unwrap();
    let there = place.open_with_ring(&ring).await.unwrap();
    let (old, fresh) = (context("acme", 1, 1), context("acme", 2, 1));
    let sealed = seal(&there, &old, "key").await.unwrap();
    let new = here.add_kek().await.unwrap();
    here.promote_kek(new).await.unwrap();

    let error = seal(&there, &fresh, "key").await.map(drop).unwrap_err();
    assert!(
        matches!(&error, VaultError::Keyring(KeyringError::Unknown { kek: KekId(2), .. })),
        "{error}"
    );
    assert_eq!(
        open_key(&there, &old, &sealed).await.unwrap(),
        "key",
        "what is there still opens"
    );
    fs::remove_file(&ring).unwrap();
    fs::copy(&place.paths.keyring, &ring).unwrap();

    let again = seal(&there, &fresh, "key").await.unwrap();
    assert_eq!(open_key(&here, &fresh, &again).await.unwrap(), "key");
    while here.rewrap_batch(1).await.unwrap().remaining > 0 {}
    assert_eq!(open_key(&there, &old, &sealed).await.unwrap(), "key");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_key_is_wrapped_by_one_that_was_rotated_out_while_others_save() {
    let (_place, nodes) = nodes(3).await;
    let (saving, rotating) = (nodes[1].clone(), nodes[0].clone());
    let saving_all = join_all((0..40).map(|number| {
        let (node, ctx) = (saving.clone(), context("acme", number, 1));
        tokio::spawn(async move { (seal(&node, &ctx, "key").await, ctx) })
    }));
    let rotation = async {
        let new = rotating.add_kek().await.unwrap();
        rotating.promote_kek(new).await.unwrap();
        while rotating.rewrap_batch(7).await.unwrap().remaining > 0 {}
        rotating.remove_kek(KekId(1)).await.unwrap();
    };
    let (saved, ()) = tokio::join!(saving_all, rotation);

    for (sealed, ctx) in saved.into_iter().map(Result::unwrap) {
        assert_eq!(open_key(&nodes[2], &ctx, &sealed.unwrap()).await.unwrap(), "key");
    }
    // 40 of credentials, the account's fingerprint key and the request-digest key.
    assert_eq!(keys_under(&rotating.status().await.unwrap(), 2), 42);
}

#[tokio::test]
async fn the_two_parts_may_be_in_two_databases() {
    let (place, other) = (Place::on_postgres(), Place::on_postgres());
    let ring = || Arc::new(vault::keyring::KeyringFile::new(&place.paths.keyring));
    let apart = VaultPlace::postgres(place.url(), Some(other.url())).unwrap();
    let ctx = context("acme", 1, 1);
    let vault = Vault::connect(&apart, ring()).await.unwrap();
    let sealed = seal(&vault, &ctx, "key").await.unwrap();
    vault.close().await;
    let vault = Vault::connect(&apart, ring()).await.unwrap();
    assert_eq!(open_key(&vault, &ctx, &sealed).await.unwrap(), "key");
    let schemas = "SELECT count(*) FROM pg_namespace WHERE nspname IN ('vault', 'keystore')";
    assert_eq!(place.vault().await.number(schemas).await, 1);
    assert_eq!(other.keystore().await.number(schemas).await, 1);
}
