//! Pending, live, discarded.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::Duration;
use futures::future::join_all;
use vault::{PendingSecret, VaultError};

use crate::support::{Place, context, credential, fields, noon, open_key, plain, seal, texts};

#[tokio::test]
async fn what_was_sealed_opens_again_also_after_a_restart() {
    for place in Place::each() {
        let vault = place.open().await;
        let ctx = context("acme", 1, 1);
        let values = [
            ("api_key", "sk-\"quoted\"\\back\u{1}slash-ü-🔑"),
            ("host", "eu.example.com"),
            ("pem", "a\nb\tc"),
        ];
        let sealed = vault
            .seal(&ctx, &fields(&values), texts(&[("api_key", "…")]), texts(&[]), noon())
            .await
            .unwrap();
        vault.make_live(&ctx, sealed.dek).await.unwrap();

        assert_eq!(plain(&vault.open_secret(&ctx, &sealed).await.unwrap()), texts(&values));

        vault.close().await;
        let vault = place.open().await;
        assert_eq!(plain(&vault.open_secret(&ctx, &sealed).await.unwrap()), texts(&values));
    }
}

#[tokio::test]
async fn attempts_to_save_one_version_never_take_each_others_place() {
    for place in Place::each() {
        let vault = place.open().await;
        let ctx = context("acme", 1, 1);

        let first = seal(&vault, &ctx, "first").await.unwrap();
        let second = seal(&vault, &ctx, "second").await.unwrap();
        vault.make_live(&ctx, first.dek).await.unwrap();
        vault.make_live(&ctx, first.dek).await.unwrap();
        let third = seal(&vault, &ctx, "third").await.unwrap();

        for _ in 0..2 {
            // From the store the first time, then from memory.
            assert_eq!(open_key(&vault, &ctx, &first).await.unwrap(), "first");
            assert_eq!(open_key(&vault, &ctx, &second).await.unwrap(), "second");
        }
        assert!(vault.make_live(&ctx, second.dek).await.is_err(), "one is live at most");
        assert_eq!(
            vault.secrets_of(&ctx.account).await.unwrap(),
            std::slice::from_ref(&ctx)
        );
        assert_eq!(vault.all(None, 10).await.unwrap(), std::slice::from_ref(&ctx));

        vault.discard(&ctx, second.dek).await.unwrap();
        assert!(open_key(&vault, &ctx, &second).await.is_err());
        assert_eq!(open_key(&vault, &ctx, &first).await.unwrap(), "first");

        vault.erase(ctx.credential, &[1]).await.unwrap();
        for sealed in [&first, &third] {
            let opened = open_key(&vault, &ctx, sealed).await;
            assert!(
                matches!(opened, Err(VaultError::Missing { .. })),
                "all of a version is erased"
            );
        }
        // The account's fingerprint key and the request-digest key.
        assert_eq!(vault.status().await.unwrap().keks[0].keys, 2);
    }
}

#[tokio::test]
async fn the_hints_of_a_version_are_those_of_its_live_secret() {
    for place in Place::each() {
        let vault = place.open().await;
        let ctx = context("acme", 1, 1);
        let mut deks = Vec::new();
        for hint in ["…1", "…2", "…3"] {
            let (fields, masked) = (fields(&[("api_key", "x")]), texts(&[("api_key", hint)]));
            let sealed = vault
                .seal(&ctx, &fields, masked, BTreeMap::new(), noon())
                .await
                .unwrap();
            deks.push(sealed.dek);
        }

        vault.make_live(&ctx, deks[1]).await.unwrap();

        let hints = vault.hints(&ctx.account, &[(ctx.credential, 1)]).await.unwrap();
        assert_eq!(hints[&(ctx.credential, 1)].masked, texts(&[("api_key", "…2")]));
    }
}

#[tokio::test]
async fn only_a_pending_secret_can_be_discarded() {
    for place in Place::each() {
        let vault = place.open().await;
        let (kept, dropped) = (context("acme", 1, 1), context("acme", 2, 1));
        let live = seal(&vault, &kept, "live").await.unwrap();
        vault.make_live(&kept, live.dek).await.unwrap();
        let pending = seal(&vault, &dropped, "pending").await.unwrap();
        assert_eq!(open_key(&vault, &dropped, &pending).await.unwrap(), "pending");

        vault.discard(&kept, live.dek).await.unwrap();
        vault.discard(&dropped, pending.dek).await.unwrap();
        vault.discard(&dropped, pending.dek).await.unwrap();

        assert_eq!(open_key(&vault, &kept, &live).await.unwrap(), "live");
        assert!(matches!(
            vault.open_secret(&dropped, &pending).await,
            Err(VaultError::Missing { .. })
        ));
        assert!(matches!(
            vault.make_live(&dropped, pending.dek).await,
            Err(VaultError::Missing { .. })
        ));
    }
}

