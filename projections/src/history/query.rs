use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::{AccountId, CredentialId, Position, ProviderKey};
use serde::Serialize;

use super::HistoryEntry;
use super::life::{CredentialLife, Replay};
use super::projector::History;
use crate::shared::Shared;
use crate::store::{EventSelect, Generation, Scope, Store, Way};
use crate::{ProjectionName, QueryError};

/// How many events of a credential are in memory at a time, while it is replayed.
const REPLAYED: u32 = 500;

/// How many events are looked at for one page, at most.
const LOOKED_AT: u32 = 10_000;

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
    /// Those recorded then or later.
    pub from: Option<DateTime<Utc>>,
    /// Those recorded before then.
    pub to: Option<DateTime<Utc>>,
    /// Those after this position.
    pub after: Position,
    /// At most so many.
    pub limit: u32,
}

/// Some events, in the order of the log or, from [`HistoryQuery::newest`], the newest first.
#[derive(Debug, Clone, Serialize)]
pub struct HistoryPage {
    /// The events.
    pub events: Vec<HistoryEntry>,
    /// Where to go on: ask for the events after this position, or before it. No event is ever missed by doing so.
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

    /// What happened, by the conditions of `filter`. A page may hold fewer events than were asked for, or none, and still
    /// have more behind it: so many are looked at for one page, and no more.
    ///
    /// # Errors
    /// [`QueryError`].
    pub async fn events(&self, filter: &AuditFilter) -> Result<HistoryPage, QueryError> {
        let scope = Scope::of(filter.account.as_ref());
        let (low, high) = self.part_of(scope, filter).await?;
        let way = Way::Forwards {
            after: filter.after.max(low),
            until: high,
        };
        self.page(scope, filter, way).await
    }

    /// The same, the newest first: those before `before`, or the latest. `filter.after` is not looked
    /// at: to go on, ask for those before `next`.
    ///
    /// # Errors
    /// [`QueryError`].
    pub async fn newest(&self, filter: &AuditFilter, before: Option<Position>) -> Result<HistoryPage, QueryError> {
        let scope = Scope::of(filter.account.as_ref());
        let (low, high) = self.part_of(scope, filter).await?;
        let way = Way::Backwards {
            before: [before, high].into_iter().flatten().min(),
            since: low,
        };
        self.page(scope, filter, way).await
    }

    async fn page(&self, scope: Scope<'_>, filter: &AuditFilter, way: Way) -> Result<HistoryPage, QueryError> {
        let edge = self.edge(scope, filter, way).await?;
        let select = EventSelect {
            way: edge.map_or(way, |edge| way.no_further_than(edge)),
            limit: Some(filter.limit.saturating_add(1)),
            kind: filter.kind.as_deref(),
            actor: filter.actor.as_deref(),
            provider: filter.provider.as_ref(),
            from: filter.from,
            to: filter.to,
            ..found_by_index(filter, way)
        };
        let mut events = self.select(scope, &select).await?;
        let full = events.len() > filter.limit as usize;
        events.truncate(filter.limit as usize);
        let last = events.last().map_or(way.start(), |event| event.position);
        let (next, more) = match edge {
            Some(edge) if !full => (edge, true),
            _ => (last, full),
        };
        Ok(HistoryPage { events, next, more })
    }

    /// Where a page ends at the latest, when its conditions have to be looked for event by event.
    async fn edge(&self, scope: Scope<'_>, filter: &AuditFilter, way: Way) -> Result<Option<Position>, QueryError> {
        let by_index = filter.kind.is_none()
            && filter.actor.is_none()
            && filter.from.is_none()
            && filter.to.is_none()
            && (filter.provider.is_none() || filter.account.is_some());
        if by_index {
            return Ok(None);
        }
        let select = EventSelect {
            skip: LOOKED_AT - 1,
            limit: Some(1),
            ..found_by_index(filter, way)
        };
        Ok(self.select(scope, &select).await?.pop().map(|event| event.position))
    }

    /// The life of a credential, its releases included, with its state after each event: at most `limit` steps after
    /// `after`. None when there never was such a credential, or when it belongs to an account that `of` leaves out: that
    /// is known after one event, so that nobody can tell the one from the other by the time that it takes.
    ///
    /// # Errors
    /// [`QueryError`].
    pub async fn credential(
        &self,
        credential: CredentialId,
        of: impl Fn(&AccountId) -> bool + Send,
        after: Position,
        limit: u32,
    ) -> Result<Option<CredentialLife>, QueryError> {
        let mut select = EventSelect {
            credential: Some(credential),
            limit: Some(1),
            ..EventSelect::default()
        };
        let Some(first) = self.select(Scope::Everything, &select).await?.pop() else {
            return Ok(None);
        };
        let mut replay = Replay::new(credential, first, after)?;
        if !of(replay.account()) {
            return Ok(None);
        }
        // What a credential is follows from all that happened to it: it is replayed from its start, a part at a time.
        select.limit = Some(REPLAYED);
        loop {
            let events = self.select(Scope::Everything, &select).await?;
            let Some(last) = events.last() else {
                return Ok(Some(replay.life()));
            };
            select.way = Way::Forwards {
                after: last.position,
                until: None,
            };
            for event in events {
                if !replay.step(event, limit as usize)? {
                    return Ok(Some(replay.life()));
                }
            }
        }
    }

    pub(super) async fn select(
        &self,
        scope: Scope<'_>,
        select: &EventSelect<'_>,
    ) -> Result<Vec<HistoryEntry>, QueryError> {
        self.shared.require()?;
        let way = select.way.up_to(self.shared.edge(select.account));
        let rows = self
            .store
            .events(scope, &self.table, &EventSelect { way, ..*select })
            .await
            .map_err(QueryError::database)?;
        rows.iter().map(HistoryEntry::read).collect()
    }
}

/// The conditions of a filter that an index answers in the order of the log.
fn found_by_index(filter: &AuditFilter, way: Way) -> EventSelect<'_> {
    EventSelect {
        way,
        account: filter.account.as_ref(),
        provider: filter.provider.as_ref().filter(|_| filter.account.is_some()),
        ..EventSelect::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_conditions_that_no_index_answers_are_left_out_of_the_look_ahead() {
        let (account, provider) = ("acme".parse().ok(), "mock".parse().ok());
        let filter = AuditFilter {
            account,
            provider,
            kind: Some("CredentialReleased".to_owned()),
            ..AuditFilter::default()
        };
        let found = found_by_index(&filter, Way::default());
        assert!(found.account.is_some() && found.provider.is_some() && found.kind.is_none());
        let everybodys = AuditFilter {
            account: None,
            ..filter
        };
        assert!(found_by_index(&everybodys, Way::default()).provider.is_none());
    }
}
