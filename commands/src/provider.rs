use std::sync::Arc;

use domain::integration::TestOutcome;
use domain::provider::{Entry, Logo, Provider, ProviderCommand, ProviderRow, Revision};
use domain::recipe::{self, Problem};
use domain::{Actor, Aggregate, ProviderKey};

use crate::execute::Freshness;
use crate::{CommandError, Commands, Context, IfMatch, RawFields, Receipt};

impl Commands {
    /// Adds a row to the catalog; live at once when `publish`, else a draft.
    ///
    /// # Errors
    /// [`CommandError::Invalid`] with what the linter found; `provider-key-taken`.
    pub async fn add_provider(
        &self,
        ctx: Context,
        row: ProviderRow,
        logo: Option<Logo>,
        publish: bool,
    ) -> Result<Receipt<Provider>, CommandError> {
        let key = row.key.clone();
        let command = ProviderCommand::Add { row, logo, publish };
        self.change_provider(ctx, key, IfMatch::Any, command).await
    }

    /// Changes a row: only what differs. `if_match` is the revision that the caller read, when it insists on it.
    ///
    /// # Errors
    /// [`CommandError::NotFound`], [`CommandError::PreconditionFailed`]; [`CommandError::Invalid`] with what the linter
    /// finds in the outcome.
    pub async fn revise_provider(
        &self,
        ctx: Context,
        key: ProviderKey,
        revision: Revision,
        if_match: IfMatch,
    ) -> Result<Receipt<Provider>, CommandError> {
        self.change_provider(ctx, key, if_match, ProviderCommand::Revise(revision))
            .await
    }

    /// Sets, replaces or removes a row's logo.
    ///
    /// # Errors
    /// [`CommandError::NotFound`], [`CommandError::PreconditionFailed`].
    pub async fn set_logo(
        &self,
        ctx: Context,
        key: ProviderKey,
        logo: Option<Logo>,
        if_match: IfMatch,
    ) -> Result<Receipt<Provider>, CommandError> {
        self.change_provider(ctx, key, if_match, ProviderCommand::SetLogo(logo))
            .await
    }

    /// Makes a draft live. A live row stays as it is.
    ///
    /// # Errors
    /// [`CommandError::NotFound`], [`CommandError::PreconditionFailed`]; `provider-retired`.
    pub async fn publish(
        &self,
        ctx: Context,
        key: ProviderKey,
        if_match: IfMatch,
    ) -> Result<Receipt<Provider>, CommandError> {
        self.change_provider(ctx, key, if_match, ProviderCommand::Publish).await
    }

    /// Takes a row out of the marketplace. What accounts connected goes on working.
    ///
    /// # Errors
    /// [`CommandError::NotFound`], [`CommandError::PreconditionFailed`]; `provider-not-published` for a draft.
    pub async fn retire(
        &self,
        ctx: Context,
        key: ProviderKey,
        if_match: IfMatch,
    ) -> Result<Receipt<Provider>, CommandError> {
        self.change_provider(ctx, key, if_match, ProviderCommand::Retire).await
    }

    /// Brings a retired row back.
    ///
    /// # Errors
    /// [`CommandError::NotFound`], [`CommandError::PreconditionFailed`]; `provider-not-published`, `provider-published`.
    pub async fn reinstate(
        &self,
        ctx: Context,
        key: ProviderKey,
        if_match: IfMatch,
    ) -> Result<Receipt<Provider>, CommandError> {
        self.change_provider(ctx, key, if_match, ProviderCommand::Reinstate)
            .await
    }

    /// What the linter says of a row, before anybody saves it; nothing of a row that may be saved.
    #[must_use]
    pub fn lint_provider(&self, row: &ProviderRow) -> Vec<Problem> {
        recipe::lint(row, &self.inner.egress.lint_policy())
    }

    /// Tests a row, draft or not, with a key that is kept nowhere: nothing is stored, and nothing is appended. It counts
    /// as a test of the one who asks. A row without a test gives the verdict `untestable`.
    ///
    /// # Errors
    /// [`CommandError::NotFound`]; [`CommandError::Invalid`] with what is wrong with the fields.
    pub async fn try_provider(
        &self,
        actor: &Actor,
        key: &ProviderKey,
        fields: RawFields,
    ) -> Result<TestOutcome, CommandError> {
        let loaded = self.load::<Provider>(&Provider::stream(key), Freshness::Fresh).await?;
        let row = &loaded.state.entry().ok_or(CommandError::NotFound("provider"))?.row;
        let egress = &self.inner.egress;
        let values = recipe::accept(row, fields, &egress.lint_policy()).map_err(CommandError::Invalid)?;
        Ok(egress.try_out(actor, row, &values).await)
    }

    async fn change_provider(
        &self,
        ctx: Context,
        key: ProviderKey,
        if_match: IfMatch,
        command: ProviderCommand,
    ) -> Result<Receipt<Provider>, CommandError> {
        self.to_the_end(|this| async move {
            let executed = this
                .execute::<Provider>(&key, &ctx, |loaded| {
                    loaded.precondition(&if_match)?;
                    this.lint(&loaded.state, &command)?;
                    Ok(loaded.state.decide(command.clone())?)
                })
                .await?;
            Ok(executed.receipt(executed.after.state.clone()))
        })
        .await
    }

    /// What the linter says of the row that a command would leave behind.
    fn lint(&self, provider: &Provider, command: &ProviderCommand) -> Result<(), CommandError> {
        let row = match (command, provider.entry()) {
            (ProviderCommand::Add { row, .. }, None) => row.clone(),
            (ProviderCommand::Revise(revision), Some(entry)) => revision.clone().applied_to(&entry.row),
            _ => return Ok(()),
        };
        let problems = self.lint_provider(&row);
        if problems.is_empty() {
            Ok(())
        } else {
            Err(CommandError::Invalid(problems))
        }
    }

    /// The row of a provider that accounts may know of, wherever it stands: what they connected goes on working when it is
    /// retired.
    pub(crate) async fn row(&self, key: &ProviderKey) -> Result<Arc<ProviderRow>, CommandError> {
        let missing = CommandError::NotFound("provider");
        let entry = self.announced(key).await?.ok_or(missing)?;
        Ok(entry.row)
    }

    /// A provider that is or was in the marketplace, read again when memory knows of none. A draft never was: to an
    /// account it does not exist.
    pub(crate) async fn announced(&self, key: &ProviderKey) -> Result<Option<Entry>, CommandError> {
        let stream = Provider::stream(key);
        let loaded = self.load::<Provider>(&stream, Freshness::Cached).await?;
        if let Provider::Published(entry) | Provider::Retired(entry) = &loaded.state {
            return Ok(Some(entry.clone()));
        }
        let loaded = self.load::<Provider>(&stream, Freshness::Fresh).await?;
        Ok(match &loaded.state {
            Provider::Published(entry) | Provider::Retired(entry) => Some(entry.clone()),
            Provider::Absent | Provider::Draft(_) => None,
        })
    }

    /// The row of a provider that an account may install.
    pub(crate) async fn installable(&self, key: &ProviderKey) -> Result<Arc<ProviderRow>, CommandError> {
        let stream = Provider::stream(key);
        let mut loaded = self.load::<Provider>(&stream, Freshness::Cached).await?;
        if loaded.state.installable().is_err() {
            loaded = self.load::<Provider>(&stream, Freshness::Fresh).await?;
        }
        Ok(Arc::clone(&loaded.state.installable()?.row))
    }
}
