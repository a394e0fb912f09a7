use std::collections::BTreeSet;

use domain::account::{Account, AccountCommand};
use domain::integration::{Integration, IntegrationCommand, Validity};
use domain::{AccountId, Aggregate, ProviderKey};
use vault::SecretContext;

use crate::execute::Freshness;
use crate::integration::{Erased, Erasure};
use crate::{CommandError, Commands, Context, Receipt};

impl Commands {
    /// Closes an account for ever, takes every key of it back and erases it. One that is closed stays so.
    ///
    /// # Errors
    /// [`CommandError::NotFound`].
    pub async fn close_account(&self, ctx: Context, account: AccountId) -> Result<Receipt<Erasure>, CommandError> {
        self.to_the_end(|this| async move {
            let closed = {
                // Whoever is saving a key gets to the end first; whoever comes later finds the account closed.
                let _alone = this.inner.locks.closing(&account).await;
                this.execute::<Account>(&account, &ctx, |loaded| {
                    Ok(loaded.state.decide(AccountCommand::Close)?)
                })
                .await?
            };
            let complete = match this.erase_closed(&ctx, &account, BTreeSet::new()).await {
                Ok(erased) => erased.complete,
                Err(error) => {
                    tracing::warn!(%account, %error, "the keys of a closed account are left to the sweeper");
                    false
                }
            };
            Ok(closed.receipt(Erasure { complete }))
        })
        .await
    }

    /// Takes every key of a closed account back and erases it, as far as that was not done before. Whose keys those are, the
    /// vault knows; `also` names providers whose keys may be in the log alone, since they came too late.
    pub(crate) async fn erase_closed(
        &self,
        ctx: &Context,
        account: &AccountId,
        also: BTreeSet<ProviderKey>,
    ) -> Result<Erased, CommandError> {
        let secrets = self.inner.vault.secrets_of(account).await?;
        let mut providers = also;
        providers.extend(secrets.iter().map(|secret| secret.provider.clone()));
        let mut erased = Erased::default();
        for provider in providers {
            let step = ctx.step(&format!("close {provider}"));
            let id = (account.clone(), provider);
            self.execute::<Integration>(&id, &step, |loaded| {
                Ok(loaded.state.decide(IntegrationCommand::DisconnectAll)?)
            })
            .await?;
            erased = erased.and(self.erase_remains(&step, &id).await);
        }
        for secret in &secrets {
            self.erase_unknown(secret).await?;
        }
        if erased.complete {
            self.inner.vault.erase_account_keys(account).await?;
        }
        Ok(erased)
    }

    /// Erases a secret that the log does not know, or knows to be erased.
    async fn erase_unknown(&self, secret: &SecretContext) -> Result<(), CommandError> {
        let stream = Integration::stream(&(secret.account.clone(), secret.provider.clone()));
        let loaded = self.load::<Integration>(&stream, Freshness::Cached).await?;
        match loaded.state.validity(secret.credential, secret.version) {
            Validity::Unknown | Validity::Erased => {
                Ok(self.inner.vault.erase(secret.credential, &[secret.version]).await?)
            }
            Validity::Valid | Validity::Retired => Ok(()),
        }
    }
}
