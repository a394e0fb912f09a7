//! The states that a crash can leave, each made by hand, and what the next start makes of them.

use std::fs;

use domain::KekId;
use vault::VaultError;

use crate::support::{Place, context, database, keys_under, open_key, seal};

async fn change(path: &std::path::Path, statement: &'static str) {
    let mut connection = database(path).await;
    assert!(
        sqlx::query(statement)
            .execute(&mut connection)
            .await
            .unwrap()
            .rows_affected()
            > 0,
        "{statement}"
    );
}

#[tokio::test]
async fn a_key_without_an_envelope_is_removed_at_the_next_start() {
    let place = Place::new();
    let vault = place.open().await;
    let (kept, torn) = (context("acme", 1, 1), context("acme", 2, 1));
    let sealed = seal(&vault, &kept, "kept").await.unwrap();
    seal(&vault, &torn, "torn").await.unwrap();
    vault.close().await;
    change(
        &place.paths.vault,
        "DELETE FROM secret WHERE credential = x'00000000000000000000000000000002'",
    )
    .await;

    let vault = place.open().await;
    // One credential key, the account's fingerprint key and the request-digest key.
    assert_eq!(keys_under(&vault.status().await.unwrap(), 1), 3);
    assert_eq!(open_key(&vault, &kept, &sealed).await.unwrap(), "kept");
}

#[tokio::test]
async fn a_process_that_is_not_alone_removes_nothing() {
    let place = Place::new();
    let serving = place.open().await;
    seal(&serving, &context("acme", 1, 1), "in the middle of being saved")
        .await
        .unwrap();
    change(&place.paths.vault, "DELETE FROM secret").await;

    let second = place.open().await;
    assert_eq!(keys_under(&second.status().await.unwrap(), 1), 3);
    drop((serving, second));
}

#[tokio::test]
async fn an_envelope_without_a_key_opens_never_again_and_can_be_erased_and_sealed_anew() {
    let place = Place::new();
    let vault = place.open().await;
    let ctx = context("acme", 1, 1);
    let sealed = seal(&vault, &ctx, "key").await.unwrap();
    vault.make_live(&ctx, sealed.dek).await.unwrap();
    vault.close().await;
    change(
        &place.paths.keystore,
        "DELETE FROM wrapped_key WHERE purpose = 'credential'",
    )
    .await;

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
    let place = Place::new();
    let vault = place.open().await;
    vault.add_kek().await.unwrap();
    vault.close().await;
    change(&place.paths.keystore, "DELETE FROM kek WHERE id = 2").await;

    let vault = place.open().await;
    vault.promote_kek(KekId(2)).await.unwrap();
    assert_eq!(vault.rewrap_batch(10).await.unwrap().rewrapped, 1);
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
        ("vault.db", "vault.db is missing"),
        ("keystore.db", "keystore.db is missing"),
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

/// Removes a database with its write-ahead log, once its last connection is closed.
fn remove(place: &Place, file: &str) {
    for suffix in ["", "-wal", "-shm"] {
        let path = place.folder.path().join(format!("{file}{suffix}"));
        if path.exists() {
            fs::remove_file(path).unwrap();
        }
    }
}
