use std::collections::BTreeSet;

use domain::integration::{ConnectionStatus, IntegrationEvent};
use domain::{AccountId, ConnectionName, CredentialId, Event, Position, ProviderKey};
use serde::Serialize;

use super::HistoryEntry;
use crate::integrations::IntegrationDocument;
use crate::{ProjectionName, QueryError};

/// The life of a credential, or a part of it.
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
    /// Where to go on: ask for the steps after this position.
    pub next: Position,
    /// Whether there was more when this was read.
    pub more: bool,
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

/// Replays a credential, event by event.
pub(super) struct Replay {
    life: CredentialLife,
    document: IntegrationDocument,
    erased: BTreeSet<u32>,
}

impl Replay {
    /// From its first event on, which names whose it is. The steps after `after` are kept.
    pub(super) fn new(credential: CredentialId, first: HistoryEntry, after: Position) -> Result<Self, QueryError> {
        let (Some(account), Some(provider), Some(connection)) = (first.account, first.provider, first.connection)
        else {
            return Err(corrupt());
        };
        Ok(Self {
            document: IntegrationDocument::empty(provider.clone()),
            life: CredentialLife {
                credential,
                account,
                provider,
                connection,
                steps: Vec::new(),
                next: after,
                more: false,
            },
            erased: BTreeSet::new(),
        })
    }

    /// Whose it is.
    pub(super) const fn account(&self) -> &AccountId {
        &self.life.account
    }

    /// One more event. Whether `limit` leaves room for another one.
    pub(super) fn step(&mut self, event: HistoryEntry, limit: usize) -> Result<bool, QueryError> {
        if self.life.steps.len() == limit {
            self.life.more = true;
            return Ok(false);
        }
        let body = Event::decode(&event.kind, event.schema, event.data.get()).map_err(|_| corrupt())?;
        if let Event::Integration(body) = &body {
            if let IntegrationEvent::CredentialErased(body) = body {
                self.erased.extend(&body.versions);
            }
            self.document.change(body, event.recorded_at);
        }
        if event.position > self.life.next {
            self.life.next = event.position;
            let state = CredentialState::of(&self.document, &self.life.connection, &self.erased);
            self.life.steps.push(LifeStep { event, state });
        }
        Ok(true)
    }

    pub(super) fn life(self) -> CredentialLife {
        self.life
    }
}

const fn corrupt() -> QueryError {
    QueryError::Corrupt(ProjectionName::History)
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
