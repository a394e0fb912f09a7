//! Rotation of key-encryption keys.

use std::fs;

use domain::KekId;
use vault::VaultError;

use crate::support::{Place, context, keys_under, mode, open_key, seal};

#[tokio::test]
async fn a_rotation_that_is_interrupted_goes_on_where_it_stopped() {
    for place in Place::each() {
        let vault = place.open().await;
        let contexts: Vec<_> = (0..10).map(|number| context("acme", number, 1)).collect();
        let mut sealed = Vec::new();
        for ctx in &contexts {
            sealed.push(seal(&vault, ctx, "key").await.unwrap());
        }
        let digest = vault.request_digest(b"request").await;

        let new = vault.add_kek().await.unwrap();
        assert_eq!((new, mode(&place.paths.keyring)), (KekId(2), 0o400));
        assert_eq!(keys_under(&vault.status().await.unwrap(), 1), 12);
        vault.promote_kek(new).await.unwrap();
        let first = vault.rewrap_batch(5).await.unwrap();
        assert_eq!((first.rewrapped, first.remaining), (5, 7));

        // The process ends here, and another one goes on. Both kinds of keys open in between.
        vault.close().await;
        let vault = place.open().await;
        for (ctx, sealed) in contexts.iter().zip(&sealed) {
            assert_eq!(open_key(&vault, ctx, sealed).await.unwrap(), "key");
        }
        assert_eq!(vault.rewrap_batch(5).await.unwrap().remaining, 2);
        assert_eq!(vault.rewrap_batch(5).await.unwrap().remaining, 0);
        assert_eq!(vault.rewrap_batch(5).await.unwrap().rewrapped, 0);

        let status = vault.status().await.unwrap();
        assert_eq!((keys_under(&status, 1), keys_under(&status, 2)), (0, 12));
        vault.remove_kek(KekId(1)).await.unwrap();
        vault.close().await;
        assert!(!fs::read_to_string(&place.paths.keyring).unwrap().contains("kek 1 "));
        let vault = place.open().await;
        for (ctx, sealed) in contexts.iter().zip(&sealed) {
            assert_eq!(open_key(&vault, ctx, sealed).await.unwrap(), "key");
        }
        assert_eq!(vault.request_digest(b"request").await, digest);
        // Numbers are not used again.
        assert_eq!(vault.add_kek().await.unwrap(), KekId(3));
    }
}

#[tokio::test]
async fn what_the_old_key_wrapped_is_stored_nowhere_after_the_rotation() {
    for place in Place::each() {
        let vault = place.open().await;
        for number in 0..40 {
            seal(&vault, &context("acme", number, 1), "key").await.unwrap();
        }
        let old = place.keystore().await.bytes("SELECT wrapped FROM wrapped_key").await;
        let new = vault.add_kek().await.unwrap();
        vault.promote_kek(new).await.unwrap();
        while vault.rewrap_batch(7).await.unwrap().remaining > 0 {}

        let stored = place.stored();
        assert!(old.iter().all(|wrapped| !stored.contain(&wrapped[6..22])));
    }
}

#[tokio::test]
async fn a_key_in_use_cannot_be_removed_and_an_unknown_one_not_promoted() {
    for place in Place::each() {
        let vault = place.open().await;
        seal(&vault, &context("acme", 1, 1), "key").await.unwrap();
        assert!(matches!(
            vault.remove_kek(KekId(1)).await,
            Err(VaultError::Inconsistent(_))
        ));
        assert!(matches!(vault.promote_kek(KekId(9)).await, Err(VaultError::Keyring(_))));
        let new = vault.add_kek().await.unwrap();
        vault.promote_kek(new).await.unwrap();
        assert!(matches!(
            vault.remove_kek(KekId(1)).await,
            Err(VaultError::Inconsistent(_))
        ));
        let status = vault.status().await.unwrap();
        assert_eq!(
            status.keks.iter().map(|kek| (kek.id, kek.current)).collect::<Vec<_>>(),
            [(KekId(1), false), (KekId(2), true)]
        );
    }
}

#[tokio::test]
async fn a_running_process_follows_a_rotation_that_another_one_makes() {
    for place in Place::each() {
        let serving = place.open().await;
        let ctx = context("acme", 1, 1);
        let sealed = seal(&serving, &ctx, "key").await.unwrap();
        assert_eq!(open_key(&serving, &ctx, &sealed).await.unwrap(), "key");

        let rotating = place.open().await;
        let new = rotating.add_kek().await.unwrap();
        rotating.promote_kek(new).await.unwrap();
        while rotating.rewrap_batch(1).await.unwrap().remaining > 0 {}
        rotating.remove_kek(KekId(1)).await.unwrap();

        assert_eq!(open_key(&serving, &ctx, &sealed).await.unwrap(), "key");
        let other = context("acme", 2, 1);
        let fresh = seal(&serving, &other, "another").await.unwrap();
        assert_eq!(open_key(&serving, &other, &fresh).await.unwrap(), "another");
        // Nothing was wrapped by the removed key in the meantime.
        assert_eq!(keys_under(&rotating.status().await.unwrap(), 2), 4);
        assert_eq!(open_key(&rotating, &other, &fresh).await.unwrap(), "another");
    }
}
