use std::sync::Arc;

use domain::account::{Account, AccountCommand, AiSettings, Profile};
use domain::{AccountId, Aggregate};

use crate::execute::Freshness;
use crate::loaded::Loaded;
use crate::{CommandError, Commands, Context, IfMatch, Receipt, Recorder};

/// An account as the host platform tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAccount {
    /// Its id, chosen by the host platform.
    pub id: AccountId,
    /// The name that people read.
    pub name: String,
    /// The account above it.
    pub parent: Option<AccountId>,
}

/// How many accounts can stand above one another.
pub(crate) const MAX_DEPTH: usize = 10;

impl Recorder {
    /// An account, read again when memory knows of no open one.
    pub(crate) async fn load_account(&self, account: &AccountId) -> Result<Arc<Loaded<Account>>, CommandError> {
        let stream = Account::stream(account);
        let loaded = self.load::<Account>(&stream, Freshness::Cached).await?;
        if loaded.state.open().is_ok() {
            return Ok(loaded);
        }
        self.load::<Account>(&stream, Freshness::Fresh).await
    }
}

impl Commands {
    /// Opens an account.
    ///
    /// # Errors
    /// `account-exists`; [`CommandError::Invalid`] at `/name`, or at `/parent` when there is no such open account or
    /// the tree would become too deep.
    pub async fn open_account(&self, ctx: Context, account: NewAccount) -> Result<Receipt<Account>, CommandError> {
        self.to_the_end(|this| async move {
            if let Some(earlier) = this.earlier::<Account>(&account.id, &ctx).await? {
                return Ok(earlier.receipt(earlier.after.state.clone()));
            }
            if let Some(parent) = &account.parent {
                this.check_parent(parent).await?;
            }
            let NewAccount { id, name, parent } = account;
            this.change_account(&id, &ctx, AccountCommand::Open { name, parent }, IfMatch::Any)
                .await
        })
        .await
    }

    /// Gives an account another name.
    ///
    /// # Errors
    /// [`CommandError::NotFound`]; `account-closed`; [`CommandError::Invalid`] at `/name`.
    pub async fn rename_account(
        &self,
        ctx: Context,
        account: AccountId,
        name: String,
    ) -> Result<Receipt<Account>, CommandError> {
        self.to_the_end(|this| async move {
            this.change_account(&account, &ctx, AccountCommand::Rename { name }, IfMatch::Any)
                .await
        })
        .await
    }

    /// Chooses which AI providers an account's services use. `if_match` is the revision that the caller read, when it
    /// insists on one.
    ///
    /// # Errors
    /// [`CommandError::NotFound`], [`CommandError::PreconditionFailed`]; `account-closed`; [`CommandError::Invalid`] at
    /// `/providers`, `/providers/<index>` or `/model`.
    pub async fn choose_ai_settings(
        &self,
        ctx: Context,
        account: AccountId,
        settings: AiSettings,
        if_match: IfMatch,
    ) -> Result<Receipt<Account>, CommandError> {
        self.to_the_end(|this| async move {
            if let Some(earlier) = this.earlier::<Account>(&account, &ctx).await? {
                return Ok(earlier.receipt(earlier.after.state.clone()));
            }
            this.require_open(&account).await?;
            for (index, key) in settings.providers.iter().take(AiSettings::MAX_PROVIDERS).enumerate() {
                if this.announced(key).await?.is_none() {
                    let pointer = format!("/providers/{index}");
                    let message = "There is no provider with this key. Look the key up in the catalog.";
                    return Err(CommandError::invalid(pointer, "provider-unknown", message));
                }
            }
            this.change_account(&account, &ctx, AccountCommand::ChooseAiSettings(settings), if_match)
                .await
        })
        .await
    }

    pub(crate) async fn change_account(
        &self,
        account: &AccountId,
        ctx: &Context,
        command: AccountCommand,
        if_match: IfMatch,
    ) -> Result<Receipt<Account>, CommandError> {
        let executed = self
            .execute::<Account>(account, ctx, |loaded| {
                loaded.precondition(&if_match)?;
                Ok(loaded.state.decide(command.clone())?)
            })
            .await?;
        Ok(executed.receipt(executed.after.state.clone()))
    }

    /// An account that is in use.
    ///
    /// # Errors
    /// [`CommandError::NotFound`]; `account-closed`.
    pub(crate) async fn require_open(&self, account: &AccountId) -> Result<Profile, CommandError> {
        let loaded = self.load_account(account).await?;
        Ok(loaded.state.open()?.clone())
    }

    async fn check_parent(&self, parent: &AccountId) -> Result<(), CommandError> {
        let missing = "There is no open account with this id to stand above this one. Open it first.";
        let mut above = Some(parent.clone());
        for depth in 0..MAX_DEPTH {
            let Some(account) = above else {
                return Ok(());
            };
            let loaded = self.load_account(&account).await?;
            above = match loaded.state.open() {
                Ok(profile) => profile.parent.clone(),
                // A closed account higher up is not of this caller's making.
                Err(_) if depth > 0 => return Ok(()),
                Err(_) => return Err(CommandError::invalid("/parent", "parent-unknown", missing)),
            };
        }
        let message = "At most 10 accounts can stand above one another. Choose a parent higher up.";
        Err(CommandError::invalid("/parent", "too-deep", message))
    }
}
