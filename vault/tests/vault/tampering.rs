//! What somebody with write access to the databases can try.

use sqlx::SqliteConnection;
use vault::{SecretContext, VaultError};

use crate::support::{Place, context, database, open_key, seal};

#[tokio::test]
async fn a_secret_opens_in_no_other_context() {
    let place = Place::new();
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
        assert!(matches!(
            vault.open_secret(&other, &sealed).await,
            Err(VaultError::NotAuthentic { .. })
        ));
    }
}

/// Changes the databases behind the vault's back, and says whether the secret of `context("acme", 1, 1)` still opens.
/// The event is taken to be right, or, `forged`, to be what the changed row would need.
async fn opens_after(change: &[&'static str], forged: bool) -> bool {
    let place = Place::new();
    let vault = place.open().await;
    let (ctx, other) = (context("acme", 1, 1), context("other", 2, 2));
    let mut sealed = seal(&vault, &ctx, "the key of acme").await.unwrap();
    seal(&vault, &other, "the key of somebody else").await.unwrap();
    vault.close().await;

    let mut connection = database(&place.paths.vault).await;
    for statement in change {
        sqlx::query(*statement).execute(&mut connection).await.unwrap();
    }
    if forged {
        sealed = forge(&mut connection, sealed).await;
    }
    drop(connection);

    let vault = place.open().await;
    let opened = open_key(&vault, &ctx, &sealed).await;
    assert!(
        !matches!(&opened, Ok(key) if key != "the key of acme"),
        "another key came out"
    );
    opened.is_ok()
}

async fn forge(connection: &mut SqliteConnection, sealed: vault::SealedSecret) -> vault::SealedSecret {
    let (dek, envelope): (Vec<u8>, Vec<u8>) =
        sqlx::query_as("SELECT substr(envelope, 3, 16), envelope FROM secret WHERE version = 1")
            .fetch_one(connection)
            .await
            .unwrap();
    vault::SealedSecret {
        dek: uuid::Uuid::from_slice(&dek).map_or(sealed.dek, domain::DekId::new),
        envelope_sha256: domain::Sha256Digest::of(&envelope),
        fingerprint: sealed.fingerprint,
    }
}

#[tokio::test]
async fn a_change_of_the_vault_is_noticed_even_when_the_log_is_forged_with_it() {
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
    let place = Place::new();
    let vault = place.open().await;
    let ctx = context("acme", 1, 1);
    let mut sealed = seal(&vault, &ctx, "the key of acme").await.unwrap();
    vault.close().await;
    let mut connection = database(&place.paths.vault).await;
    let envelope: Vec<u8> = sqlx::query_scalar("SELECT envelope FROM secret")
        .fetch_one(&mut connection)
        .await
        .unwrap();
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
        let query = sqlx::query("UPDATE secret SET envelope = ?").bind(changed);
        query.execute(&mut connection).await.unwrap();
        let opened = vault.open_secret(&ctx, &sealed).await;
        assert!(matches!(
            opened,
            Err(VaultError::NotAuthentic { .. } | VaultError::Missing { .. })
        ));
    }

    sealed.envelope_sha256 = domain::Sha256Digest::of(&envelope);
    sqlx::query("UPDATE secret SET envelope = ?")
        .bind(envelope)
        .execute(&mut connection)
        .await
        .unwrap();
    assert_eq!(open_key(&vault, &ctx, &sealed).await.unwrap(), "the key of acme");
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
    for change in changes {
        let place = Place::new();
        let vault = place.open().await;
        let ctx = context("acme", 1, 1);
        let sealed = seal(&vault, &ctx, "the key of acme").await.unwrap();
        seal(&vault, &context("other", 2, 1), "another").await.unwrap();
        vault.close().await;
        let mut connection = database(&place.paths.keystore).await;
        assert!(
            sqlx::query(change)
                .execute(&mut connection)
                .await
                .unwrap()
                .rows_affected()
                > 0
        );
        drop(connection);

        let opened = place.open().await.open_secret(&ctx, &sealed).await;
        assert!(matches!(opened, Err(VaultError::KeyNotAuthentic { .. })), "{change}");
    }
}
