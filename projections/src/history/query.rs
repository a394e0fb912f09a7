use std::sync::Arc;

use domain::{AccountId, CredentialId, Position, ProviderKey};
use serde::Serialize;
use sqlx::Arguments;
use sqlx::sqlite::{SqliteArguments, SqlitePool};

use super::HistoryEntry;
use super::life::CredentialLife;
use super::projector::History;
use crate::shared::Shared;
use crate::store::{Generation, HistoryTable, ReadStore, position_to};
use crate::{ProjectionName, QueryError};

/// Answers questions about what happened.
pub struct HistoryQuery {
    readers: SqlitePool,
    table: HistoryTable,
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
    pub(crate) fn new(store: &ReadStore) -> Self {
        Self {
            readers: store.readers().clone(),
            table: HistoryTable::new(&Generation::live_table(ProjectionName::History, History::VERSION)),
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
        let conditions = [
            ("account", filter.account.as_ref().map(AccountId::as_str)),
            ("provider", filter.provider.as_ref().map(ProviderKey::as_str)),
            ("kind", filter.kind.as_deref()),
            ("actor", filter.actor.as_deref()),
        ];
        let mut sql = "position > ?1".to_owned();
        let mut arguments = SqliteArguments::default();
        bind(&mut arguments, position_to(filter.after).map_err(QueryError::Database)?)?;
        bind(&mut arguments, i64::from(filter.limit) + 1)?;
        for (column, value) in conditions {
            if let Some(value) = value {
                bind(&mut arguments, value)?;
                let place = arguments.len().to_string();
                sql.extend([" AND ", column, " = ?", &place]);
            }
        }
        sql.push_str(" ORDER BY position LIMIT ?2");
        let mut events = self.select(&sql, arguments).await?;
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
        let mut arguments = SqliteArguments::default();
        bind(&mut arguments, credential.uuid().as_bytes().as_slice())?;
        let events = self.select("credential = ?1 ORDER BY position", arguments).await?;
        CredentialLife::of(credential, events)
    }

    async fn select(&self, filter: &str, arguments: SqliteArguments) -> Result<Vec<HistoryEntry>, QueryError> {
        self.shared.require()?;
        let rows = self
            .table
            .select(&self.readers, filter, arguments)
            .await
            .map_err(QueryError::Database)?;
        rows.iter().map(HistoryEntry::read).collect()
    }
}

fn bind<'a, T>(arguments: &mut SqliteArguments, value: T) -> Result<(), QueryError>
where
    T: sqlx::Encode<'a, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>,
{
    arguments
        .add(value)
        .map_err(|error| QueryError::Database(sqlx::Error::Encode(error)))
}
