//! Read models in PostgreSQL, for any number of processes. Row-level security keeps accounts apart, whatever a statement
//! says; leases see to it that one process writes a projection.

mod bookkeeping;
mod connect;
mod documents;
mod events;
mod leases;
mod moment;
mod piece;
mod tables;
mod text;
mod transaction;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::Sha256Digest;
use futures::TryStreamExt;
use sqlx::{AssertSqlSafe, PgConnection, Row, raw_sql};
use uuid::Uuid;

use self::connect::Pools;
use self::moment::Moment;
use self::text::unescaped;
use self::transaction::{PostgresTransaction, within};
use super::{
    Checkpoint, Digester, DocumentSelect, EventRow, EventSelect, Fence, Generation, Leases, Purpose, Scope, Stage,
    Stop, Store, Transaction,
};
use crate::{ProjectionError, ProjectionName};

/// How long the next row of a digest is waited for: before the first, the server may have to sort them all.
const NEXT_ROW: Duration = Duration::from_mins(10);

/// A database of read models on a PostgreSQL server.
pub(crate) struct PostgresStore {
    pools: Pools,
    /// This process, among those that hold leases.
    owner: Uuid,
    /// How long a question takes at most.
    limit: Duration,
}

impl PostgresStore {
    /// Connects, and brings the bookkeeping to its current form.
    pub(crate) async fn open(url: &str) -> Result<Self, ProjectionError> {
        let pools = connect::connect(url).await?;
        let owner: Vec<u8> = within(moment::LIMIT, async {
            let mut moment = Moment::plain(&pools.readers).await?;
            let owner = sqlx::query_scalar("SELECT uuid_send(gen_random_uuid())");
            let owner = owner.fetch_one(moment.db()?).await?;
            moment.give_back();
            Ok(owner)
        })
        .await?;
        let owner = crate::store::uuid_from(&owner)?;
        let limit = moment::LIMIT;
        Ok(Self { pools, owner, limit })
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn checkpoints(&self, name: ProjectionName) -> Result<Vec<Checkpoint>, sqlx::Error> {
        within(self.limit, async {
            let mut moment = Moment::plain(&self.pools.readers).await?;
            let found = bookkeeping::all(moment.db()?, name).await?;
            moment.give_back();
            Ok(found)
        })
        .await
    }

    async fn stops(&self, name: ProjectionName, version: u32) -> Result<Vec<Stop>, sqlx::Error> {
        within(self.limit, async {
            let mut moment = Moment::plain(&self.pools.readers).await?;
            let found = bookkeeping::stops(moment.db()?, name, version).await?;
            moment.give_back();
            Ok(found)
        })
        .await
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
        within(self.limit, async {
            let mut moment = Moment::of(&self.pools.readers, Scope::Everything).await?;
            let found = documents::load(moment.db()?, table, keys).await?;
            moment.end().await?;
            Ok(found)
        })
        .await
    }

    async fn documents(
        &self,
        scope: Scope<'_>,
        table: &str,
        select: DocumentSelect<'_>,
    ) -> Result<Vec<String>, sqlx::Error> {
        within(self.limit, async {
            if scope == Scope::Public {
                let mut moment = Moment::plain(&self.pools.readers).await?;
                let found = documents::select(moment.db()?, table, select).await?;
                moment.give_back();
                return Ok(found);
            }
            let mut moment = Moment::of(&self.pools.readers, scope).await?;
            let found = documents::select(moment.db()?, table, select).await?;
            moment.end().await?;
            Ok(found)
        })
        .await
    }

    async fn count(&self, scope: Scope<'_>, table: &str, ending: &str, member: &str) -> Result<u64, sqlx::Error> {
        within(self.limit, async {
            let mut moment = Moment::of(&self.pools.readers, scope).await?;
            let count = documents::count(moment.db()?, table, ending, member).await?;
            moment.end().await?;
            Ok(count)
        })
        .await
    }

    async fn events(
        &self,
        scope: Scope<'_>,
        table: &str,
        select: &EventSelect<'_>,
    ) -> Result<Vec<EventRow>, sqlx::Error> {
        within(self.limit, async {
            let mut moment = Moment::of(&self.pools.readers, scope).await?;
            let found = events::select(moment.db()?, table, select).await?;
            moment.end().await?;
            Ok(found)
        })
        .await
    }

    async fn digest(
        &self,
        name: ProjectionName,
        stage: Stage,
    ) -> Result<Option<(Vec<Checkpoint>, Sha256Digest)>, sqlx::Error> {
        let begun = within(self.limit, async {
            let mut moment = Moment::of(&self.pools.readers, Scope::Everything).await?;
            let unlimited = raw_sql("SET LOCAL statement_timeout = 0");
            unlimited.execute(moment.db()?).await?;
            let all = bookkeeping::all(moment.db()?, name).await?;
            Ok((moment, all))
        });
        let (mut moment, mut found) = begun.await?;
        found.retain(|checkpoint| checkpoint.stage == stage);
        let digest = match found.first() {
            Some(first) => Some(digest(moment.db()?, name, &Generation::table(first)).await?),
            None => None,
        };
        within(self.limit, moment.end()).await?;
        Ok(digest.map(|digest| (found, digest)))
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
        while let Some(row) = within(NEXT_ROW, rows.try_next()).await? {
            digest.event(&events::read(&row)?)?;
        }
    } else {
        let sql = format!("SELECT key, lookup, document FROM {table} ORDER BY key");
        let mut rows = sqlx::query(AssertSqlSafe(sql)).fetch(db);
        while let Some(row) = within(NEXT_ROW, rows.try_next()).await? {
            let lookup: Option<&str> = row.try_get(1)?;
            let lookup = lookup.map(unescaped);
            digest.document(&unescaped(row.try_get(0)?), lookup.as_deref(), row.try_get(2)?);
        }
    }
    Ok(digest.finish())
}
