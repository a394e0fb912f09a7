//! The states that a crash can leave, each made by hand, and what the next start makes of them.

use std::fs;

use domain::KekId;
use vault::{SecretContext, Vault, VaultError};

use crate::support::{Place, context, keys_under, open_key, seal};

/// Seals, but crashes between the two stores.
async fn tear(place: &Place, vault: &Vault, ctx: &SecretContext) {
    place.refuse_envelopes().await;
    seal(vault, ctx, "torn").await.unwrap_err();
    place.take_envelopes().await;
}

#[tokio::test]
async fn a_key_without_an_envelope_is_removed_at_the_next_start() {
    for place in Place::each() {
        let vault = place.open().await;
        let kept = context("acme", 1, 1);
        let sealed = seal(&vault, &kept, "kept").await.unwrap();
        tear(&place, &vault, &context("acme", 2, 1)).await;
        assert_eq!(keys_under(&vault.status().await.unwrap(), 1), 4);
        vault.close().await;

        place.age().await;
        let vault = place.open().await;
        // One credential key, the account's fingerprint key and the request-digest key.
        assert_eq!(keys_under(&vault.status().await.unwrap(), 1), 3);
        assert_eq!(open_key(&vault, &kept, &sealed).await.unwrap(), "kept");
    }
}

#[tokio::test]
async fn a_process_that_is_not_alone_with_the_files_removes_nothing() {
    let place = Place::new();
    let serving = place.open().await;
    tear(&place, &serving, &context("acme", 1, 1)).await;

    let second = place.open().await;
    assert_eq!(keys_under(&second.status().await.unwrap(), 1), 3);
    drop((serving, second));
}

#[tokio::test]
async fn a_node_that_starts_leaves_the_keys_of_the_last_hour_alone() {
    let place = Place::on_postgres();
    let serving = place.open().await;
    tear(&place, &serving, &context("acme", 1, 1)).await;

    let second = place.open().await;
    assert_eq!(keys_under(&second.status().await.unwrap(), 1), 3);
}

#[tokio::test]
async fn a_key_whose_envelope_is_written_is_placed_at_the_next_start_if_it_was_not_yet() {
    for place in Place::each() {
        let vault = place.open().await;
        let ctx = context("acme", 1, 1);
        let sealed = seal(&vault, &ctx, "key").await.unwrap();
        vault.close().await;
        let unplaced = "SELECT count(*) FROM wrapped_key WHERE placed = (1 = 0)";
        assert_eq!(place.keystore().await.number(unplaced).await, 0);
        let unplace = "UPDATE wrapped_key SET placed = (1 = 0) WHERE purpose = 'credential'";
        assert_eq!(place.keystore().await.run(unplace).await, 1);

        place.age().await;
        let vault = place.open().await;
        assert_eq!(place.keystore().await.number(unplaced).await, 0);
        assert_eq!(open_key(&vault, &ctx, &sealed).await.unwrap(), "key");
    }
}

#[tokio::test]
async fn a_discard_that_ended_between_the_stores_is_finished_by_the_next_start() {
    for place in Place::each() {
        let vault = place.open().await;
        let (ctx, live) = (context("acme", 1, 1), context("acme", 2, 1));
        seal(&vault, &ctx, "key").await.unwrap();
        let kept = seal(&vault, &live, "kept").await.unwrap();
        vault.make_live(&live, kept.dek).await.unwrap();
        vault.close().await;
        // It may also end before it finds that the row is live.
        let unplace = "UPDATE wrapped_key SET placed = (1 = 0) WHERE purpose = 'credential'";
        assert_eq!(place.keystore().await.run(unplace).await, 2);
        place
            .vault()
            .await
            .run("DELETE FROM secret WHERE state = 'pending'")
            .await;

        place.age().await;
        let vault = place.open().await;
        assert_eq!(keys_under(&vault.status().await.unwrap(), 1), 3);
        assert_eq!(open_key(&vault, &live, &kept).await.unwrap(), "kept");
    }
}

#[tokio::test]
async fn an_envelope_without_a_key_opens_never_again_and_can_be_erased_and_sealed_anew() {
    for place in Place::each() {
        let vault = place.open().await;
        let ctx = context("acme", 1, 1);
        let sealed = seal(&vault, &ctx, "key").await.unwrap();
        vault.make_live(&ctx, sealed.dek).await.unwrap();
        vault.close().await;
        let delete = "DELETE FROM wrapped_key WHERE purpose = 'credential'";
        assert_eq!(place.keystore().await.run(delete).await, 1);

        let vault = place.open().await;
        assert!(matches!(
            vault.open_secret(&ctx, &sealed).await,
            Err(VaultError::Missing { .. })
        ));
        assert_eq!(
            vault.secrets_of(&ctx.account).await.unwrap(),
            std::slice::from_ref(&ctx)
        );
        vault.erase(ctx.credential, &[1]).await.unwrap();
        assert_eq!(vault.secrets_of(&ctx.account).await.unwrap(), []);
        let sealed = seal(&vault, &ctx, "new").await.unwrap();
        assert_eq!(open_key(&vault, &ctx, &sealed).await.unwrap(), "new");
    }
}

#[tokio::test]
async fn a_first_start_that_was_cut_short_is_finished_by_the_next_one() {
    // After the key ring.
    let place = Place::new();
    place.open().await.close().await;
    let ring = fs::read(&place.paths.keyring).unwrap();
    remove(&place, "vault.db");
    remove(&place, "keystore.db");
    place.open().await.close().await;
    assert_eq!(fs::read(&place.paths.keyring).unwrap(), ring);

    // After the keystore.
    remove(&place, "vault.db");
    let vault = place.open().await;
    let ctx = context("acme", 1, 1);
    let sealed = seal(&vault, &ctx, "key").await.unwrap();
    assert_eq!(open_key(&vault, &ctx, &sealed).await.unwrap(), "key");
}

