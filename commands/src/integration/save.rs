use std::collections::BTreeSet;
use std::sync::Arc;

use domain::account::Account;
use domain::integration::{Integration, IntegrationCommand, SaveOptions, SavedKey};
use domain::provider::ProviderRow;
use domain::recipe::{self, FieldValues};
use domain::{AccountId, Aggregate, ConnectionName, CredentialId, DekId, ProviderKey};
use vault::SecretContext;

use super::report::saved;
use super::{KeyReport, Place, RawFields};
use crate::append::concerned;
use crate::execute::{Commit, Executed, Freshness, MAX_RETRIES};
use crate::{CommandError, Commands, Context, IfMatch, Receipt};

/// On which terms a key is saved.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SaveTerms {
    /// When it takes the place of the one before.
    pub options: SaveOptions,
    /// At which revisions of the integration.
    pub if_match: IfMatch,
}

impl From<SaveOptions> for SaveTerms {
    fn from(options: SaveOptions) -> Self {
        Self {
            options,
            if_match: IfMatch::Any,
        }
    }
}

/// A key to save: fields that the row has accepted, and at which revisions of the integration.
pub(crate) struct Accepted {
    pub(crate) row: Arc<ProviderRow>,
    pub(crate) values: FieldValues,
    pub(crate) if_match: IfMatch,
}

impl Commands {
    /// Saves a key for a connection, then tests it. The key is in the log and in the vault before the provider is
    /// called: a failing test or an outage never loses it.
    ///
    /// # Errors
    /// [`CommandError::NotFound`], [`CommandError::PreconditionFailed`]; `account-closed`, `not-installed`,
    /// `too-many-connections`; `key-lost` when this process stood still for minutes while it saved;
    /// [`CommandError::Invalid`] with what is wrong with the fields, or at `/overlap_seconds`.
    pub async fn save_credential(
        &self,
        ctx: Context,
        account: AccountId,
        provider: ProviderKey,
        connection: ConnectionName,
        fields: RawFields,
        terms: impl Into<SaveTerms>,
    ) -> Result<Receipt<KeyReport>, CommandError> {
        let SaveTerms { options, if_match } = terms.into();
        let place = Place {
            account,
            provider,
            connection,
        };
        self.to_the_end(|this| async move {
            if this.earlier::<Integration>(&place.id(), &ctx).await?.is_some() {
                return this.save_accepted(ctx, place, None, options).await;
            }
            this.require_open(&place.account).await?;
            let row = this.row(&place.provider).await?;
            this.require_room(&place, options).await?;
            let values =
                recipe::accept(&row, fields, &this.inner.egress.lint_policy()).map_err(CommandError::Invalid)?;
            let accepted = Accepted { row, values, if_match };
            this.save_accepted(ctx, place, Some(accepted), options).await
        })
        .await
    }

    /// Says no before the fields are looked at, where it is no in any case.
    async fn require_room(&self, place: &Place, options: SaveOptions) -> Result<(), CommandError> {
        let fresh = CredentialId::new(self.ids.uuid());
        let mut loaded = self.load::<Integration>(&place.stream(), Freshness::Cached).await?;
        if loaded.state.slot(&place.connection, options, fresh).is_err() {
            loaded = self.load::<Integration>(&place.stream(), Freshness::Fresh).await?;
        }
        loaded.state.slot(&place.connection, options, fresh)?;
        Ok(())
    }

    /// Saves accepted fields; none for a command that is in the log already, whose missing steps are taken.
    pub(crate) async fn save_accepted(
        &self,
        ctx: Context,
        place: Place,
        accepted: Option<Accepted>,
        options: SaveOptions,
    ) -> Result<Receipt<KeyReport>, CommandError> {
        let executed = match (&accepted, self.earlier::<Integration>(&place.id(), &ctx).await?) {
            (_, Some(earlier)) => earlier,
            (Some(accepted), None) => {
                let executed = self.seal_and_append(&ctx, &place, accepted, options).await?;
                self.require_still_open(&ctx, &place).await?;
                executed
            }
            (None, None) => return Err(CommandError::Busy),
        };
        let Some((key, dek)) = saved(&executed.events) else {
            return Err(CommandError::IdempotencyKeyReused);
        };
        if executed.replayed {
            self.make_live(&ctx, &place, key, dek).await?;
        }
        let test = self.test_saved(&ctx, &place, key, accepted).await;
        let erased = self.erase_remains(&ctx, &place.id()).await;
        let receipt = match test {
            Some(test) => {
                let outcome = super::report::tested(&test.events).map(|(_, outcome)| outcome);
                let report = KeyReport::new(&test.after.state, &place.connection, key, outcome);
                // The key is what was asked for: it was replayed when the key was, even when its test was not.
                Receipt {
                    replayed: executed.replayed,
                    ..test.receipt(report)
                }
            }
            None => executed.receipt(KeyReport::new(&executed.after.state, &place.connection, key, None)),
        };
        Ok(erased.onto(receipt))
    }

