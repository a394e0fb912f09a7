use chrono::{DateTime, Utc};
use domain::integration::{ConnectionStatus, Verdict};
use domain::{ConnectionName, CredentialId, ProviderKey};
use serde::Serialize;

use super::document::{IntegrationDocument, Key, TestRecord, Version};
use crate::catalog::LogoRef;
use crate::named::Named;

/// An integration as Settings shows it. The masked hints are joined from the vault, by [`IntegrationView::secrets`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IntegrationView {
    /// The provider.
    pub provider: ProviderKey,
    /// The provider's name.
    pub name: String,
    /// The shelf of the marketplace that it stands on.
    pub category: String,
    /// Its logo.
    pub logo: Option<LogoRef>,
    /// Whether the provider has left the marketplace. What is connected goes on working.
    pub retired: bool,
    /// When the account put it on its list.
    pub installed_at: DateTime<Utc>,
    /// The revision of the integration, for `ETag` and `If-Match`.
    pub revision: u64,
    /// Its connections, in the order of their names.
    pub connections: Vec<ConnectionView>,
}

/// One connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConnectionView {
    /// Its name; `default` is always there.
    pub name: ConnectionName,
    /// How it is.
    pub status: ConnectionStatus,
    /// The credential; none while it is disconnected.
    pub credential: Option<CredentialId>,
    /// The version in use.
    pub version: Option<u32>,
    /// The last test of the version in use.
    pub last_test: Option<LastTest>,
    /// Whom the provider says the key belongs to.
    pub identity: Option<String>,
    /// When the credential was first saved.
    pub connected_at: Option<DateTime<Utc>>,
    /// When the version in use was saved.
    pub saved_at: Option<DateTime<Utc>>,
    /// A version that waits for a test that accepts it.
    pub candidate: Option<CandidateView>,
    /// Superseded versions that are still valid.
    pub retiring: Vec<RetiringView>,
}

/// A version that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CandidateView {
    /// Its number.
    pub version: u32,
    /// What its tests said so far.
    pub status: ConnectionStatus,
    /// The last of them.
    pub last_test: Option<LastTest>,
    /// When it was saved.
    pub saved_at: DateTime<Utc>,
}

/// A superseded version that is still valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct RetiringView {
    /// Its number.
    pub version: u32,
    /// Until when it is valid.
    pub retire_at: DateTime<Utc>,
}

/// The last test of a version of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LastTest {
    /// What came of it.
    pub verdict: Verdict,
    /// Why, as a stable code.
    pub code: Option<String>,
    /// When it was.
    pub at: DateTime<Utc>,
}

impl From<TestRecord> for LastTest {
    fn from(record: TestRecord) -> Self {
        Self {
            verdict: record.verdict,
            code: record.code,
            at: record.at,
        }
    }
}

/// What an integration shows of its provider.
pub(super) struct Face {
    pub(super) name: String,
    pub(super) category: String,
    pub(super) logo: Option<LogoRef>,
    pub(super) retired: bool,
}

impl IntegrationView {
    /// The credential versions whose masked hints belong to this view: of every connection the version in use and the
    /// one that waits.
    pub fn secrets(&self) -> impl Iterator<Item = (CredentialId, u32)> + '_ {
        self.connections.iter().flat_map(ConnectionView::secrets)
    }

    /// None while it is off the account's list.
    pub(super) fn new(document: IntegrationDocument, face: Face) -> Option<Self> {
        Some(Self {
            installed_at: document.installed_at?,
            provider: document.provider,
            name: face.name,
            category: face.category,
            logo: face.logo,
            retired: face.retired,
            revision: document.revision,
            connections: connections(document.connections),
        })
    }
}

impl ConnectionView {
    /// The credential versions of this connection that have a masked hint.
    pub fn secrets(&self) -> impl Iterator<Item = (CredentialId, u32)> + '_ {
        let candidate = self.candidate.as_ref().map(|candidate| candidate.version);
        self.credential.into_iter().flat_map(move |credential| {
            self.version
                .into_iter()
                .chain(candidate)
                .map(move |version| (credential, version))
        })
    }

    fn without_key(name: ConnectionName) -> Self {
        Self {
            name,
            status: ConnectionStatus::Disconnected,
            credential: None,
            version: None,
            last_test: None,
            identity: None,
            connected_at: None,
            saved_at: None,
            candidate: None,
            retiring: Vec::new(),
        }
    }

    fn with_key(name: ConnectionName, key: Key) -> Self {
        let retiring = key.retiring.into_iter();
        Self {
            name,
            status: key.current.status,
            credential: Some(key.credential),
            version: Some(key.current.number),
            last_test: key.current.last_test.map(LastTest::from),
            identity: key.current.identity,
            connected_at: Some(key.connected_at),
            saved_at: Some(key.current.saved_at),
            candidate: key.candidate.map(CandidateView::from),
            retiring: retiring
                .filter_map(|(version, retire_at)| retire_at.map(|retire_at| RetiringView { version, retire_at }))
                .collect(),
        }
    }
}

impl From<Version> for CandidateView {
    fn from(version: Version) -> Self {
        Self {
            version: version.number,
            status: version.status,
            last_test: version.last_test.map(LastTest::from),
            saved_at: version.saved_at,
        }
    }
}

fn connections(connections: Named<Option<Box<Key>>>) -> Vec<ConnectionView> {
    let views = connections.into_iter().map(|(name, key)| match key {
        None => ConnectionView::without_key(name),
        Some(key) => ConnectionView::with_key(name, *key),
    });
    views.collect()
}
