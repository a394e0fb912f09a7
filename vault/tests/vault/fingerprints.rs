//! Equal keys are seen as equal inside one account, and nowhere else.

use vault::{SealedSecret, Vault};

use crate::support::{Place, context, fields, noon, seal, texts};

#[tokio::test]
async fn equal_keys_have_equal_fingerprints_in_one_account_only() {
    for place in Place::each() {
        let vault = place.open().await;
        let first = seal(&vault, &context("acme", 1, 1), "key").await.unwrap();
        vault.close().await;
        let vault = place.open().await;
        let again = seal(&vault, &context("acme", 2, 1), "key").await.unwrap();
        let different = seal(&vault, &context("acme", 3, 1), "another key").await.unwrap();
        let foreign = seal(&vault, &context("other", 4, 1), "key").await.unwrap();

        assert_eq!(first.fingerprint, again.fingerprint);
        assert_ne!(first.envelope_sha256, again.envelope_sha256);
        assert_ne!(first.fingerprint, different.fingerprint);
        assert_ne!(first.fingerprint, foreign.fingerprint);
    }
}

async fn with(vault: &Vault, number: u128, values: &[(&str, &str)], secret: &[(&str, &str)]) -> SealedSecret {
    vault
        .seal(
            &context("acme", number, 1),
            &fields(values),
            texts(secret),
            texts(&[]),
            noon(),
        )
        .await
        .unwrap()
}

#[tokio::test]
async fn only_secret_fields_count_and_they_cannot_run_into_each_other() {
    for place in Place::each() {
        let vault = place.open().await;
        let secret = [("a", "…"), ("b", "…")];
        let plain = with(&vault, 1, &[("a", "1"), ("b", "2"), ("host", "x")], &secret).await;
        let other_host = with(&vault, 2, &[("a", "1"), ("b", "2"), ("host", "y")], &secret).await;
        let shifted = with(&vault, 3, &[("a", "1b"), ("b", "2")], &secret).await;
        let swapped = with(&vault, 4, &[("a", "2"), ("b", "1")], &secret).await;

        assert_eq!(plain.fingerprint, other_host.fingerprint);
        assert_ne!(plain.fingerprint, shifted.fingerprint);
        assert_ne!(plain.fingerprint, swapped.fingerprint);
    }
}
