use domain::integration::{Integration, IntegrationCommand};
use domain::{AccountId, Aggregate, ConnectionName, ProviderKey};

use super::Erasure;
use crate::{CommandError, Commands, Context, IfMatch, Receipt};

impl Commands {
    /// Takes the key of a connection back, and erases it.
    ///
    /// # Errors
    /// [`CommandError::NotFound`], [`CommandError::PreconditionFailed`]; `account-closed`, `not-installed`, `disconnected`.
    pub async fn disconnect(
        &self,
        ctx: Context,
        account: AccountId,
        provider: ProviderKey,
        connection: ConnectionName,
        if_match: IfMatch,
    ) -> Result<Receipt<Erasure>, CommandError> {
        let command = IntegrationCommand::Disconnect { connection };
        self.take_back(ctx, (account, provider), command, if_match).await
    }

    /// Takes an integration off an account's list, and erases its keys.
    ///
    /// # Errors
    /// [`CommandError::NotFound`], [`CommandError::PreconditionFailed`]; `account-closed`, `not-installed`.
    pub async fn uninstall(
        &self,
        ctx: Context,
        account: AccountId,
        provider: ProviderKey,
        if_match: IfMatch,
    ) -> Result<Receipt<Erasure>, CommandError> {
        self.take_back(ctx, (account, provider), IntegrationCommand::Uninstall, if_match)
            .await
    }

    async fn take_back(
        &self,
        ctx: Context,
        id: (AccountId, ProviderKey),
        command: IntegrationCommand,
        if_match: IfMatch,
    ) -> Result<Receipt<Erasure>, CommandError> {
        self.to_the_end(|this| async move {
            let executed = if let Some(earlier) = this.earlier::<Integration>(&id, &ctx).await? {
                earlier
            } else {
                this.require_open(&id.0).await?;
                this.execute::<Integration>(&id, &ctx, |loaded| {
                    loaded.precondition(&if_match)?;
                    Ok(loaded.state.decide(command.clone())?)
                })
                .await?
            };
            let erased = this.erase_remains(&ctx, &id).await;
            Ok(erased.onto(executed.receipt(erased.report())))
        })
        .await
    }
}
