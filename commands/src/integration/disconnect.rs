use domain::integration::{Integration, IntegrationCommand};
use domain::{AccountId, Aggregate, ConnectionName, ProviderKey};

use super::Erasure;
use crate::{CommandError, Commands, Context, Receipt};

impl Commands {
    /// Takes the key of a connection back, and erases it.
    ///
    /// # Errors
    /// [`CommandError::NotFound`]; `account-closed`, `not-installed`, `disconnected`.
    pub async fn disconnect(
        &self,
        ctx: Context,
        account: AccountId,
        provider: ProviderKey,
        connection: ConnectionName,
    ) -> Result<Receipt<Erasure>, CommandError> {
        self.take_back(ctx, (account, provider), IntegrationCommand::Disconnect { connection })
            .await
    }

    /// Takes an integration off an account's list, and erases its keys.
    ///
    /// # Errors
    /// [`CommandError::NotFound`]; `account-closed`, `not-installed`.
    pub async fn uninstall(
        &self,
        ctx: Context,
        account: AccountId,
        provider: ProviderKey,
    ) -> Result<Receipt<Erasure>, CommandError> {
        self.take_back(ctx, (account, provider), IntegrationCommand::Uninstall)
            .await
    }

    async fn take_back(
        &self,
        ctx: Context,
        id: (AccountId, ProviderKey),
        command: IntegrationCommand,
    ) -> Result<Receipt<Erasure>, CommandError> {
        self.to_the_end(|this| async move {
            let executed = if let Some(earlier) = this.earlier::<Integration>(&id, &ctx).await? {
                earlier
            } else {
                this.require_open(&id.0).await?;
                this.execute::<Integration>(&id, &ctx, |loaded| Ok(loaded.state.decide(command.clone())?))
                    .await?
            };
            let erased = this.erase_remains(&ctx, &id).await;
            Ok(erased.onto(executed.receipt(erased.report())))
        })
        .await
    }
}
