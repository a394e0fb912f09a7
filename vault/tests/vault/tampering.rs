//! What somebody with write access to the databases can try.

use vault::{SecretContext, VaultError};

use crate::behind::{Behind, literal};
use crate::support::{Place, context, open_key, seal};

#[tokio::test]
async fn a_secret_opens_in_no_other_context() {
    for place in Place::each() {
        let vault = place.open().await;
        let ctx = context("acme", 1, 1);
        let sealed = seal(&vault, &ctx, "the key").await.unwrap();
        assert_eq!(open_key(&vault, &ctx, &sealed).await.unwrap(), "the key");

        let others = [
            SecretContext {
                account: "other".parse().unwrap(),
                ..ctx.clone()
            },
            SecretContext {
                provider: "stripe".parse().unwrap(),
                ..ctx.clone()
            },
            SecretContext {
                version: 2,
                ..ctx.clone()
            },
            SecretContext {
                credential: crate::support::credential(2),
                ..ctx.clone()
            },
        ];
        for other in others {
            let opened = vault.open_secret(&other, &sealed).await;
            // What is another account's is answered like what is not there.
            if other.account == ctx.account {
                assert!(matches!(opened, Err(VaultError::NotAuthentic { .. })));
            } else {
                assert!(matches!(opened, Err(VaultError::Missing { .. })));
            }
        }
    }
}

/// Changes the databases behind the vault's back, and says whether the secret of `context("acme", 1, 1)` still opens.
/// The event is taken to be right, or, `forged`, to be what the changed row would need.
async fn opens_after(place: &Place, change: &[&str], forged: bool) -> bool {
    let vault = place.open().await;
    let (ctx, other) = (context("acme", 1, 1), context("other", 2, 2));
    let mut sealed = seal(&vault, &ctx, "the key of acme").await.unwrap();
    seal(&vault, &other, "the key of somebody else").await.unwrap();
    vault.close().await;

    let mut behind = place.vault().await;
    for statement in change {
        behind.run(statement).await;
    }
    if forged {
        sealed = forge(&mut behind, sealed).await;
    }
    drop(behind);

    let vault = place.open().await;
    let opened = open_key(&vault, &ctx, &sealed).await;
    assert!(
        !matches!(&opened, Ok(key) if key != "the key of acme"),
        "another key came out"
    );
    opened.is_ok()
}

async fn forge(behind: &mut Behind, sealed: vault::SealedSecret) -> vault::SealedSecret {
    let envelopes = behind.bytes("SELECT envelope FROM secret WHERE version = 1").await;
    let dek = envelopes[0].get(2..18).unwrap_or_default();
    vault::SealedSecret {
        dek: uuid::Uuid::from_slice(dek).map_or(sealed.dek, domain::DekId::new),
        envelope_sha256: domain::Sha256Digest::of(&envelopes[0]),
        fingerprint: sealed.fingerprint,
    }
}

#[tokio::test]
async fn a_change_of_the_vault_is_noticed_even_when_the_log_is_forged_with_it() {
    for place in Place::each() {
        check_changes(&place).await;
    }
}

async fn check_changes(place: &Place) {
    let opens_after = async |change: &[&str], forged| opens_after(&place.another(), change, forged).await;
    assert!(opens_after(&[], false).await);
    assert!(opens_after(&[], true).await);

    let swap = "UPDATE secret SET envelope = (SELECT envelope FROM secret WHERE version = 2) WHERE version = 1";
    let move_account = "UPDATE secret SET account = 'other'";
    let move_provider = "UPDATE secret SET provider = 'stripe'";
    for forged in [false, true] {
        assert!(!opens_after(&[swap], forged).await);
        assert!(!opens_after(&[move_account], forged).await);
        assert!(!opens_after(&[move_provider], forged).await);
        assert!(!opens_after(&["UPDATE secret SET envelope = x''"], forged).await);
    }
    // Two versions change places.
    let exchange = [
        "UPDATE secret SET version = 9 WHERE version = 1",
        "UPDATE secret SET version = 1, credential = (SELECT credential FROM secret WHERE version = 9) WHERE version = 2",
    ];
    assert!(!opens_after(&exchange, true).await);
}

#[tokio::test]
async fn any_flipped_bit_and_any_truncation_is_noticed() {
    for place in Place::each() {
        let vault = place.open().await;
        let ctx = context("acme", 1, 1);
        let mut sealed = seal(&vault, &ctx, "the key of acme").await.unwrap();
        vault.close().await;
        let mut behind = place.vault().await;
        let envelope = behind.bytes("SELECT envelope FROM secret").await.remove(0);
        let vault = place.open().await;

        let flipped = (0..envelope.len()).map(|at| {
            let mut changed = envelope.clone();
            changed[at] ^= 1 << (at % 8);
            changed
        });
        let truncated = (0..envelope.len()).step_by(7).map(|length| envelope[..length].to_vec());
        for changed in flipped.chain(truncated) {
            // With the digest of the changed envelope in the event only the cipher is left to notice it.
            sealed.envelope_sha256 = domain::Sha256Digest::of(&changed);
            behind
                .run(&format!("UPDATE secret SET envelope = {}", literal(&changed)))
                .await;
            let opened = vault.open_secret(&ctx, &sealed).await;
            assert!(matches!(
                opened,
                Err(VaultError::NotAuthentic { .. } | VaultError::Missing { .. })
            ));
        }

        sealed.envelope_sha256 = domain::Sha256Digest::of(&envelope);
        behind
            .run(&format!("UPDATE secret SET envelope = {}", literal(&envelope)))
            .await;
        assert_eq!(open_key(&vault, &ctx, &sealed).await.unwrap(), "the key of acme");
    }
}

#[tokio::test]
async fn a_changed_or_exchanged_key_is_noticed() {
    let changes = [
        "UPDATE wrapped_key SET wrapped = (SELECT wrapped FROM wrapped_key WHERE account = 'other' \
         AND purpose = 'credential') WHERE account = 'acme' AND purpose = 'credential'",
        "UPDATE wrapped_key SET wrapped = (SELECT wrapped FROM wrapped_key WHERE account = 'acme' \
         AND purpose = 'fingerprint') WHERE account = 'acme' AND purpose = 'credential'",
        "UPDATE wrapped_key SET wrapped = substr(wrapped, 1, 40) WHERE purpose = 'credential'",
        "UPDATE wrapped_key SET wrapped = x'01' WHERE purpose = 'credential'",
        "UPDATE wrapped_key SET wrapped = CAST(substr(wrapped, 1, 60) || x'00ff' || substr(wrapped, 63) AS BLOB) \
         WHERE purpose = 'credential'",
    ];
    for (change, place) in changes
        .iter()
        .flat_map(|change| Place::each().map(move |place| (change, place)))
    {
        let vault = place.open().await;
        let ctx = context("acme", 1, 1);
        let sealed = seal(&vault, &ctx, "the key of acme").await.unwrap();
        seal(&vault, &context("other", 2, 1), "another").await.unwrap();
        vault.close().await;
        assert!(place.keystore().await.run(change).await > 0);

        let opened = place.open().await.open_secret(&ctx, &sealed).await;
        assert!(matches!(opened, Err(VaultError::KeyNotAuthentic { .. })), "{change}");
    }
}
