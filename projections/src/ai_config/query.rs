use std::sync::Arc;

use domain::integration::ConnectionStatus;
use domain::{AccountId, ConnectionName, ProviderKey};

use super::document::{Account, AiConfig, AiDocument, Integration, Key, Provider};
use super::document::{account_key, integration_key, provider_key};
use super::{Refusal, Resolution, Source};
use crate::QueryError;
use crate::reader::Reader;
use crate::store::Scope;

/// How far up the tree of accounts a key is looked for.
const MAX_DEPTH: usize = 16;

/// Answers which key an AI service gets. Everything that an answer was made of stays in memory until it changes.
pub struct AiConfigQuery {
    reader: Reader<AiConfig>,
}

/// A key that can be used, and where it was found.
struct Found {
    owner: AccountId,
    key: Key,
}

impl AiConfigQuery {
    pub(crate) const fn new(reader: Reader<AiConfig>) -> Self {
        Self { reader }
    }

    pub(crate) const fn reader(&self) -> &Reader<AiConfig> {
        &self.reader
    }

    /// Whose key `account` gets for `provider`; without one, for the first provider of its preference that has a key
    /// which can be used. An account that prefers none gets the first of the AI providers on its list.
    ///
    /// The account's own key comes first. Where it has none, its settings may let it use one of the account above it, and
    /// so on up, each account asking for itself; but never one that belongs to the other account's own server, and never
    /// in the place of a key that the provider refused. When no provider of the preference gives a key, the refusal says
    /// what is wrong with the first that is installed.
    ///
    /// # Errors
    /// [`QueryError`]; the inner result is the answer.
    pub async fn resolve(
        &self,
        account: &AccountId,
        provider: Option<&ProviderKey>,
        connection: Option<&ConnectionName>,
    ) -> Result<Result<Resolution, Refusal>, QueryError> {
        let position = self.reader.shared.applied();
        let document = self.of_account(account, &account_key(account)).await?;
        let Some(own) = as_account(document.as_deref()).filter(|own| own.known) else {
            return Ok(Err(Refusal::UnknownAccount));
        };
        if own.closed {
            return Ok(Err(Refusal::AccountClosed));
        }
        let connection = connection.cloned().unwrap_or_default();
        let candidates = match provider {
            Some(provider) => vec![provider.clone()],
            None => self.preference(own).await?,
        };
        let mut refusal = Refusal::NotInstalled;
        for provider in candidates {
            match self.search(account, own, &provider, &connection).await? {
                Ok(found) => {
                    let model = self.model(own, &provider).await?;
                    return Ok(Ok(found.resolution(account, provider, connection, model, position)));
                }
                Err(reason) if refusal == Refusal::NotInstalled => refusal = reason,
                Err(_) => {}
            }
        }
        Ok(Err(refusal))
    }

    /// The account's preference; where it has none, the AI providers on its list, in the order of their keys.
    async fn preference(&self, own: &Account) -> Result<Vec<ProviderKey>, QueryError> {
        if !own.settings.providers.is_empty() {
            return Ok(own.settings.providers.clone());
        }
        let mut providers = Vec::new();
        for key in &own.installed {
            let document = self.of_provider(key).await?;
            if as_provider(document.as_deref()).is_some_and(|provider| provider.ai.is_some()) {
                providers.push(key.clone());
            }
        }
        Ok(providers)
    }

    /// Looks for a key from the account upwards. `own` is the account itself, which is open.
    async fn search(
        &self,
        account: &AccountId,
        own: &Account,
        provider: &ProviderKey,
        connection: &ConnectionName,
    ) -> Result<Result<Found, Refusal>, QueryError> {
        let mut owner = account.clone();
        let mut settings = own;
        let mut document;
        let mut refusal = None;
        for _ in 0..MAX_DEPTH {
            let reason = match self.own(&owner, provider, connection).await? {
                Ok(key) => return Ok(Ok(Found { owner, key })),
                Err(reason) => reason,
            };
            // What is wrong with the account's own key is said first; an ancestor's only when it hinders.
            let first = *refusal.get_or_insert(reason);
            if !reason.is_absence() {
                return Ok(Err(reason));
            }
            let Some(parent) = self.above(settings, provider).await? else {
                return Ok(Err(first));
            };
            owner = parent;
            document = self.of_account(&owner, &account_key(&owner)).await?;
            match as_account(document.as_deref()).filter(|account| !account.closed) {
                Some(account) => settings = account,
                None => return Ok(Err(first)),
            }
        }
        Ok(Err(refusal.unwrap_or(Refusal::NotInstalled)))
    }