    /// Another node may have closed the account since it was looked at, too early to find this key. Now that the key is in
    /// the log, one of the two sees the other: either the closing finds the key, or this finds the account closed and takes
    /// the key back.
    pub(super) async fn require_still_open(&self, ctx: &Context, place: &Place) -> Result<(), CommandError> {
        let account = &place.account;
        let loaded = self
            .load::<Account>(&Account::stream(account), Freshness::Fresh)
            .await?;
        let Err(closed) = loaded.state.open() else {
            return Ok(());
        };
        if let Err(error) = self
            .erase_closed(ctx, account, BTreeSet::from([place.provider.clone()]))
            .await
        {
            tracing::warn!(%account, %error, "a key that came into a closed account is left to the sweeper");
        }
        Err(closed.into())
    }

    /// Seals, appends, makes live. Nothing is half-saved: when the log refuses, the sealed row is discarded, and when
    /// the log's answer is unknown, the row waits as pending for the sweeper to find out.
    async fn seal_and_append(
        &self,
        ctx: &Context,
        place: &Place,
        accepted: &Accepted,
        options: SaveOptions,
    ) -> Result<Executed<Integration>, CommandError> {
        let stream = place.stream();
        let _inside = self.inner.locks.inside(&place.account).await;
        let _alone = self.inner.locks.stream(&stream).await;
        self.require_open(&place.account).await?;
        let Accepted { row, values, if_match } = accepted;
        for _ in 0..=MAX_RETRIES {
            let loaded = self.load::<Integration>(&stream, Freshness::Fresh).await?;
            if let Some(done) = loaded.seen(ctx)? {
                return self.replay(&stream, done).await;
            }
            loaded.precondition(if_match)?;
            let fresh = CredentialId::new(self.ids.uuid());
            let slot = loaded.state.slot(&place.connection, options, fresh)?;
            let secret = place.secret(slot.credential, slot.version);
            let now = self.now();
            let (masked, public) = (recipe::masked(row, values), recipe::public(row, values));
            let sealed = self.inner.vault.seal(&secret, values, masked, public, now).await?;
            let dek = sealed.dek;
            let events = loaded.state.decide(IntegrationCommand::Save(SavedKey {
                connection: place.connection.clone(),
                credential: slot.credential,
                version: slot.version,
                sealed,
                testable: recipe::has_test(row),
                options,
                now,
            }))?;
            match self.commit(&stream, loaded, ctx, concerned(&stream), events).await {
                Ok(Commit::Done(executed)) => {
                    self.make_live(ctx, place, (slot.credential, slot.version), dek).await?;
                    return Ok(executed);
                }
                Ok(Commit::Raced) => self.discard_unlogged(&secret, dek).await?,
                Err(error @ (CommandError::OutcomeUnknown | CommandError::Internal { .. })) => return Err(error),
                Err(error) => {
                    self.discard(&secret, dek).await;
                    return Err(error);
                }
            }
        }
        Err(CommandError::Busy)
    }

    /// Discards a sealed row, unless it is the one that an event names.
    async fn discard_unlogged(&self, secret: &SecretContext, dek: DekId) -> Result<(), CommandError> {
        if self.logged_dek(secret).await? != Some(dek) {
            self.discard(secret, dek).await;
        }
        Ok(())
    }

    /// Discards a sealed row that has no event. The sweeper makes up for a failure here.
    async fn discard(&self, secret: &SecretContext, dek: DekId) {
        if let Err(error) = self.inner.vault.discard(secret, dek).await {
            tracing::warn!(credential = %secret.credential, %error, "a sealed row without its event is left to the sweeper");
        }
    }
}
