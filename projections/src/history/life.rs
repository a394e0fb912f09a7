use std::collections::BTreeSet;

use domain::integration::{ConnectionStatus, IntegrationEvent};
use domain::{AccountId, ConnectionName, CredentialId, Event, ProviderKey};
use serde::Serialize;

use super::HistoryEntry;
use crate::integrations::IntegrationDocument;
use crate::{ProjectionName, QueryError};

/// The whole life of a credential.
#[derive(Debug, Clone, Serialize)]
pub struct CredentialLife {
    /// The credential.
    pub credential: CredentialId,
    /// The account that owns it.
    pub account: AccountId,
    /// The provider.
    pub provider: ProviderKey,
    /// The connection.
    pub connection: ConnectionName,
    /// What happened, in order.
    pub steps: Vec<LifeStep>,
}

/// An event in the life of a credential.
#[derive(Debug, Clone, Serialize)]
pub struct LifeStep {
    /// The event.
    pub event: HistoryEntry,
    /// How the credential was after it.
    pub state: CredentialState,
}

/// How a credential was at some time.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct CredentialState {
    /// How its connection was; `disconnected` once it was taken back.
    pub status: ConnectionStatus,
    /// The version in use.
    pub current: Option<u32>,
    /// The version that waited for a test.
    pub candidate: Option<u32>,
    /// Superseded versions that were still valid.
    pub retiring: Vec<u32>,
    /// Versions whose secrets were destroyed.
    pub erased: Vec<u32>,
}

impl CredentialLife {
    pub(super) fn of(credential: CredentialId, events: Vec<HistoryEntry>) -> Result<Option<Self>, QueryError> {
        let Some(first) = events.first() else {
            return Ok(None);
        };
        let corrupt = || QueryError::Corrupt(ProjectionName::History);
        let (Some(account), Some(provider), Some(connection)) = (&first.account, &first.provider, &first.connection)
        else {
            return Err(corrupt());
        };
        let mut life = Self {
            credential,
            account: account.clone(),
            provider: provider.clone(),
            connection: connection.clone(),
            steps: Vec::with_capacity(events.len()),
        };
        let mut document = IntegrationDocument::empty(life.provider.clone());
        let mut erased = BTreeSet::new();
        for event in events {
            let body = Event::decode(&event.kind, event.schema, event.data.get()).map_err(|_| corrupt())?;
            if let Event::Integration(body) = &body {
                if let IntegrationEvent::CredentialErased(body) = body {
                    erased.extend(&body.versions);
                }
                document.change(body, event.recorded_at);
            }
            let state = CredentialState::of(&document, &life.connection, &erased);
            life.steps.push(LifeStep { event, state });
        }
        Ok(Some(life))
    }
}

impl CredentialState {
    fn of(document: &IntegrationDocument, connection: &ConnectionName, erased: &BTreeSet<u32>) -> Self {
        let erased = erased.iter().copied().collect();
        match document.connections.get(connection) {
            Some(Some(key)) => Self {
                status: key.current.status,
                current: Some(key.current.number),
                candidate: key.candidate.as_ref().map(|candidate| candidate.number),
                retiring: key.retiring.keys().copied().collect(),
                erased,
            },
            Some(None) | None => Self {
                erased,
                ..Self::default()
            },
        }
    }
}
