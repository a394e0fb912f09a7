use std::sync::Arc;

use domain::integration::SealedSecret;
use domain::recipe::FieldValues;
use domain::{DekId, Sha256Digest};
use tokio::time::Instant;

use crate::cache::Ciphertext;
use crate::{SecretContext, Vault, VaultError, envelope, expose};

impl Vault {
    /// Opens a secret, live or pending, that was sealed in just this context and that the event describes as `sealed`.
    ///
    /// The ciphertext may come from memory; it is decrypted anew each time. What another process erases is not opened
    /// from this one's memory for longer than a minute; that an erased version is not asked for any more is the business
    /// of the caller, who reads the log.
    ///
    /// # Errors
    /// [`VaultError::Missing`] when it was erased, or is another account's; [`VaultError::NotAuthentic`] when the context, the digest or the
    /// envelope is not what was sealed.
    pub async fn open_secret(&self, ctx: &SecretContext, sealed: &SealedSecret) -> Result<FieldValues, VaultError> {
        let id = (ctx.credential, ctx.version);
        let now = Instant::now();
        if let Some(row) = self.cache.get(id, now)
            && let Ok(fields) = self.decrypt(ctx, sealed, &row).await
        {
            return Ok(fields);
        }
        // Not in memory, or another attempt to save the same version is: the databases have the last word.
        let before = self.cache.before(now);
        let row = Arc::new(self.read(ctx, sealed.dek).await?);
        let fields = self.decrypt(ctx, sealed, &row).await?;
        self.cache.put(id, row, &before);
        Ok(fields)
    }

    async fn read(&self, ctx: &SecretContext, dek: DekId) -> Result<Ciphertext, VaultError> {
        let missing = || VaultError::Missing {
            credential: ctx.credential,
            version: ctx.version,
        };
        let row = self.rows.sealed(&ctx.account, dek).await?.ok_or_else(missing)?;
        let key = self.keystore.key(&ctx.account, dek.uuid()).await?.ok_or_else(missing)?;
        Ok(Ciphertext {
            ctx: row.ctx,
            sha256: Sha256Digest::of(&row.envelope),
            envelope: row.envelope,
            key,
        })
    }

    async fn decrypt(
        &self,
        ctx: &SecretContext,
        sealed: &SealedSecret,
        row: &Ciphertext,
    ) -> Result<FieldValues, VaultError> {
        // Each of these would fail in the cipher too; asked first, they do not look like a damaged keystore.
        let as_described = row.ctx == *ctx
            && row.key.ctx.id == sealed.dek.uuid()
            && row.key.ctx.account.as_ref() == Some(&ctx.account)
            && row.sha256 == sealed.envelope_sha256;
        if !as_described {
            return Err(not_authentic(ctx));
        }
        let key = self.unwrap(&row.key).await?;
        let plaintext = envelope::open(sealed.dek, &key, ctx, &row.envelope).map_err(|_| not_authentic(ctx))?;
        expose::fields(plaintext.bytes()).ok_or_else(|| not_authentic(ctx))
    }
}

fn not_authentic(ctx: &SecretContext) -> VaultError {
    VaultError::NotAuthentic {
        credential: ctx.credential,
        version: ctx.version,
    }
}
