use chrono::{DateTime, Utc};
use domain::account::AccountEvent;
use domain::{AccountId, Category, Event, ProviderKey, StreamId};
use eventlog::StoredEvent;
use serde::{Deserialize, Serialize};

use crate::ProjectionName;
use crate::model::{Keys, Model, Unfit};

/// The read model of the accounts: a document per account, found by its parent as well.
pub(crate) struct Accounts;

/// An account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountView {
    /// Its id.
    pub id: AccountId,
    /// The name that people read.
    pub name: String,
    /// The account above it.
    pub parent: Option<AccountId>,
    /// Whether it is in use.
    pub status: AccountStatus,
    /// Which AI providers its services use.
    pub ai_settings: AiSettingsView,
    /// When it was opened.
    pub opened_at: DateTime<Utc>,
    /// When it was closed.
    pub closed_at: Option<DateTime<Utc>>,
    /// The revision of the account, for `ETag` and `If-Match`.
    pub revision: u64,
}

/// Whether an account is in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountStatus {
    /// It is.
    Open,
    /// It was closed for ever, and every key of it erased.
    Closed,
}

/// Which AI providers an account's services use.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AiSettingsView {
    /// The providers in order of preference.
    pub providers: Vec<ProviderKey>,
    /// The model, where the provider's own default is not wanted.
    pub model: Option<String>,
    /// Whether a key of the account above may be used where this account has connected none.
    pub inherit: bool,
}

impl Model for Accounts {
    type Document = AccountView;
    const NAME: ProjectionName = ProjectionName::Accounts;
    const VERSION: u32 = 1;

    fn concerns(category: Category) -> bool {
        category == Category::Account
    }

    fn keys(stored: &StoredEvent, _event: &Event) -> Keys {
        match &stored.stream {
            StreamId::Account(id) => Keys::one(id.to_string()),
            _ => Keys::NONE,
        }
    }

    fn apply(
        _key: &str,
        document: &mut Option<AccountView>,
        stored: &StoredEvent,
        event: &Event,
    ) -> Result<bool, Unfit> {
        let (StreamId::Account(id), Event::Account(event)) = (&stored.stream, event) else {
            return Err(Unfit("an account's stream holds an event of another kind"));
        };
        if let AccountEvent::AccountOpened(event) = event {
            *document = Some(AccountView {
                id: id.clone(),
                name: event.name.clone(),
                parent: event.parent.clone(),
                status: AccountStatus::Open,
                ai_settings: AiSettingsView::default(),
                opened_at: stored.recorded_at,
                closed_at: None,
                revision: stored.revision,
            });
            return Ok(true);
        }
        let account = document
            .as_mut()
            .ok_or(Unfit("something happened to an account that was never opened"))?;
        account.revision = stored.revision;
        match event {
            AccountEvent::AccountOpened(_) => {}
            AccountEvent::AccountRenamed(event) => account.name.clone_from(&event.name),
            AccountEvent::AiSettingsChosen(event) => {
                account.ai_settings = AiSettingsView {
                    providers: event.providers.clone(),
                    model: event.model.clone(),
                    inherit: event.inherit,
                };
            }
            AccountEvent::AccountClosed(_) => {
                account.status = AccountStatus::Closed;
                account.closed_at = Some(stored.recorded_at);
            }
        }
        Ok(true)
    }

    fn lookup(document: &AccountView) -> Option<String> {
        document.parent.as_ref().map(AccountId::to_string)
    }
}
