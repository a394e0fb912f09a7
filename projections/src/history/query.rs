use std::sync::Arc;

use domain::{AccountId, CredentialId, Position, ProviderKey};
use serde::Serialize;

use super::HistoryEntry;
use super::life::CredentialLife;
use super::projector::History;
use crate::shared::Shared;
use crate::store::{EventSelect, Generation, Scope, Store};
use crate::{ProjectionName, QueryError};

/// Answers questions about what happened.
pub struct HistoryQuery {
    store: Arc<dyn Store>,
    table: String,
    shared: Arc<Shared>,
}

/// Which events an auditor asks for. Conditions that are none hold for every event.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditFilter {
    /// Those that concern this account.
    pub account: Option<AccountId>,
    /// Those that concern this provider.
    pub provider: Option<ProviderKey>,
    /// Those of this type, such as `CredentialReleased`.
    pub kind: Option<String>,
    /// Those that this actor asked for.
    pub actor: Option<String>,
    /// Those after this position.
    pub after: Position,
    /// At most so many.
    pub limit: u32,
}

/// Some events, in the order of the log.
#[derive(Debug, Clone, Serialize)]
pub struct HistoryPage {
    /// The events.
    pub events: Vec<HistoryEntry>,
    /// Where to go on: ask for the events after this position. No event is ever missed by doing so.
    pub next: Position,
    /// Whether there was more when this was read.
    pub more: bool,
}

impl HistoryQuery {
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            table: Generation::live_table(ProjectionName::History, History::VERSION),
            shared: Arc::new(Shared::new(ProjectionName::History, History::VERSION)),
        }
    }

    pub(crate) const fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// What happened to an account's connections to one provider, its keys' releases included.
    ///
    /// # Errors
    /// [`QueryError`].
    pub async fn of_integration(
        &self,
        account: &AccountId,
        provider: &ProviderKey,
        after: Position,
        limit: u32,
    ) -> Result<HistoryPage, QueryError> {
        self.events(&AuditFilter {
            account: Some(account.clone()),
            provider: Some(provider.clone()),
            after,
            limit,
            ..AuditFilter::default()
        })
        .await
    }

    /// What happened, by the conditions of `filter`.
    ///
    /// # Errors
    /// [`QueryError`].
    pub async fn events(&self, filter: &AuditFilter) -> Result<HistoryPage, QueryError> {
        let select = EventSelect {
            after: filter.after,
            limit: Some(filter.limit.saturating_add(1)),
            account: filter.account.as_ref(),
            provider: filter.provider.as_ref(),
            kind: filter.kind.as_deref(),
            actor: filter.actor.as_deref(),
            credential: None,
        };
        let mut events = self.select(Scope::of(filter.account.as_ref()), &select).await?;
        let more = events.len() > filter.limit as usize;
        events.truncate(filter.limit as usize);
        let next = events.last().map_or(filter.after, |event| event.position);
        Ok(HistoryPage { events, next, more })
    }

    /// The whole life of a credential, its releases included, with its state after each event; none when there never was
    /// such a credential.
    ///
    /// # Errors
    /// [`QueryError`].
    pub async fn credential(&self, credential: CredentialId) -> Result<Option<CredentialLife>, QueryError> {
        let select = EventSelect {
            credential: Some(credential),
            ..EventSelect::default()
        };
        let events = self.select(Scope::Everything, &select).await?;
        CredentialLife::of(credential, events)
    }

    async fn select(&self, scope: Scope<'_>, select: &EventSelect<'_>) -> Result<Vec<HistoryEntry>, QueryError> {
        self.shared.require()?;
        let rows = self
            .store
            .events(scope, &self.table, select)
            .await
            .map_err(QueryError::Database)?;
        rows.iter().map(HistoryEntry::read).collect()
    }
}
