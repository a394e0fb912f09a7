//! Read models in PostgreSQL, for any number of processes. Row-level security keeps accounts apart, whatever a statement
//! says; leases see to it that one process writes a projection.

mod bookkeeping;
mod connect;
mod documents;
mod events;
mod leases;
mod tables;
mod text;
mod transaction;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use domain::Sha256Digest;
use futures::TryStreamExt;
use sqlx::{AssertSqlSafe, PgConnection, Postgres, Row};
use uuid::Uuid;

use self::connect::Pools;
use self::text::unescaped;
use self::transaction::PostgresTransaction;
use super::{
    Checkpoint, Digester, DocumentSelect, EventRow, EventSelect, Fence, Generation, Leases, Purpose, Scope, Stage,
    Stop, Store, Transaction,
};
use crate::{ProjectionError, ProjectionName};

/// A database of read models on a PostgreSQL server.
pub(crate) struct PostgresStore {
    pools: Pools,
    /// This process, among those that hold leases.
    owner: Uuid,
}

impl PostgresStore {
    /// Connects, and brings the bookkeeping to its current form.
    pub(crate) async fn open(url: &str) -> Result<Self, ProjectionError> {
        let pools = connect::connect(url).await?;
        let mut connection = pools.readers.acquire().await?;
        let owner: Vec<u8> = sqlx::query_scalar("SELECT uuid_send(gen_random_uuid())")
            .fetch_one(&mut *connection)
            .await?;
        drop(connection);
        let owner = crate::store::uuid_from(&owner)?;
        Ok(Self { pools, owner })
    }

    /// A transaction that sees the rows of this scope. An account's id has no character that means anything in SQL.
    async fn moment(&self, scope: Scope<'_>) -> Result<sqlx::Transaction<'static, Postgres>, sqlx::Error> {
        let account = match scope {
            Scope::Public => "",
            Scope::Account(account) => account.as_str(),
            Scope::Everything => "*",
        };
        let begin =
            format!("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL soconnective.account = '{account}'");
        self.pools.readers.begin_with(AssertSqlSafe(begin)).await
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn checkpoints(&self, name: ProjectionName) -> Result<Vec<Checkpoint>, sqlx::Error> {
        bookkeeping::all(&self.pools.readers, name).await
    }

    async fn stops(&self, name: ProjectionName, version: u32) -> Result<Vec<Stop>, sqlx::Error> {
        bookkeeping::stops(&self.pools.readers, name, version).await
    }

    async fn begin(
        &self,
        name: ProjectionName,
        purpose: Purpose,
        fence: Option<&Fence>,
    ) -> Result<Box<dyn Transaction>, sqlx::Error> {
        let tx = PostgresTransaction::begin(&self.pools.writers, name, purpose, fence).await?;
        Ok(Box::new(tx))
    }

    async fn load(&self, table: &str, keys: &[&Arc<str>]) -> Result<HashMap<String, String>, sqlx::Error> {
        let mut moment = self.moment(Scope::Everything).await?;
        let found = documents::load(&mut *moment, table, keys).await?;
        moment.commit().await?;
        Ok(found)
    }

    async fn documents(
        &self,
        scope: Scope<'_>,
        table: &str,
        select: DocumentSelect<'_>,
    ) -> Result<Vec<String>, sqlx::Error> {
        if scope == Scope::Public {
            return documents::select(&self.pools.readers, table, select).await;
        }
        let mut moment = self.moment(scope).await?;
        let found = documents::select(&mut *moment, table, select).await?;
        moment.commit().await?;
        Ok(found)
    }

    async fn count(&self, scope: Scope<'_>, table: &str, ending: &str, member: &str) -> Result<u64, sqlx::Error> {
        let mut moment = self.moment(scope).await?;
        let count = documents::count(&mut *moment, table, ending, member).await?;
        moment.commit().await?;
        Ok(count)
    }

    async fn events(
        &self,
        scope: Scope<'_>,
        table: &str,
        select: &EventSelect<'_>,
    ) -> Result<Vec<EventRow>, sqlx::Error> {
        let mut moment = self.moment(scope).await?;
        let found = events::select(&mut *moment, table, select).await?;
        moment.commit().await?;
        Ok(found)
    }

    async fn digest(
        &self,
        name: ProjectionName,
        stage: Stage,
    ) -> Result<Option<(Vec<Checkpoint>, Sha256Digest)>, sqlx::Error> {
        let mut moment = self.moment(Scope::Everything).await?;
        sqlx::query("SET LOCAL statement_timeout = 0")
            .execute(&mut *moment)
            .await?;
        let mut found = bookkeeping::all(&mut *moment, name).await?;
        found.retain(|checkpoint| checkpoint.stage == stage);
        let Some(first) = found.first() else {
            return Ok(None);
        };
        let digest = digest(&mut moment, name, &Generation::table(first)).await?;
        moment.commit().await?;
        Ok(Some((found, digest)))
    }

    fn folder(&self) -> Option<&Path> {
        None
    }

    fn leases(&self) -> Option<&dyn Leases> {
        Some(self)
    }

    async fn close(&self) {
        self.pools.keeper.close().await;
        self.pools.readers.close().await;
        self.pools.writers.close().await;
    }
}

async fn digest(db: &mut PgConnection, name: ProjectionName, table: &str) -> Result<Sha256Digest, sqlx::Error> {
    let mut digest = Digester::default();
    if name == ProjectionName::History {
        let sql = format!("SELECT {} FROM {table} ORDER BY position", events::COLUMNS);
        let mut rows = sqlx::query(AssertSqlSafe(sql)).fetch(db);
        while let Some(row) = rows.try_next().await? {
            digest.event(&events::read(&row)?)?;
        }
    } else {
        let sql = format!("SELECT key, lookup, document FROM {table} ORDER BY key");
        let mut rows = sqlx::query(AssertSqlSafe(sql)).fetch(db);
        while let Some(row) = rows.try_next().await? {
            let lookup: Option<&str> = row.try_get(1)?;
            let lookup = lookup.map(unescaped);
            digest.document(&unescaped(row.try_get(0)?), lookup.as_deref(), row.try_get(2)?);
        }
    }
    Ok(digest.finish())
}
