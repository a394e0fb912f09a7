use domain::integration::{Integration, IntegrationCommand, SaveOptions};
use domain::recipe;
use domain::{AccountId, Aggregate, ConnectionName, ProviderKey};

use super::save::Accepted;
use super::{Installed, Place, RawFields};
use crate::execute::{Executed, Freshness};
use crate::{CommandError, Commands, Context, IfMatch, Receipt};

impl Commands {
    /// Puts an integration on an account's list, with a key for its `default` connection or, for "I'll add it later",
    /// without. Wrong fields are refused before anything happens.
    ///
    /// # Errors
    /// [`CommandError::NotFound`]; `account-closed`, `provider-not-published`, `provider-retired`, `already-installed`;
    /// [`CommandError::Invalid`] with what is wrong with the fields.
    pub async fn install(
        &self,
        ctx: Context,
        account: AccountId,
        provider: ProviderKey,
        fields: Option<RawFields>,
    ) -> Result<Receipt<Installed>, CommandError> {
        let place = Place {
            account,
            provider,
            connection: ConnectionName::default(),
        };
        self.to_the_end(|this| async move { this.install_at(ctx, place, fields).await })
            .await
    }

    async fn install_at(
        &self,
        ctx: Context,
        place: Place,
        fields: Option<RawFields>,
    ) -> Result<Receipt<Installed>, CommandError> {
        let earlier = self.earlier::<Integration>(&place.id(), &ctx).await?;
        let save = ctx.step("save");
        let with_key = fields.is_some();
        let accepted = match fields {
            // A key that is in the log is not looked at again: the row may have changed since.
            Some(fields) if !self.was_carried_out(&save, &place).await? => {
                self.require_open(&place.account).await?;
                let row = match earlier {
                    Some(_) => self.row(&place.provider).await?,
                    None => self.installable(&place.provider).await?,
                };
                let values =
                    recipe::accept(&row, fields, &self.inner.egress.lint_policy()).map_err(CommandError::Invalid)?;
                let if_match = IfMatch::Any;
                Some(Accepted { row, values, if_match })
            }
            _ => None,
        };
        let installed = match earlier {
            Some(earlier) => earlier,
            None => self.put_on_list(&ctx, &place).await?,
        };
        if !with_key {
            return Ok(installed.receipt(Installed { key: None }));
        }
        let saved = self
            .save_accepted(save, place, accepted, SaveOptions::default())
            .await?;
        let replayed = installed.replayed && saved.replayed;
        Ok(Receipt {
            replayed,
            ..saved.map(|key| Installed { key: Some(key) })
        })
    }

    async fn put_on_list(&self, ctx: &Context, place: &Place) -> Result<Executed<Integration>, CommandError> {
        // Held until the event is in the log, so that the account is open when it is.
        let _inside = self.inner.locks.inside(&place.account).await;
        self.require_open(&place.account).await?;
        self.installable(&place.provider).await?;
        self.execute::<Integration>(&place.id(), ctx, |loaded| {
            Ok(loaded.state.decide(IntegrationCommand::Install)?)
        })
        .await
    }

    /// Whether a step is in the log. A command without an idempotency key is new.
    async fn was_carried_out(&self, step: &Context, place: &Place) -> Result<bool, CommandError> {
        if step.request.is_none() {
            return Ok(false);
        }
        let loaded = self.load::<Integration>(&place.stream(), Freshness::Cached).await?;
        Ok(loaded.knows(step.command))
    }
}
