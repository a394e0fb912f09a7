use std::collections::BTreeSet;

use domain::account::AccountEvent;
use domain::integration::{ConnectionStatus, IntegrationEvent, Standing};
use domain::provider::{ProviderEvent, ProviderRow};
use domain::recipe::{self, Ai, FieldKind};
use domain::{AccountId, Category, ConnectionName, CredentialId, Event, ProviderKey, StreamId};
use eventlog::StoredEvent;
use serde::{Deserialize, Serialize};

use crate::ProjectionName;
use crate::accounts::AiSettingsView;
use crate::model::{Keys, Model, Unfit};
use crate::named::Named;

/// The read model of what decides whose key an AI service gets. It holds little, changes seldom, and is all in memory
/// after it was asked for once.
pub(crate) struct AiConfig;

/// A document of the model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AiDocument {
    Account(Account),
    Provider(Provider),
    Integration(Integration),
}

/// An account's place in the tree, and what it chose.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Account {
    pub(crate) known: bool,
    pub(crate) closed: bool,
    pub(crate) parent: Option<AccountId>,
    pub(crate) settings: AiSettingsView,
    /// What it has on its list.
    pub(crate) installed: BTreeSet<ProviderKey>,
}

/// What matters of a provider's row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Provider {
    /// Whether requests go to the account's own server: such a credential is never lent to another account.
    pub(crate) own_server: bool,
    pub(crate) ai: Option<Ai>,
}

/// The keys of an account's connections to one provider.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Integration {
    pub(crate) installed: bool,
    pub(crate) keys: Named<Key>,
}

/// The version in use of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Key {
    pub(crate) credential: CredentialId,
    pub(crate) version: u32,
    pub(crate) status: ConnectionStatus,
}

pub(crate) fn account_key(account: &AccountId) -> String {
    ["account:", account.as_str()].concat()
}

pub(crate) fn provider_key(provider: &ProviderKey) -> String {
    ["provider:", provider.as_str()].concat()
}

pub(crate) fn integration_key(account: &AccountId, provider: &ProviderKey) -> String {
    ["integration:", account.as_str(), ".", provider.as_str()].concat()
}

impl Model for AiConfig {
    type Document = AiDocument;
    const NAME: ProjectionName = ProjectionName::AiConfig;
    const VERSION: u32 = 1;

    fn concerns(category: Category) -> bool {
        matches!(category, Category::Provider | Category::Account | Category::Integration)
    }

    fn keys(stored: &StoredEvent, event: &Event) -> Keys {
        match (&stored.stream, event) {
            (StreamId::Account(account), _) => Keys::one(account_key(account)),
            (StreamId::Provider(provider), _) => Keys::one(provider_key(provider)),
            (
                StreamId::Integration(account, provider),
                Event::Integration(
                    IntegrationEvent::IntegrationInstalled(_) | IntegrationEvent::IntegrationUninstalled(_),
                ),
            ) => Keys::two(integration_key(account, provider), account_key(account)),
            (StreamId::Integration(account, provider), _) => Keys::one(integration_key(account, provider)),
            _ => Keys::NONE,
        }
    }

    fn apply(key: &str, document: &mut Option<AiDocument>, stored: &StoredEvent, event: &Event) -> Result<bool, Unfit> {
        match (&stored.stream, event) {
            (StreamId::Account(_), Event::Account(event)) => {
                edit(document, AiDocument::account, |account| account.change(event))
            }
            (StreamId::Provider(_), Event::Provider(event)) => Ok(provider(document, event)),
            (StreamId::Integration(_, provider), Event::Integration(event)) => {
                if key.starts_with("account:") {
                    edit(document, AiDocument::account, |account| account.list(provider, event))
                } else {
                    edit(document, AiDocument::integration, |integration| {
                        integration.change(event)
                    })
                }
            }
            _ => Err(Unfit("a stream holds an event of another kind")),
        }
    }
}

/// Changes one part of a document, which is made when it is missing, and says whether anything is different.
fn edit<T>(
    document: &mut Option<AiDocument>,
    part: impl Fn(&mut Option<AiDocument>) -> Option<&mut T>,
    change: impl FnOnce(&mut T) -> bool,
) -> Result<bool, Unfit> {
    let fresh = document.is_none();
    let part = part(document).ok_or(Unfit("a document is of another kind than its key says"))?;
    Ok(change(part) || fresh)
}

