use domain::integration::{Integration, IntegrationCommand, TestOutcome, Validity, Version};
use domain::recipe::{self, FieldValues};
use domain::{AccountId, Aggregate, ConnectionName, CredentialId, ProviderKey};
use vault::VaultError;

use super::report::tested;
use super::save::Accepted;
use super::{KeyReport, Place};
use crate::execute::{Executed, Freshness};
use crate::{CommandError, Commands, Context, IfMatch, Receipt};

impl Commands {
    /// Tests a connection's key: the version that waits for its verdict, else the one in use. A row without a test gives the
    /// verdict `untestable`. Nothing is noted of that, nor of a test that was one too many for the limits.
    ///
    /// # Errors
    /// [`CommandError::NotFound`], [`CommandError::PreconditionFailed`]; `account-closed`, `not-installed`, `disconnected`.
    pub async fn test_connection(
        &self,
        ctx: Context,
        account: AccountId,
        provider: ProviderKey,
        connection: ConnectionName,
        if_match: IfMatch,
    ) -> Result<Receipt<KeyReport>, CommandError> {
        let place = Place {
            account,
            provider,
            connection,
        };
        self.to_the_end(|this| async move { this.test_at(ctx, place, if_match).await })
            .await
    }

    async fn test_at(&self, ctx: Context, place: Place, if_match: IfMatch) -> Result<Receipt<KeyReport>, CommandError> {
        if let Some(earlier) = self.earlier::<Integration>(&place.id(), &ctx).await? {
            let (key, outcome) = tested(&earlier.events).ok_or(CommandError::IdempotencyKeyReused)?;
            let erased = self.erase_remains(&ctx, &place.id()).await;
            let report = KeyReport::new(&earlier.after.state, &place.connection, key, Some(outcome));
            return Ok(erased.onto(earlier.receipt(report)));
        }
        self.require_open(&place.account).await?;
        let row = self.row(&place.provider).await?;
        let loaded = self.load::<Integration>(&place.stream(), Freshness::Fresh).await?;
        let credential = loaded.state.installed()?.credential(&place.connection)?;
        // Before the provider is called: the result of a test is kept, whatever happened meanwhile.
        loaded.precondition(&if_match)?;
        let key = (credential.id, credential.to_test().number);
        let values = self.open_version(&place, key).await?;
        let outcome = self.inner.egress.test(&place.account, &row, &values).await;
        if !egress::was_attempted(&outcome) {
            // Our own limits said no, as often as somebody asks: the log would grow by it, and the last answer of the
            // provider be hidden.
            let now = self.load::<Integration>(&place.stream(), Freshness::Cached).await?;
            let report = KeyReport::new(&now.state, &place.connection, key, Some(outcome));
            return Ok(Executed::unchanged(now).receipt(report));
        }
        let noted = self.note_test(&ctx, &place, key, outcome.clone()).await?;
        let erased = self.erase_remains(&ctx, &place.id()).await;
        let report = KeyReport::new(&noted.after.state, &place.connection, key, Some(outcome));
        Ok(erased.onto(noted.receipt(report)))
    }

    /// Tests a key that was just saved, or was saved before a crash kept it from being tested. None when there is
    /// nothing to test; a failure here leaves the key saved and unverified.
    pub(super) async fn test_saved(
        &self,
        ctx: &Context,
        place: &Place,
        key: (CredentialId, u32),
        accepted: Option<Accepted>,
    ) -> Option<Executed<Integration>> {
        let ctx = ctx.step("test");
        match self.try_test_saved(&ctx, place, key, accepted).await {
            Ok(test) => test,
            Err(error) => {
                tracing::warn!(credential = %key.0, %error, "a saved key could not be tested");
                None
            }
        }
    }

    async fn try_test_saved(
        &self,
        ctx: &Context,
        place: &Place,
        key: (CredentialId, u32),
        accepted: Option<Accepted>,
    ) -> Result<Option<Executed<Integration>>, CommandError> {
        if let Some(earlier) = self.earlier::<Integration>(&place.id(), ctx).await? {
            return Ok(Some(earlier));
        }
        let loaded = self.load::<Integration>(&place.stream(), Freshness::Cached).await?;
        if loaded.state.validity(key.0, key.1) != Validity::Valid {
            return Ok(None);
        }
        let Accepted { row, values, .. } = match accepted {
            Some(accepted) => accepted,
            None => Accepted {
                row: self.row(&place.provider).await?,
                values: self.open_version(place, key).await?,
                if_match: IfMatch::Any,
            },
        };
        if !recipe::has_test(&row) {
            return Ok(None);
        }
        let outcome = self.inner.egress.test(&place.account, &row, &values).await;
        self.note_test(ctx, place, key, outcome).await.map(Some)
    }

    async fn note_test(
        &self,
        ctx: &Context,
        place: &Place,
        (credential, version): (CredentialId, u32),
        outcome: TestOutcome,
    ) -> Result<Executed<Integration>, CommandError> {
        let command = IntegrationCommand::RecordTest {
            connection: place.connection.clone(),
            credential,
            version,
            outcome,
            now: self.now(),
        };
        // All connections of an integration share its stream, and the provider has been asked already: verdicts that
        // arrive together wait for each other here, rather than lose a race too often.
        let _alone = self.inner.locks.stream(&place.stream()).await;
        self.execute::<Integration>(&place.id(), ctx, |loaded| Ok(loaded.state.decide(command.clone())?))
            .await
    }

    /// Opens a version of a connection's key that is in use or waits.
    async fn open_version(&self, place: &Place, key: (CredentialId, u32)) -> Result<FieldValues, CommandError> {
        let version = self.valid_version(place, key, Freshness::Cached).await?;
        let secret = place.secret(key.0, key.1);
        match self.inner.vault.open_secret(&secret, &version.sealed).await {
            // It was taken back after it was looked up: say so.
            Err(error @ VaultError::Missing { .. }) => {
                self.valid_version(place, key, Freshness::Fresh).await?;
                Err(error.into())
            }
            opened => Ok(opened?),
        }
    }

    async fn valid_version(
        &self,
        place: &Place,
        (credential, number): (CredentialId, u32),
        freshness: Freshness,
    ) -> Result<Version, CommandError> {
        let loaded = self.load::<Integration>(&place.stream(), freshness).await?;
        let keyed = loaded.state.installed()?.credential(&place.connection)?;
        let version = keyed.version(number).filter(|_| keyed.id == credential);
        version.cloned().ok_or(CommandError::Busy)
    }
}
