use domain::integration::{Integration, IntegrationCommand, Validity};
use domain::{Aggregate, CredentialId, DekId};
use vault::VaultError;

use super::Place;
use crate::execute::Freshness;
use crate::{CommandError, Commands, Context};

/// The step of a save that takes back a key of which the vault holds nothing.
const TAKE_BACK: &str = "take back a lost key";

impl Commands {
    /// Makes a key live whose event is in the log. A pending secret is as good as a live one; the sweeper makes up for a
    /// failure here.
    ///
    /// When there is no such secret, somebody erased it since, as is said in the log; or this process stood still between
    /// sealing and appending, for so long that a sweeper took the secret for one without an event.
    ///
    /// # Errors
    /// `key-lost` in the second case, or `account-closed`; [`CommandError::OutcomeUnknown`] when the log cannot say which
    /// case it is.
    pub(super) async fn make_live(
        &self,
        ctx: &Context,
        place: &Place,
        key: (CredentialId, u32),
        dek: DekId,
    ) -> Result<(), CommandError> {
        match self.inner.vault.make_live(&place.secret(key.0, key.1), dek).await {
            Ok(()) => Ok(()),
            Err(VaultError::Missing { .. }) => self.refuse_if_lost(ctx, place, key).await,
            Err(error) => {
                tracing::warn!(credential = %key.0, %error, "a saved secret is still pending");
                Ok(())
            }
        }
    }

    async fn refuse_if_lost(&self, ctx: &Context, place: &Place, key: (CredentialId, u32)) -> Result<(), CommandError> {
        match self.is_lost(ctx, place, key).await {
            Ok(false) => Ok(()),
            Ok(true) => {
                self.erase_remains(ctx, &place.id()).await;
                // Another node that closes the account clears sealed keys away as well, and then there is no place to paste.
                self.require_still_open(ctx, place).await?;
                Err(key_lost())
            }
            Err(error) => {
                tracing::warn!(credential = %key.0, %error, "a saved secret is gone, and it is not known why");
                Err(CommandError::OutcomeUnknown)
            }
        }
    }

    /// Whether the key is lost. If it is the one in use, its connection holds none from now on; one that waits for its test
    /// does no harm, and the next key takes its place.
    async fn is_lost(
        &self,
        ctx: &Context,
        place: &Place,
        (credential, version): (CredentialId, u32),
    ) -> Result<bool, CommandError> {
        let taking_back = ctx.step(TAKE_BACK);
        let loaded = self.load::<Integration>(&place.stream(), Freshness::Fresh).await?;
        if loaded.state.validity(credential, version) != Validity::Valid {
            return Ok(loaded.knows(taking_back.command));
        }
        let connection = &place.connection;
        self.execute::<Integration>(&place.id(), &taking_back, |loaded| {
            let installed = loaded.state.installed();
            let held = installed.and_then(|installation| installation.credential(connection));
            let is_used = held.is_ok_and(|held| held.id == credential && held.current.number == version);
            if !is_used {
                return Ok(Vec::new());
            }
            let connection = connection.clone();
            Ok(loaded.state.decide(IntegrationCommand::Disconnect { connection })?)
        })
        .await?;
        Ok(true)
    }
}

fn key_lost() -> CommandError {
    CommandError::Rejected {
        code: "key-lost",
        message: "Saving took so long that the key was cleared away before it was saved. Paste it again.".to_owned(),
    }
}
