//! Erased is erased: in the files and tables too, not only in the answers.

use vault::VaultError;

use crate::support::{Place, context, credential, database, open_key, seal};

#[tokio::test]
async fn an_erased_secret_is_stored_nowhere() {
    for place in Place::each() {
        let vault = place.open().await;
        // Many neighbours of several lengths, so that pages are split and rows are moved.
        let contexts: Vec<_> = (0..40).map(|number| context("acme", number, 1)).collect();
        let mut sealed = Vec::new();
        for (number, ctx) in contexts.iter().enumerate() {
            let key = "k".repeat(1 + number * number % 1500);
            sealed.push(seal(&vault, ctx, &key).await.unwrap());
            vault.make_live(ctx, sealed[number].dek).await.unwrap();
        }
        let envelopes = place
            .vault()
            .await
            .bytes("SELECT envelope FROM secret ORDER BY credential")
            .await;
        let mut keystore = place.keystore().await;
        let mut keys: Vec<Vec<u8>> = Vec::new();
        for one in &sealed {
            let query = format!(
                "SELECT wrapped FROM wrapped_key WHERE id = x'{}'",
                one.dek.uuid().simple()
            );
            keys.extend(keystore.bytes(&query).await);
        }
        drop(keystore);
        // The nonce and V of an envelope, V of a wrapped key: enough to recognise it, and within one page of the file.
        let marks = |number: usize| (envelopes[number][18..50].to_vec(), keys[number][6..22].to_vec());
        let before = place.stored();
        assert!((0..40).all(|number| before.contain(&marks(number).0) && before.contain(&marks(number).1)));

        for number in (0..40).filter(|number| number % 3 != 0) {
            vault.erase(credential(number), &[1]).await.unwrap();
        }

        let after = place.stored();
        for (number, ctx) in contexts.iter().enumerate() {
            let (envelope, key) = marks(number);
            let kept = number % 3 == 0;
            assert_eq!(after.contain(&envelope), kept, "envelope {number}");
            assert_eq!(after.contain(&key), kept, "key {number}");
            assert_eq!(vault.open_secret(ctx, &sealed[number]).await.is_ok(), kept);
        }
    }
}

#[tokio::test]
async fn an_opened_secret_does_not_stay_in_memory_when_it_is_erased() {
    for place in Place::each() {
        let vault = place.open().await;
        let ctx = context("acme", 1, 1);
        let sealed = seal(&vault, &ctx, "the key").await.unwrap();
        vault.make_live(&ctx, sealed.dek).await.unwrap();
        assert_eq!(open_key(&vault, &ctx, &sealed).await.unwrap(), "the key");

        vault.erase(ctx.credential, &[1]).await.unwrap();

        assert!(matches!(
            vault.open_secret(&ctx, &sealed).await,
            Err(VaultError::Missing { version: 1, .. })
        ));
        assert!(
            vault
                .hints(&ctx.account, &[(ctx.credential, 1)])
                .await
                .unwrap()
                .is_empty()
        );
    }
}

#[tokio::test]
async fn erasing_takes_the_named_versions_and_may_be_repeated() {
    for place in Place::each() {
        let vault = place.open().await;
        let contexts: Vec<_> = (1..=3).map(|version| context("acme", 1, version)).collect();
        for ctx in &contexts {
            seal(&vault, ctx, "the key").await.unwrap();
        }

        vault.erase(credential(1), &[1, 3, 77]).await.unwrap();
        vault.erase(credential(1), &[1, 3, 77]).await.unwrap();
        vault.erase(credential(1), &[]).await.unwrap();

        assert_eq!(vault.all(None, 10).await.unwrap(), [contexts[1].clone()]);
    }
}

#[tokio::test]
async fn a_discarded_secret_is_stored_nowhere_either() {
    for place in Place::each() {
        let vault = place.open().await;
        let ctx = context("acme", 1, 1);
        let sealed = seal(&vault, &ctx, "the key").await.unwrap();
        let envelopes = place.vault().await.bytes("SELECT envelope FROM secret").await;
        let mark = &envelopes[0][18..50];
        assert!(place.stored().contain(mark));

        vault.discard(&ctx, sealed.dek).await.unwrap();

        assert!(!place.stored().contain(mark));
    }
}

