use std::collections::BTreeMap;

use chrono::serde::{ts_microseconds, ts_microseconds_option};
use chrono::{DateTime, Utc};
use domain::integration::{
    ConnectionStatus, CredentialConnected, CredentialDisconnected, CredentialRotated, CredentialTested,
    IntegrationEvent, Standing, Verdict,
};
use domain::{AccountId, Category, ConnectionName, CredentialId, Event, ProviderKey, StreamId};
use eventlog::StoredEvent;
use serde::{Deserialize, Serialize};

use crate::ProjectionName;
use crate::model::{Keys, Model, Unfit};
use crate::named::Named;

/// The read model of what accounts have installed and connected: one document per account and provider.
pub(crate) struct Integrations;

/// An account's connections to one provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct IntegrationDocument {
    pub(crate) provider: ProviderKey,
    /// The revision of the stream.
    pub(crate) revision: u64,
    /// None while it is off the account's list.
    #[serde(with = "ts_microseconds_option")]
    pub(crate) installed_at: Option<DateTime<Utc>>,
    /// None for one that holds no key.
    pub(crate) connections: Named<Option<Box<Key>>>,
}

/// The key behind a connection, in all its valid versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Key {
    pub(crate) credential: CredentialId,
    #[serde(with = "ts_microseconds")]
    pub(crate) connected_at: DateTime<Utc>,
    pub(crate) current: Version,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) candidate: Option<Version>,
    /// Until when; none for one that the next event retires.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) retiring: BTreeMap<u32, Option<DateTime<Utc>>>,
}

/// One version of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Version {
    pub(crate) number: u32,
    #[serde(with = "ts_microseconds")]
    pub(crate) saved_at: DateTime<Utc>,
    pub(crate) status: ConnectionStatus,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) last_test: Option<TestRecord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) identity: Option<String>,
}

/// The last test of a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TestRecord {
    pub(crate) verdict: Verdict,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<String>,
    #[serde(with = "ts_microseconds")]
    pub(crate) at: DateTime<Utc>,
}

/// The key of a document. No account id has a dot in it, so all of an account's stand together.
pub(crate) fn key(account: &AccountId, provider: &ProviderKey) -> String {
    [account.as_str(), ".", provider.as_str()].concat()
}

impl Model for Integrations {
    type Document = IntegrationDocument;
    const NAME: ProjectionName = ProjectionName::Integrations;
    const VERSION: u32 = 1;

    fn concerns(category: Category) -> bool {
        category == Category::Integration
    }

    fn keys(stored: &StoredEvent, _event: &Event) -> Keys {
        match &stored.stream {
            StreamId::Integration(account, provider) => Keys::one(key(account, provider)),
            _ => Keys::NONE,
        }
    }

    fn apply(
        _key: &str,
        document: &mut Option<IntegrationDocument>,
        stored: &StoredEvent,
        event: &Event,
    ) -> Result<bool, Unfit> {
        let (StreamId::Integration(_, provider), Event::Integration(event)) = (&stored.stream, event) else {
            return Err(Unfit("an integration's stream holds an event of another kind"));
        };
        if matches!(event, IntegrationEvent::IntegrationInstalled(_)) {
            *document = Some(IntegrationDocument {
                provider: provider.clone(),
                revision: stored.revision,
                installed_at: Some(stored.recorded_at),
                connections: Named::one(ConnectionName::default(), None),
            });
            return Ok(true);
        }
        let document = document
            .as_mut()
            .ok_or(Unfit("something happened to an integration that was never installed"))?;
        document.revision = stored.revision;
        document.change(event, stored.recorded_at);
        Ok(true)
    }
}

impl IntegrationDocument {
    /// Not on any list, and without connections.
    pub(crate) const fn empty(provider: ProviderKey) -> Self {
        Self {
            provider,
            revision: 0,
            installed_at: None,
            connections: Named::new(),
        }
    }

