use std::collections::BTreeMap;

use domain::integration::{ConnectionStatus, Integration, IntegrationEvent, TestOutcome};
use domain::{ConnectionName, CredentialId, DekId};
use secrecy::SecretString;

/// The fields of a connect form as they were pasted.
pub type RawFields = BTreeMap<String, SecretString>;

/// What became of a key that was saved or tested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyReport {
    /// The connection.
    pub connection: ConnectionName,
    /// The credential.
    pub credential: CredentialId,
    /// The version that was saved or tested.
    pub version: u32,
    /// Where this version stands.
    pub place: KeyPlace,
    /// The status of the connection, which is that of its current version.
    pub status: ConnectionStatus,
    /// What the test said; none when the row has no test, or the test could not be noted.
    pub test: Option<TestOutcome>,
}

/// Where a version stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyPlace {
    /// In use.
    Current,
    /// Waiting for a test that accepts it; the working version stays in use.
    Candidate,
    /// Another one has taken its place, or the key was taken back.
    Superseded,
}

/// What an installation did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    /// What became of the key; none for "I'll add it later".
    pub key: Option<KeyReport>,
}

/// Whether the secrets that are no longer valid are gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Erasure {
    /// False when the vault could not be reached: the keys are invalid, and the sweeper erases them.
    pub complete: bool,
}

impl KeyReport {
    pub(crate) fn new(
        state: &Integration,
        connection: &ConnectionName,
        (credential, version): (CredentialId, u32),
        test: Option<TestOutcome>,
    ) -> Self {
        let installation = state.installed().ok();
        let keyed = installation
            .and_then(|installation| installation.credential(connection).ok())
            .filter(|keyed| keyed.id == credential);
        let place = match keyed {
            Some(keyed) if keyed.current.number == version => KeyPlace::Current,
            Some(keyed) if keyed.version(version).is_some() => KeyPlace::Candidate,
            _ => KeyPlace::Superseded,
        };
        Self {
            connection: connection.clone(),
            credential,
            version,
            place,
            status: installation.map_or(ConnectionStatus::Disconnected, |found| found.status(connection)),
            test,
        }
    }
}

/// The version that a command's events saved, and the key that it was sealed with.
pub(crate) fn saved(events: &[IntegrationEvent]) -> Option<((CredentialId, u32), DekId)> {
    events.iter().find_map(|event| match event {
        IntegrationEvent::CredentialConnected(event) => Some(((event.credential, event.version), event.sealed.dek)),
        IntegrationEvent::CredentialRotated(event) => Some(((event.credential, event.version), event.sealed.dek)),
        _ => None,
    })
}

/// The version that a command's events tested, and what the test said.
pub(crate) fn tested(events: &[IntegrationEvent]) -> Option<((CredentialId, u32), TestOutcome)> {
    events.iter().find_map(|event| match event {
        IntegrationEvent::CredentialTested(event) => Some(((event.credential, event.version), event.outcome.clone())),
        _ => None,
    })
}