    /// The own key of an account that is open, if it can be used.
    async fn own(
        &self,
        account: &AccountId,
        provider: &ProviderKey,
        connection: &ConnectionName,
    ) -> Result<Result<Key, Refusal>, QueryError> {
        let document = self.of_account(account, &integration_key(account, provider)).await?;
        let Some(integration) = as_integration(document.as_deref()).filter(|found| found.installed) else {
            return Ok(Err(Refusal::NotInstalled));
        };
        Ok(match integration.keys.get(connection) {
            None => Err(Refusal::Disconnected),
            Some(key) => match key.status {
                ConnectionStatus::Connected | ConnectionStatus::Unverified => Ok(*key),
                ConnectionStatus::Disconnected => Err(Refusal::Disconnected),
                ConnectionStatus::Rejected => Err(Refusal::CredentialRejected),
                ConnectionStatus::NeedsReauth => Err(Refusal::NeedsReauth),
            },
        })
    }

    /// The account whose key may be used in the place of this one's, if this one's settings say so.
    async fn above(&self, account: &Account, provider: &ProviderKey) -> Result<Option<AccountId>, QueryError> {
        if !account.settings.inherit {
            return Ok(None);
        }
        let document = self.of_provider(provider).await?;
        let lent = as_provider(document.as_deref()).is_some_and(|provider| !provider.own_server);
        Ok(account.parent.clone().filter(|_| lent))
    }

    /// The model: the account's choice with the provider that it prefers, else the row's own default.
    async fn model(&self, own: &Account, provider: &ProviderKey) -> Result<Option<String>, QueryError> {
        let chosen = own.settings.providers.first().is_none_or(|first| first == provider);
        if let (Some(model), true) = (&own.settings.model, chosen) {
            return Ok(Some(model.clone()));
        }
        let document = self.of_provider(provider).await?;
        let ai = as_provider(document.as_deref()).and_then(|provider| provider.ai.as_ref());
        Ok(ai.and_then(|ai| ai.default_model.clone()))
    }

    /// A document of the account's own.
    async fn of_account(&self, account: &AccountId, key: &str) -> Result<Option<Arc<AiDocument>>, QueryError> {
        self.reader.get(Scope::Account(account), key).await
    }

    /// A provider's row belongs to no account, but stands in one table with what does.
    async fn of_provider(&self, provider: &ProviderKey) -> Result<Option<Arc<AiDocument>>, QueryError> {
        self.reader.get(Scope::Everything, &provider_key(provider)).await
    }
}

fn as_account(document: Option<&AiDocument>) -> Option<&Account> {
    match document {
        Some(AiDocument::Account(account)) => Some(account),
        _ => None,
    }
}

fn as_provider(document: Option<&AiDocument>) -> Option<&Provider> {
    match document {
        Some(AiDocument::Provider(provider)) => Some(provider),
        _ => None,
    }
}

fn as_integration(document: Option<&AiDocument>) -> Option<&Integration> {
    match document {
        Some(AiDocument::Integration(integration)) => Some(integration),
        _ => None,
    }
}

impl Found {
    fn resolution(
        self,
        account: &AccountId,
        provider: ProviderKey,
        connection: ConnectionName,
        model: Option<String>,
        position: domain::Position,
    ) -> Resolution {
        let source = if self.owner == *account {
            Source::Account
        } else {
            Source::Inherited(self.owner.clone())
        };
        Resolution {
            account: account.clone(),
            owner: self.owner,
            provider,
            connection,
            credential: self.key.credential,
            credential_version: self.key.version,
            source,
            status: self.key.status,
            model,
            position,
        }
    }
}