    /// Applies what follows the installation.
    pub(crate) fn change(&mut self, event: &IntegrationEvent, at: DateTime<Utc>) {
        match event {
            IntegrationEvent::IntegrationInstalled(_) | IntegrationEvent::CredentialErased(_) => {}
            IntegrationEvent::CredentialConnected(event) => self.connect(event, at),
            IntegrationEvent::CredentialRotated(event) => {
                if let Some(key) = self.key(&event.connection, event.credential) {
                    key.rotate(event, at);
                }
            }
            IntegrationEvent::CredentialTested(event) => {
                if let Some(key) = self.key(&event.connection, event.credential) {
                    key.tested(event, at);
                }
            }
            IntegrationEvent::CredentialRetired(event) => {
                if let Some(key) = self.key(&event.connection, event.credential) {
                    key.retiring.remove(&event.version);
                }
            }
            IntegrationEvent::CredentialDisconnected(event) => self.disconnect(event),
            IntegrationEvent::IntegrationUninstalled(_) => {
                self.installed_at = None;
                self.connections = Named::new();
            }
        }
    }

    fn key(&mut self, connection: &ConnectionName, credential: CredentialId) -> Option<&mut Key> {
        self.connections
            .get_mut(connection)?
            .as_deref_mut()
            .filter(|key| key.credential == credential)
    }

    fn connect(&mut self, event: &CredentialConnected, at: DateTime<Utc>) {
        let key = Key {
            credential: event.credential,
            connected_at: at,
            current: Version::new(event.version, at),
            candidate: None,
            retiring: BTreeMap::new(),
        };
        self.connections.insert(&event.connection, Some(Box::new(key)));
    }

    /// `default` stays on the list without a key; a connection of another name is gone with its key.
    fn disconnect(&mut self, event: &CredentialDisconnected) {
        if self.key(&event.connection, event.credential).is_some() {
            self.connections.remove(&event.connection);
            let default = ConnectionName::default();
            if self.connections.get(&default).is_none() {
                self.connections.insert(&default, None);
            }
        }
    }
}

impl Key {
    fn rotate(&mut self, event: &CredentialRotated, at: DateTime<Utc>) {
        let version = Version::new(event.version, at);
        if let Some(dropped) = self.candidate.take() {
            self.retiring.insert(dropped.number, None);
        }
        match &event.standing {
            Standing::Current { supersedes } => {
                self.replace(version, supersedes.as_ref().and_then(|superseded| superseded.retire_at));
            }
            Standing::Candidate => self.candidate = Some(version),
        }
    }

    fn tested(&mut self, event: &CredentialTested, at: DateTime<Utc>) {
        if let Some(promotes_over) = &event.promotes_over
            && let Some(mut version) = self.candidate.take_if(|candidate| candidate.number == event.version)
        {
            version.tested(event, at);
            self.replace(version, promotes_over.retire_at);
            return;
        }
        let valid = [Some(&mut self.current), self.candidate.as_mut()].into_iter().flatten();
        for version in valid.filter(|version| version.number == event.version) {
            version.tested(event, at);
        }
    }

    fn replace(&mut self, version: Version, retire_at: Option<DateTime<Utc>>) {
        let old = std::mem::replace(&mut self.current, version);
        self.retiring.insert(old.number, retire_at);
    }
}

impl Version {
    const fn new(number: u32, saved_at: DateTime<Utc>) -> Self {
        Self {
            number,
            saved_at,
            status: ConnectionStatus::Unverified,
            last_test: None,
            identity: None,
        }
    }

    fn tested(&mut self, event: &CredentialTested, at: DateTime<Utc>) {
        self.status = self.status.after(&event.outcome);
        if event.outcome.identity.is_some() {
            self.identity.clone_from(&event.outcome.identity);
        }
        self.last_test = Some(TestRecord {
            verdict: event.outcome.verdict,
            code: event.outcome.code.clone(),
            at,
        });
    }
}
