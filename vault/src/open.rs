//! The start of the vault: what has to fit together, and what a crash may have left.

use std::collections::HashSet;
use std::sync::Arc;

use domain::{DekId, KekId};

use crate::VaultError;
use crate::key::{MacKey, random_id};
use crate::keyring::held::{self, CheckedRing};
use crate::keyring::{KeyProvider, KeyRing, KeyringError};
use crate::keystore::{Founding, KeyChange, KnownKek};
use crate::stores::{Starting, Stores};
use crate::wrap::{KeyContext, Purpose};

/// How many keys are looked at together.
const BATCH: u32 = 500;

/// What the start found or made.
pub(crate) struct Opened {
    pub ring: CheckedRing,
    pub digest_key: MacKey,
}

type Provider = Arc<dyn KeyProvider>;

/// Checks that both stores and the ring belong together, makes what a first start makes, and cleans up after a crash.
pub(crate) async fn open(stores: &Stores, starting: &Starting, provider: &Provider) -> Result<Opened, VaultError> {
    if (stores.keystore.pair().await?, stores.rows.pair().await?) == (None, None) {
        if !starting.may_found() {
            return Err(VaultError::Inconsistent(
                "another process is just making it: start again in a moment",
            ));
        }
        found(stores, provider).await?;
    }
    join(stores).await?;

    let ring = unlock(stores, provider).await?;
    let digest_key = stores.keystore.request_digest_key().await?;
    let digest_key = digest_key.ok_or(VaultError::Inconsistent("the keystore holds no request-digest key"))?;
    let digest_key = ring.unwrap(&digest_key)?;
    if starting.may_sweep() {
        sweep(stores).await?;
    }
    Ok(Opened { ring, digest_key })
}

/// Makes the first key-encryption key, or takes the ring that a crash left or that the operator put there, and writes
/// everything that the keystore starts with in one transaction.
async fn found(stores: &Stores, provider: &Provider) -> Result<(), VaultError> {
    if held::load(provider).await?.is_none() {
        held::add(provider, KekId(0)).await?;
    }
    let ring = load(provider).await?;
    let newest = ring.ids().next_back().ok_or_else(|| KeyringError::Missing {
        place: provider.place(),
    })?;
    let mut keks = Vec::new();
    for (id, key) in ring.iter() {
        keks.push(KnownKek {
            id,
            check: held::check_value(id, key)?,
            current: id == newest,
        });
    }
    let ring = CheckedRing::check(ring, provider.place(), &keks, &[])?;
    let ctx = KeyContext {
        id: random_id()?,
        purpose: Purpose::RequestDigest,
        account: None,
    };
    let founding = Founding {
        keks,
        digest_key: ring.wrap(ctx, &MacKey::random()?)?,
        pair: random_id()?.as_bytes().to_vec(),
    };
    stores
        .keystore
        .change(KeyChange::Found(Box::new(founding)))
        .await
        .map(drop)
}

/// Sees to it that vault and keystore belong together. The keystore is written first, so at the first start a crash may
/// leave a keystore without a vault; at any other time one without the other means that one is missing.
async fn join(stores: &Stores) -> Result<(), VaultError> {
    match (stores.keystore.pair().await?, stores.rows.pair().await?) {
        (Some(keys), Some(secrets)) if keys == secrets => Ok(()),
        (Some(_), Some(_)) => Err(VaultError::Inconsistent(
            "vault and keystore come from different installations: put back the two that belong together",
        )),
        (None, _) => Err(VaultError::Inconsistent(
            "the keystore is missing or empty, but the vault holds envelopes that only it can open: bring it back from \
             its backup; if the vault was being copied to here, start that copy again",
        )),
        (Some(id), None) => {
            let keys = stores.keystore.credential_keys().await?;
            if keys.placed + keys.unplaced > 0 {
                return Err(VaultError::Inconsistent(
                    "the vault is missing or empty, but the keystore holds keys to its envelopes: bring it back from \
                     its backup",
                ));
            }
            stores.rows.change(crate::rows::RowChange::Join(id)).await.map(drop)
        }
    }
}

/// Loads the ring, makes keys known that were added before a crash, and checks all of it.
async fn unlock(stores: &Stores, provider: &Provider) -> Result<CheckedRing, VaultError> {
    let ring = load(provider).await?;
    let known = stores.keystore.keks().await?;
    let new: Vec<KekId> = ring.ids().filter(|id| known.iter().all(|kek| kek.id != *id)).collect();
    let in_use = stores.keystore.in_use().await?;
    let ring = CheckedRing::check(ring, provider.place(), &known, &in_use)?;
    for id in new {
        let check = ring.check_value(id)?;
        stores.keystore.change(KeyChange::Register { id, check }).await?;
    }
    Ok(ring)
}

async fn load(provider: &Provider) -> Result<KeyRing, VaultError> {
    let missing = || KeyringError::Missing {
        place: provider.place(),
    };
    Ok(held::load(provider).await?.ok_or_else(missing)?)
}

/// Removes keys whose envelope was never written, and only those: see [`KeyChange`].
async fn sweep(stores: &Stores) -> Result<(), VaultError> {
    let mut after = None;
    let mut swept = 0;
    loop {
        let keys = stores.keystore.unplaced(after, BATCH).await?;
        let Some((_, last)) = keys.last() else { break };
        after = Some(*last);
        let deks: Vec<DekId> = keys.iter().map(|(_, id)| DekId::new(*id)).collect();
        let written: HashSet<DekId> = stores.rows.present(&deks).await?.into_iter().collect();
        let (written, torn): (Vec<_>, Vec<_>) =
            keys.into_iter().partition(|(_, id)| written.contains(&DekId::new(*id)));
        if !written.is_empty() {
            stores.keystore.change(KeyChange::Place(written)).await?;
        }
        if !torn.is_empty() {
            swept += stores.keystore.change(KeyChange::Sweep(torn)).await?.rows;
        }
    }
    if swept > 0 {
        tracing::info!(keys = swept, "removed keys whose envelope was never written");
    }
    tell_of_an_older_vault(stores).await
}

/// A placed key has its envelope, or had it: more placed keys than envelopes mean that the vault was put back to an
/// earlier time than the keystore. Its keys are kept, since the right one may yet be put back.
async fn tell_of_an_older_vault(stores: &Stores) -> Result<(), VaultError> {
    let envelopes = async || Ok::<_, VaultError>(stores.rows.counts().await.map(|(pending, live)| pending + live)?);
    // Twice, because other nodes may be sealing or erasing in between.
    let before = envelopes().await?;
    let keys = stores.keystore.credential_keys().await?.placed;
    let lost = keys.saturating_sub(before.max(envelopes().await?));
    if lost > 0 {
        tracing::warn!(
            keys = lost,
            "the keystore holds keys whose envelopes the vault does not: was an older backup of the vault put beside it? \
             The keys are kept"
        );
    }
    Ok(())
}
