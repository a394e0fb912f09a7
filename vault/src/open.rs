//! The start of the vault: what has to fit together, and what a crash may have left.

use std::path::Path;
use std::sync::Arc;

use domain::KekId;
use sqlx::{Connection, SqliteConnection};

use crate::VaultError;
use crate::key::{MacKey, random_id};
use crate::keyring::held::{self, CheckedRing};
use crate::keyring::{KeyProvider, KeyRing, KeyringError};
use crate::keystore::{self, KeyChange, KnownKek};
use crate::lock::OpenLock;
use crate::rows;
use crate::wrap::{KeyContext, Purpose};
use crate::writer::{self, Change};

/// What the start found or made.
pub(crate) struct Opened {
    pub lock: OpenLock,
    pub keystore: SqliteConnection,
    pub vault: SqliteConnection,
    pub ring: CheckedRing,
    pub digest_key: MacKey,
}

type Provider = Arc<dyn KeyProvider>;

/// Opens both databases and the ring, checks that they belong together, and cleans up after a crash.
pub(crate) async fn open(vault: &Path, keystore: &Path, provider: &Provider) -> Result<Opened, VaultError> {
    let (lock, alone) = OpenLock::take(vault).await?;
    let mut keys = keystore::connect(keystore).await?;
    let mut secrets = rows::connect(vault).await?;

    let pair = (
        read_pair(&mut keys, keystore::STORE).await?,
        read_pair(&mut secrets, rows::STORE).await?,
    );
    if pair == (None, None) {
        if !alone {
            return Err(VaultError::Inconsistent(
                "another process is just making it: start again in a moment",
            ));
        }
        first_start(&mut keys, provider).await?;
    }
    join(&mut keys, &mut secrets).await?;

    let ring = unlock(&mut keys, provider).await?;
    let digest_key = keystore::request_digest_key(&mut keys)
        .await
        .map_err(VaultError::of(keystore::STORE))?;
    let digest_key = digest_key.ok_or(VaultError::Inconsistent("the keystore holds no request-digest key"))?;
    let digest_key = ring.unwrap(&digest_key)?;
    if !alone {
        return Ok(Opened {
            lock,
            keystore: keys,
            vault: secrets,
            ring,
            digest_key,
        });
    }
    sweep(&mut keys, vault).await?;
    Ok(Opened {
        lock: lock.share().await?,
        keystore: keys,
        vault: secrets,
        ring,
        digest_key,
    })
}

/// Makes the first key-encryption key, or takes the ring that a crash left or that the operator put there, and writes
/// everything that the keystore starts with in one transaction.
async fn first_start(keys: &mut SqliteConnection, provider: &Provider) -> Result<(), VaultError> {
    if held::load(provider).await?.is_none() {
        held::add(provider, KekId(0)).await?;
    }
    let ring = load(provider).await?;
    let newest = ring.ids().next_back().ok_or_else(|| KeyringError::Missing {
        place: provider.place(),
    })?;
    let mut known = Vec::new();
    for (id, key) in ring.iter() {
        known.push(KnownKek {
            id,
            check: held::check_value(id, key)?,
            current: id == newest,
        });
    }
    let ring = CheckedRing::check(ring, provider.place(), &known, &[])?;
    let ctx = KeyContext {
        id: random_id()?,
        purpose: Purpose::RequestDigest,
        account: None,
    };
    let digest_key = ring.wrap(ctx, &MacKey::random()?)?;

    let failed = VaultError::of(keystore::STORE);
    let mut transaction = keys.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
    for KnownKek { id, check, .. } in known {
        KeyChange::Register { id, check }
            .apply(&mut transaction)
            .await
            .map_err(failed)?;
    }
    KeyChange::Promote(newest)
        .apply(&mut transaction)
        .await
        .map_err(failed)?;
    KeyChange::AddOwn(digest_key)
        .apply(&mut transaction)
        .await
        .map_err(failed)?;
    write_pair(&mut transaction, random_id()?.as_bytes())
        .await
        .map_err(failed)?;
    transaction.commit().await.map_err(failed)
}