#[tokio::test]
async fn pending_lists_what_was_sealed_before_a_time_and_is_not_live() {
    for place in Place::each() {
        let vault = place.open().await;
        let (live, waiting) = (context("acme", 1, 1), context("acme", 2, 7));
        let sealed = seal(&vault, &live, "one").await.unwrap();
        let pending = PendingSecret {
            dek: seal(&vault, &waiting, "two").await.unwrap().dek,
            context: waiting,
        };
        vault.make_live(&live, sealed.dek).await.unwrap();

        place.age().await;
        assert_eq!(vault.pending(noon()).await.unwrap(), []);
        assert_eq!(vault.pending(noon() + Duration::seconds(1)).await.unwrap(), [pending]);
    }
}

#[tokio::test]
async fn hints_are_shown_to_their_own_account_only() {
    for place in Place::each() {
        let vault = place.open().await;
        let ids: Vec<_> = (1..=600).map(|number| (credential(number), 1)).collect();
        let (mine, foreign) = (context("acme", 1, 1), context("other", 600, 1));
        seal(&vault, &mine, "one").await.unwrap();
        seal(&vault, &foreign, "two").await.unwrap();

        let hints = vault.hints(&mine.account, &ids).await.unwrap();
        assert_eq!(hints.len(), 1);
        assert_eq!(hints[&(mine.credential, 1)].masked, texts(&[("api_key", "…1234")]));
        assert_eq!(
            hints[&(mine.credential, 1)].public,
            texts(&[("host", "eu.example.com")])
        );
    }
}

#[tokio::test]
async fn lists_give_every_secret_once_by_credential_and_version() {
    for place in Place::each() {
        let vault = place.open().await;
        let expected = [
            context("acme", 1, 1),
            context("acme", 1, 2),
            context("other", 2, 1),
            context("acme", 3, 1),
        ];
        for ctx in expected.iter().rev() {
            seal(&vault, ctx, "key").await.unwrap();
        }

        let mut seen = Vec::new();
        while let page = vault
            .all(
                seen.last()
                    .map(|ctx: &vault::SecretContext| (ctx.credential, ctx.version)),
                3,
            )
            .await
            .unwrap()
            && !page.is_empty()
        {
            seen.extend(page);
        }
        assert_eq!(seen, expected);
        let of_account = vault.secrets_of(&expected[0].account).await.unwrap();
        assert_eq!(
            of_account,
            [expected[0].clone(), expected[1].clone(), expected[3].clone()]
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_secrets_are_sealed_and_opened_at_once() {
    for place in Place::each() {
        let vault = Arc::new(place.open().await);
        let contexts: Vec<_> = (0..100)
            .map(|number| context(&format!("account-{}", number % 5), number, 1))
            .collect();

        let work = contexts.iter().map(|ctx| {
            let (vault, ctx) = (vault.clone(), ctx.clone());
            tokio::spawn(async move {
                let sealed = seal(&vault, &ctx, "the same key").await.unwrap();
                vault.make_live(&ctx, sealed.dek).await.unwrap();
                assert_eq!(open_key(&vault, &ctx, &sealed).await.unwrap(), "the same key");
                sealed
            })
        });
        let sealed: Vec<_> = join_all(work).await.into_iter().map(Result::unwrap).collect();

        let status = vault.status().await.unwrap();
        assert_eq!((status.pending, status.live), (0, 100));
        // Each account got one fingerprint key, though all asked at once.
        for (ctx, one) in contexts.iter().zip(&sealed) {
            for (other_ctx, other) in contexts.iter().zip(&sealed) {
                assert_eq!(one.fingerprint == other.fingerprint, ctx.account == other_ctx.account);
            }
        }
    }
}

#[tokio::test]
async fn fields_that_are_too_long_are_refused_without_repeating_them() {
    for place in Place::each() {
        let vault = place.open().await;
        let error = seal(&vault, &context("acme", 1, 1), &"k".repeat(70_000))
            .await
            .unwrap_err();
        assert!(matches!(error, VaultError::TooLarge { limit: 65_536, .. }));
        assert!(!error.to_string().contains("kkk"));
    }
}

#[tokio::test]
async fn a_request_digest_is_the_same_again_after_a_restart_and_differs_by_vault() {
    for place in Place::each() {
        let vault = place.open().await;
        let digest = vault.request_digest(b"request").await;
        assert_ne!(digest, vault.request_digest(b"other").await);
        vault.close().await;

        assert_eq!(place.open().await.request_digest(b"request").await, digest);
        assert_ne!(place.another().open().await.request_digest(b"request").await, digest);
    }
}
