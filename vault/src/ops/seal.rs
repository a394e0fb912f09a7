use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::integration::SealedSecret;
use domain::recipe::FieldValues;
use domain::{AccountId, DekId, Fingerprint, Sha256Digest};
use hmac::Mac;

use crate::format::{FINGERPRINT_LABEL, MAX_PLAINTEXT};
use crate::key::{MacKey, SivKey, random_bytes, random_id};
use crate::keystore::{KeyChange, WrappedKey};
use crate::rows::{NewRow, RowChange};
use crate::wrap::{KeyContext, Purpose};
use crate::{SecretContext, Vault, VaultError, envelope, expose};

impl Vault {
    /// Seals the values of all fields, public ones too, and stores the envelope as *pending*: until
    /// [`Vault::make_live`] it may be discarded. Whatever is sealed for the same version stands beside it, so that nobody
    /// who saves can take the place of another whose event gets into the log: the event names the one that counts.
    ///
    /// `masked` holds a hint of each secret field; its names say which fields go into the fingerprint. `public` is for
    /// display only.
    ///
    /// One commit in each database, the key first, and one that may lag behind, which notes that both are written.
    ///
    /// # Errors
    /// [`VaultError::TooLarge`]; otherwise when nothing could be stored that could be read.
    pub async fn seal(
        &self,
        ctx: &SecretContext,
        fields: &FieldValues,
        masked: BTreeMap<String, String>,
        public: BTreeMap<String, String>,
        now: DateTime<Utc>,
    ) -> Result<SealedSecret, VaultError> {
        let unfit = |_| VaultError::Stopped("the fields cannot be written as JSON");
        let plaintext = expose::plaintext(fields).map_err(unfit)?;
        if plaintext.bytes().len() > MAX_PLAINTEXT {
            return Err(VaultError::TooLarge {
                actual: plaintext.bytes().len(),
                limit: MAX_PLAINTEXT,
            });
        }
        let (masked_json, public) = (to_json(&masked)?, to_json(&public)?);

        let (dek, key, account_key) = self.add_key(&ctx.account).await?;
        let fingerprint = fingerprint(&account_key, fields, masked.keys());
        let failed = |_| VaultError::KeyNotAuthentic { key: dek.uuid() };
        let envelope = envelope::seal(dek, &key, &random_bytes()?, ctx, plaintext.bytes()).map_err(failed)?;
        let envelope_sha256 = Sha256Digest::of(&envelope);

        let row = NewRow {
            ctx: ctx.clone(),
            dek,
            envelope,
            sha256: envelope_sha256,
            created_at: now,
            masked: masked_json,
            public,
        };
        self.rows.change(RowChange::Put(Box::new(row))).await?;
        self.place(ctx, dek).await?;
        Ok(SealedSecret {
            dek,
            envelope_sha256,
            fingerprint,
        })
    }

    /// Tells the vault that the event which names this secret is stored. Nothing happens when it was told before.
    ///
    /// After a power cut the row may be pending again; a sweeper that finds its event makes it live once more.
    ///
    /// # Errors
    /// [`VaultError::Missing`] when there is no such row.
    pub async fn make_live(&self, ctx: &SecretContext, dek: DekId) -> Result<(), VaultError> {
        let made = self.rows.change(RowChange::MakeLive(ctx.account.clone(), dek)).await?;
        if *made.outcome() == 0 {
            Err(VaultError::Missing {
                credential: ctx.credential,
                version: ctx.version,
            })
        } else {
            Ok(())
        }
    }

    /// Notes that the envelope is written. From then on no start takes its key for the remainder of a crash; and when one
    /// did so before, because this took too long, nothing was saved.
    async fn place(&self, ctx: &SecretContext, dek: DekId) -> Result<(), VaultError> {
        let key = vec![(ctx.account.clone(), dek.uuid())];
        if self.keystore.change(KeyChange::Place(key)).await?.rows > 0 {
            return Ok(());
        }
        let discard = RowChange::Discard(ctx.account.clone(), dek);
        self.rows.change(discard).await?.for_good()?;
        Err(VaultError::Stopped(
            "the key was taken away while the secret was being saved: save it again",
        ))
    }

    /// Makes a key for one envelope and stores it, with the account's fingerprint key if it has none yet.
    async fn add_key(&self, account: &AccountId) -> Result<(DekId, SivKey, MacKey), VaultError> {
        let id = random_id()?;
        let key = SivKey::random()?;
        let mut ring = self.keys.ring();
        // A second round only when another key-encryption key was promoted meanwhile, by another process.
        for _ in 0..3 {
            let (fresh, known) = match self.keystore.fingerprint_key(account).await? {
                Some(known) => (None, Some(known)),
                None => (Some(MacKey::random()?), None),
            };
            let ctx = |id, purpose| KeyContext {
                id,
                purpose,
                account: Some(account.clone()),
            };
            let dek = ring.wrap(ctx(id, Purpose::Credential), &key)?;
            let fingerprint = match &fresh {
                Some(fresh) => Some(ring.wrap(ctx(random_id()?, Purpose::Fingerprint), fresh)?),
                None => None,
            };
            let added = self.keystore.change(KeyChange::Add { key: dek, fingerprint }).await?;
            if added.rows == 0 {
                ring = self.reload_ring().await?;
                continue;
            }
            let account_key = self.account_key(fresh, known.or(added.fingerprint)).await?;
            return Ok((DekId::new(id), key, account_key));
        }
        Err(VaultError::Stopped("its key ring is being rotated: try again"))
    }

    /// The fingerprint key: the stored one if there is one, otherwise the one that was just added.
    async fn account_key(&self, fresh: Option<MacKey>, stored: Option<WrappedKey>) -> Result<MacKey, VaultError> {
        match (stored, fresh) {
            (Some(stored), _) => self.unwrap(&stored).await,
            (None, Some(fresh)) => Ok(fresh),
            (None, None) => Err(VaultError::Stopped("the account's fingerprint key is gone")),
        }
    }
}

fn to_json(texts: &BTreeMap<String, String>) -> Result<String, VaultError> {
    serde_json::to_string(texts).map_err(|_| VaultError::Stopped("the hints cannot be written as JSON"))
}

/// The formula is in [`crate::format`].
pub(crate) fn fingerprint<'a>(
    key: &MacKey,
    fields: &FieldValues,
    secret: impl Iterator<Item = &'a String>,
) -> Fingerprint {
    let mut mac = expose::mac(key);
    mac.update(FINGERPRINT_LABEL);
    expose::feed(&mut mac, fields, secret);
    Fingerprint::new(mac.finalize().into_bytes().into())
}