#[tokio::test]
async fn a_key_that_was_added_to_the_ring_only_is_made_known_at_the_next_start() {
    for place in Place::each() {
        let vault = place.open().await;
        vault.add_kek().await.unwrap();
        vault.close().await;
        assert_eq!(place.keystore().await.run("DELETE FROM kek WHERE id = 2").await, 1);

        let vault = place.open().await;
        vault.promote_kek(KekId(2)).await.unwrap();
        assert_eq!(vault.rewrap_batch(10).await.unwrap().rewrapped, 1);
    }
}

#[tokio::test]
async fn a_missing_or_foreign_database_is_not_replaced_and_nothing_is_removed() {
    let (place, other) = (Place::new(), Place::new());
    let ctx = context("acme", 1, 1);
    let vault = place.open().await;
    let sealed = seal(&vault, &ctx, "key").await.unwrap();
    vault.close().await;
    let vault = other.open().await;
    seal(&vault, &ctx, "key").await.unwrap();
    vault.close().await;

    for (file, missing) in [
        ("vault.db", "the vault is missing"),
        ("keystore.db", "the keystore is missing"),
    ] {
        let (own, aside) = (place.folder.path().join(file), place.folder.path().join("aside"));
        fs::rename(&own, &aside).unwrap();
        let message = place.refused().await;
        assert!(message.contains(missing), "{message}");
        remove(&place, file);
        fs::copy(other.folder.path().join(file), &own).unwrap();
        let message = place.refused().await;
        assert!(message.contains("different installations"), "{message}");
        remove(&place, file);
        fs::rename(&aside, &own).unwrap();
    }
    assert_eq!(open_key(&place.open().await, &ctx, &sealed).await.unwrap(), "key");
}

/// Somebody brings a backup back, sees that it is the wrong one, and brings the right one back.
#[tokio::test]
async fn an_older_vault_beside_a_newer_keystore_costs_no_key() {
    let place = Place::new();
    let vault = place.open().await;
    let (before, after) = (context("acme", 1, 1), context("acme", 2, 1));
    let old = seal(&vault, &before, "old").await.unwrap();
    vault.close().await;
    let (own, older, newer) = (&place.paths.vault, place.file("older"), place.file("newer"));
    fs::copy(own, &older).unwrap();
    let vault = place.open().await;
    let new = seal(&vault, &after, "new").await.unwrap();
    vault.close().await;
    fs::rename(own, &newer).unwrap();

    fs::copy(&older, own).unwrap();
    let vault = place.open().await;
    assert_eq!(open_key(&vault, &before, &old).await.unwrap(), "old");
    assert!(matches!(
        vault.open_secret(&after, &new).await,
        Err(VaultError::Missing { .. })
    ));
    // Also when the older one is used for a while.
    seal(&vault, &context("acme", 3, 1), "later").await.unwrap();
    vault.close().await;
    place.open().await.close().await;

    fs::rename(&newer, own).unwrap();
    let vault = place.open().await;
    assert_eq!(open_key(&vault, &after, &new).await.unwrap(), "new");
}

#[tokio::test]
async fn an_older_schema_beside_a_newer_keystore_costs_no_key() {
    let place = Place::on_postgres();
    let vault = place.open().await;
    let ctx = context("acme", 1, 1);
    let sealed = seal(&vault, &ctx, "key").await.unwrap();
    vault.close().await;
    let mut behind = place.vault().await;
    behind.run("CREATE TABLE public.aside AS SELECT * FROM secret").await;
    behind.run("DELETE FROM secret").await;

    place.age().await;
    place.open().await.close().await;

    behind.run("INSERT INTO secret SELECT * FROM public.aside").await;
    assert_eq!(open_key(&place.open().await, &ctx, &sealed).await.unwrap(), "key");
}

#[tokio::test]
async fn a_missing_or_foreign_schema_is_not_replaced() {
    let place = Place::on_postgres();
    place.open().await.close().await;
    // A first start that was cut short.
    place.vault().await.run("DROP SCHEMA vault CASCADE").await;
    let vault = place.open().await;
    let ctx = context("acme", 1, 1);
    let sealed = seal(&vault, &ctx, "key").await.unwrap();
    vault.close().await;

    for (schema, missing) in [
        ("vault", "the vault is missing"),
        ("keystore", "the keystore is missing"),
    ] {
        let mut behind = place.vault().await;
        behind.run(&format!("ALTER SCHEMA {schema} RENAME TO aside")).await;
        let message = place.refused().await;
        assert!(message.contains(missing), "{message}");
        behind.run(&format!("DROP SCHEMA {schema} CASCADE")).await;
        behind.run(&format!("ALTER SCHEMA aside RENAME TO {schema}")).await;
    }
    let mut behind = place.vault().await;
    behind.run("CREATE TABLE public.own AS SELECT * FROM pair").await;
    behind
        .run("UPDATE pair SET id = x'00000000000000000000000000000000'")
        .await;
    let message = place.refused().await;
    assert!(message.contains("different installations"), "{message}");
    behind.run("UPDATE pair SET id = (SELECT id FROM public.own)").await;
    assert_eq!(open_key(&place.open().await, &ctx, &sealed).await.unwrap(), "key");
}

/// Removes a database with its write-ahead log, once its last connection is closed.
fn remove(place: &Place, file: &str) {
    for suffix in ["", "-wal", "-shm"] {
        let path = place.folder.path().join(format!("{file}{suffix}"));
        if path.exists() {
            fs::remove_file(path).unwrap();
        }
    }
}