#[tokio::test]
async fn an_account_whose_keys_are_erased_can_open_nothing_and_matches_nothing() {
    for place in Place::each() {
        let vault = place.open().await;
        let (ctx, foreign) = (context("acme", 1, 1), context("other", 2, 1));
        let sealed = seal(&vault, &ctx, "the key").await.unwrap();
        let kept = seal(&vault, &foreign, "the key").await.unwrap();
        assert_eq!(open_key(&vault, &ctx, &sealed).await.unwrap(), "the key");

        vault.erase_account_keys(&ctx.account).await.unwrap();

        assert!(matches!(
            vault.open_secret(&ctx, &sealed).await,
            Err(VaultError::Missing { .. })
        ));
        assert_eq!(open_key(&vault, &foreign, &kept).await.unwrap(), "the key");
        let again = seal(&vault, &ctx, "the key").await.unwrap();
        assert_ne!(again.fingerprint, sealed.fingerprint);
        vault.close().await;
        assert_eq!(open_key(&place.open().await, &foreign, &kept).await.unwrap(), "the key");
    }
}

/// Somebody who reads a database, in a transaction of which the write-ahead log must keep the beginning.
async fn reader(path: &std::path::Path, query: &'static str) -> sqlx::SqliteConnection {
    let mut connection = database(path).await;
    sqlx::query("BEGIN").execute(&mut connection).await.unwrap();
    sqlx::query(query).fetch_all(&mut connection).await.unwrap();
    connection
}

#[tokio::test]
async fn an_erasure_waits_for_readers_and_says_so_when_one_does_not_go() {
    let place = Place::new();
    let vault = place.open().await;
    let ctx = context("acme", 1, 1);
    let sealed = seal(&vault, &ctx, "the key").await.unwrap();
    assert_eq!(
        open_key(&vault, &ctx, &sealed).await.unwrap(),
        "the key",
        "it is in memory"
    );
    let reading = reader(&place.paths.keystore, "SELECT * FROM wrapped_key").await;

    let error = vault.erase(ctx.credential, &[1]).await.unwrap_err();
    assert!(
        matches!(error, VaultError::NotTruncated { store: "keystore" }),
        "{error}"
    );
    assert!(vault.open_secret(&ctx, &sealed).await.is_err());

    drop(reading);
    vault.erase(ctx.credential, &[1]).await.unwrap();
    assert_eq!(vault.all(None, 1).await.unwrap(), []);
}

#[tokio::test]
async fn a_discarded_secret_loses_its_key_even_when_a_reader_does_not_go() {
    let place = Place::new();
    let vault = place.open().await;
    let ctx = context("acme", 1, 1);
    let sealed = seal(&vault, &ctx, "the key").await.unwrap();
    assert_eq!(
        open_key(&vault, &ctx, &sealed).await.unwrap(),
        "the key",
        "it is in memory"
    );
    let reading = reader(&place.paths.vault, "SELECT * FROM secret").await;

    let error = vault.discard(&ctx, sealed.dek).await.unwrap_err();
    assert!(matches!(error, VaultError::NotTruncated { store: "vault" }), "{error}");
    assert!(vault.open_secret(&ctx, &sealed).await.is_err());
    // The account's fingerprint key and the request-digest key: with the old envelope in the write-ahead log, the key
    // would be all that somebody needs.
    assert_eq!(vault.status().await.unwrap().keks[0].keys, 2);
    drop(reading);
}

#[tokio::test]
async fn an_account_whose_keys_are_erased_opens_nothing_even_when_a_reader_does_not_go() {
    let place = Place::new();
    let vault = place.open().await;
    let ctx = context("acme", 1, 1);
    let sealed = seal(&vault, &ctx, "the key").await.unwrap();
    assert_eq!(
        open_key(&vault, &ctx, &sealed).await.unwrap(),
        "the key",
        "it is in memory"
    );
    let reading = reader(&place.paths.keystore, "SELECT * FROM wrapped_key").await;

    vault.erase_account_keys(&ctx.account).await.unwrap_err();

    assert!(vault.open_secret(&ctx, &sealed).await.is_err());
    drop(reading);
}