impl AiDocument {
    fn account(document: &mut Option<Self>) -> Option<&mut Account> {
        match document.get_or_insert_with(|| Self::Account(Account::default())) {
            Self::Account(account) => Some(account),
            Self::Provider(_) | Self::Integration(_) => None,
        }
    }

    fn integration(document: &mut Option<Self>) -> Option<&mut Integration> {
        match document.get_or_insert_with(|| Self::Integration(Integration::default())) {
            Self::Integration(integration) => Some(integration),
            Self::Provider(_) | Self::Account(_) => None,
        }
    }
}

/// Keeps what matters of the row, and says whether that is anything new.
fn provider(document: &mut Option<AiDocument>, event: &ProviderEvent) -> bool {
    let facts = match event {
        ProviderEvent::ProviderAdded(event) => Provider::of(&event.row),
        ProviderEvent::ProviderRecipeChanged(event) => Provider {
            own_server: event.recipe.fields.iter().any(is_own_server),
            ai: event.recipe.ai.clone(),
        },
        _ => return false,
    };
    let facts = Some(AiDocument::Provider(facts));
    let changed = *document != facts;
    *document = facts;
    changed
}

impl Provider {
    fn of(row: &ProviderRow) -> Self {
        Self {
            own_server: row.recipe.fields.iter().any(is_own_server),
            ai: row.recipe.ai.clone(),
        }
    }
}

/// Whether the field names a server of the account's own, rather than one that the row fixes.
fn is_own_server(field: &recipe::Field) -> bool {
    matches!(field.kind, FieldKind::Host | FieldKind::Url) && field.fixed.is_none()
}

impl Account {
    fn change(&mut self, event: &AccountEvent) -> bool {
        match event {
            AccountEvent::AccountOpened(event) => {
                self.known = true;
                self.parent.clone_from(&event.parent);
            }
            AccountEvent::AccountRenamed(_) => return false,
            AccountEvent::AiSettingsChosen(event) => {
                self.settings = AiSettingsView {
                    providers: event.providers.clone(),
                    model: event.model.clone(),
                    inherit: event.inherit,
                };
            }
            AccountEvent::AccountClosed(_) => self.closed = true,
        }
        true
    }

    fn list(&mut self, provider: &ProviderKey, event: &IntegrationEvent) -> bool {
        if matches!(event, IntegrationEvent::IntegrationUninstalled(_)) {
            self.installed.remove(provider)
        } else {
            self.installed.insert(provider.clone())
        }
    }
}

impl Integration {
    fn change(&mut self, event: &IntegrationEvent) -> bool {
        match event {
            IntegrationEvent::IntegrationInstalled(_) => {
                self.installed = true;
                true
            }
            IntegrationEvent::CredentialConnected(event) => {
                let key = Key {
                    credential: event.credential,
                    version: event.version,
                    status: ConnectionStatus::Unverified,
                };
                self.keys.insert(&event.connection, key);
                true
            }
            IntegrationEvent::CredentialRotated(event) => {
                let current = matches!(event.standing, Standing::Current { .. });
                self.change_key(&event.connection, event.credential, |key| {
                    if current {
                        key.replace(event.version);
                    }
                })
            }
            IntegrationEvent::CredentialTested(event) => self.change_key(&event.connection, event.credential, |key| {
                if event.promotes_over.is_some() {
                    key.replace(event.version);
                }
                if key.version == event.version {
                    key.status = key.status.after(&event.outcome);
                }
            }),
            IntegrationEvent::CredentialRetired(_) | IntegrationEvent::CredentialErased(_) => false,
            IntegrationEvent::CredentialDisconnected(event) => {
                let known = self
                    .keys
                    .get(&event.connection)
                    .is_some_and(|key| key.credential == event.credential);
                if known {
                    self.keys.remove(&event.connection);
                }
                known
            }
            IntegrationEvent::IntegrationUninstalled(_) => {
                *self = Self::default();
                true
            }
        }
    }

    /// Changes a key, if it is the one that is there, and says whether it is different then.
    fn change_key(
        &mut self,
        connection: &ConnectionName,
        credential: CredentialId,
        change: impl FnOnce(&mut Key),
    ) -> bool {
        let found = self.keys.get_mut(connection).filter(|key| key.credential == credential);
        found.is_some_and(|key| {
            let before = *key;
            change(key);
            *key != before
        })
    }
}

impl Key {
    /// Another version is in use, and nothing is known of it yet.
    const fn replace(&mut self, version: u32) {
        self.version = version;
        self.status = ConnectionStatus::Unverified;
    }
}
