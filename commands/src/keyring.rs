use domain::keyring::{Keyring, KeyringCommand};
use domain::{Aggregate, KekId};

use crate::{CommandError, Commands, Context, Receipt};

impl Commands {
    /// Notes that the key ring holds one more key. Noting it twice changes nothing.
    ///
    /// # Errors
    /// [`CommandError::Unavailable`] and its like.
    pub async fn note_key_added(&self, ctx: Context, kek: KekId) -> Result<Receipt<()>, CommandError> {
        self.note(ctx, KeyringCommand::Add(kek)).await
    }

    /// Notes that new keys are wrapped by this key from here on.
    ///
    /// # Errors
    /// `unknown-key`.
    pub async fn note_key_promoted(&self, ctx: Context, kek: KekId) -> Result<Receipt<()>, CommandError> {
        self.note(ctx, KeyringCommand::Promote(kek)).await
    }

    /// Notes that every wrapped key is wrapped by this key now; `rewrapped` of them were wrapped again.
    ///
    /// # Errors
    /// `key-not-current`.
    pub async fn note_rewrap_completed(
        &self,
        ctx: Context,
        kek: KekId,
        rewrapped: u64,
    ) -> Result<Receipt<()>, CommandError> {
        self.note(ctx, KeyringCommand::CompleteRewrap { kek, rewrapped }).await
    }

    async fn note(&self, ctx: Context, command: KeyringCommand) -> Result<Receipt<()>, CommandError> {
        self.to_the_end(|this| async move {
            let noted = this
                .execute::<Keyring>(&(), &ctx, |loaded| Ok(loaded.state.decide(command)?))
                .await?;
            Ok(noted.receipt(()))
        })
        .await
    }
}