/// Sees to it that vault and keystore belong together. The keystore is written first, so at the first start a crash may
/// leave a keystore without a vault; at any other time one without the other means that a file is missing.
async fn join(keys: &mut SqliteConnection, secrets: &mut SqliteConnection) -> Result<(), VaultError> {
    let pair = (
        read_pair(keys, keystore::STORE).await?,
        read_pair(secrets, rows::STORE).await?,
    );
    match pair {
        (Some(keys), Some(secrets)) if keys == secrets => Ok(()),
        (Some(_), Some(_)) => Err(VaultError::Inconsistent(
            "vault.db and keystore.db come from different installations: put back the two that belong together",
        )),
        (None, _) => Err(VaultError::Inconsistent(
            "keystore.db is missing or empty, but vault.db holds envelopes that only it can open: bring it back from its \
             backup",
        )),
        (Some(id), None) => {
            let failed = VaultError::of(keystore::STORE);
            let query = "SELECT EXISTS (SELECT 1 FROM wrapped_key WHERE purpose = 'credential')";
            let in_use: bool = sqlx::query_scalar(query).fetch_one(keys).await.map_err(failed)?;
            if in_use {
                return Err(VaultError::Inconsistent(
                    "vault.db is missing or empty, but keystore.db holds keys to its envelopes: bring it back from its \
                     backup",
                ));
            }
            write_pair(secrets, &id).await.map_err(VaultError::of(rows::STORE))
        }
    }
}

/// Loads the ring, makes keys known that were added before a crash, and checks all of it.
async fn unlock(keys: &mut SqliteConnection, provider: &Provider) -> Result<CheckedRing, VaultError> {
    let failed = VaultError::of(keystore::STORE);
    let ring = load(provider).await?;
    let mut known = keystore::keks(keys).await.map_err(failed)?;
    let new: Vec<KekId> = ring.ids().filter(|id| known.iter().all(|kek| kek.id != *id)).collect();
    let in_use = keystore::keks_in_use(keys).await.map_err(failed)?;
    let ring = CheckedRing::check(ring, provider.place(), &known, &in_use)?;
    for id in new {
        let check = ring.check_value(id)?;
        KeyChange::Register {
            id,
            check: check.clone(),
        }
        .apply(keys)
        .await
        .map_err(failed)?;
        known.push(KnownKek {
            id,
            check,
            current: false,
        });
    }
    Ok(ring)
}

async fn load(provider: &Provider) -> Result<KeyRing, VaultError> {
    let missing = || KeyringError::Missing {
        place: provider.place(),
    };
    Ok(held::load(provider).await?.ok_or_else(missing)?)
}

/// Removes keys whose envelope was never written or is gone already.
async fn sweep(keys: &mut SqliteConnection, vault: &Path) -> Result<(), VaultError> {
    let failed = VaultError::of(keystore::STORE);
    let path = vault.to_str().ok_or(VaultError::Inconsistent(
        "the path of vault.db is not UTF-8: rename its folder",
    ))?;
    sqlx::query("ATTACH DATABASE ? AS other")
        .bind(path)
        .execute(&mut *keys)
        .await
        .map_err(failed)?;
    let query = "DELETE FROM wrapped_key WHERE purpose = 'credential' AND id NOT IN (SELECT dek FROM other.secret)";
    let swept = sqlx::query(query)
        .execute(&mut *keys)
        .await
        .map_err(failed)?
        .rows_affected();
    sqlx::query("DETACH DATABASE other")
        .execute(&mut *keys)
        .await
        .map_err(failed)?;
    if swept > 0 {
        writer::truncate(keys).await.map_err(failed)?;
        tracing::info!(keys = swept, "removed keys whose envelope was never written");
    }
    Ok(())
}

async fn read_pair(connection: &mut SqliteConnection, store: &'static str) -> Result<Option<Vec<u8>>, VaultError> {
    let query = sqlx::query_scalar("SELECT id FROM pair");
    query.fetch_optional(connection).await.map_err(VaultError::of(store))
}

async fn write_pair(connection: &mut SqliteConnection, id: &[u8]) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO pair (one, id) VALUES (1, ?)")
        .bind(id)
        .execute(connection)
        .await
        .map(drop)
}
