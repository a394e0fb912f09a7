use std::io;
use std::time::Duration;

use async_trait::async_trait;
use domain::Position;
use sqlx::{AssertSqlSafe, PgConnection, PgPool, Postgres, raw_sql};

use super::connect::SCHEMA;
use super::leases::LASTS;
use super::{bookkeeping, documents, events, tables};
use crate::ProjectionName;
use crate::store::{Checkpoint, Fence, Purpose, Rows, Stage, Stop, Transaction, position_to};

/// The first half of the advisory locks of projections; the second is a projection's place among all.
const LOCKS: i32 = 0x50C0;

/// How long one step of a transaction takes at most: longer than the server works on it. A connection can fall silent without
/// an end, and whoever waited for it would hold the lease for ever.
const LIMIT: Duration = Duration::from_secs(75);

/// A transaction that writes.
pub(super) struct PostgresTransaction {
    tx: sqlx::Transaction<'static, Postgres>,
    fence: Option<Fence>,
    limit: Duration,
}

impl PostgresTransaction {
    /// Begins it: for the rows of every account, together with other writers of rows or, where tables are made and renamed,
    /// without them; and under a lease, which nobody can take before it ends.
    pub(super) async fn begin(
        pool: &PgPool,
        name: ProjectionName,
        purpose: Purpose,
        fence: Option<&Fence>,
    ) -> Result<Self, sqlx::Error> {
        let lock = match purpose {
            Purpose::Rows => "pg_advisory_xact_lock_shared",
            Purpose::Tables => "pg_advisory_xact_lock",
        };
        let place = name.index();
        let patience = match purpose {
            Purpose::Rows => "",
            Purpose::Tables => "SET LOCAL idle_in_transaction_session_timeout = '60s'; SET LOCAL lock_timeout = '60s';",
        };
        let hold = fence.map_or_else(String::new, hold);
        let sql = format!("SET LOCAL soconnective.account = '*'; SELECT {lock}({LOCKS}, {place}); {patience} {hold}");
        let begun = async {
            let mut tx = pool.begin().await?;
            run(&mut tx, sql).await?;
            Ok(tx)
        };
        Ok(Self {
            tx: within(LIMIT, begun).await?,
            fence: fence.copied(),
            limit: LIMIT,
        })
    }

    /// Tells those who follow that something has moved.
    async fn tell(&mut self, name: ProjectionName) -> Result<(), sqlx::Error> {
        sqlx::query("SELECT pg_notify($1, $2)")
            .bind(SCHEMA)
            .bind(name.as_str())
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }
}

/// Fails unless the lease is held, and keeps it from being taken. All of it is the program's own: a name, numbers and an id.
fn hold(fence: &Fence) -> String {
    let Fence {
        name,
        version,
        part,
        owner,
        epoch,
    } = fence;
    let owner = owner.simple();
    format!("SELECT hold('{name}', {version}, {part}, '\\x{owner}', {epoch});")
}

/// Makes the lease last longer. Whoever commits is alive; and who commits without a pause keeps renewals of the lease out, since
/// it is locked meanwhile.
fn extend(fence: &Fence) -> String {
    let Fence {
        name,
        version,
        part,
        epoch,
        ..
    } = fence;
    format!(
        "UPDATE projection_lease SET expires_at = clock_timestamp() + {LASTS}
         WHERE name = '{name}' AND version = {version} AND part = {part} AND epoch = {epoch}"
    )
}

/// The answer, unless none comes in time.
pub(super) async fn within<T>(
    limit: Duration,
    answer: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    tokio::time::timeout(limit, answer).await.unwrap_or_else(|_| {
        let silent = "the server of the read models does not answer";
        Err(sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, silent)))
    })
}

async fn run(db: &mut PgConnection, sql: String) -> Result<(), sqlx::Error> {
    raw_sql(AssertSqlSafe(sql)).execute(db).await?;
    Ok(())
}

#[async_trait]
impl Transaction for PostgresTransaction {
    async fn checkpoints(&mut self, name: ProjectionName) -> Result<Vec<Checkpoint>, sqlx::Error> {
        bookkeeping::all(&mut *self.tx, name).await
    }

    async fn insert(&mut self, checkpoint: &Checkpoint) -> Result<(), sqlx::Error> {
        sqlx::query(
            "INSERT INTO projection (name, version, generation, state, log_id, position, recorded_at, part, parts, landmark)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        )
        .bind(checkpoint.name.as_str())
        .bind(i64::from(checkpoint.version))
        .bind(i64::from(checkpoint.generation))
        .bind(checkpoint.stage.as_str())
        .bind(checkpoint.log_id.as_bytes().as_slice())
        .bind(position_to(checkpoint.position)?)
        .bind(checkpoint.recorded_at.map(|time| time.timestamp_micros()))
        .bind(i64::from(checkpoint.part.index()))
        .bind(i64::from(checkpoint.part.parts().get()))
        .bind(checkpoint.landmark_text()?)
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    async fn advance(
        &mut self,
        checkpoint: &Checkpoint,
        reached: &Checkpoint,
        changed: bool,
    ) -> Result<bool, sqlx::Error> {
        let moving = sqlx::query(
            "WITH moved AS (
                 UPDATE projection SET position = $1, recorded_at = $2, changes = changes + $3, landmark = $12
                 WHERE name = $4 AND version = $5 AND generation = $6 AND state = $7 AND position = $8
                   AND part = $10 AND parts = $11
                 RETURNING name
             )
             SELECT pg_notify($9, name) FROM moved",
        )
        .bind(position_to(reached.position)?)
        .bind(reached.recorded_at.map(|time| time.timestamp_micros()))
        .bind(i64::from(changed))
        .bind(checkpoint.name.as_str())
        .bind(i64::from(checkpoint.version))
        .bind(i64::from(checkpoint.generation))
        .bind(checkpoint.stage.as_str())
        .bind(position_to(checkpoint.position)?)
        .bind(SCHEMA)
        .bind(i64::from(checkpoint.part.index()))
        .bind(i64::from(checkpoint.part.parts().get()))
        .bind(reached.landmark_text()?)
        .fetch_all(&mut *self.tx);
        Ok(within(self.limit, moving).await?.len() == 1)
    }

    async fn enter(&mut self, checkpoint: &Checkpoint, stage: Stage) -> Result<bool, sqlx::Error> {
        let moved = sqlx::query(
            "UPDATE projection SET state = $1
             WHERE name = $2 AND version = $3 AND generation = $4 AND state = $5 AND position = $6 AND part = $7",
        )
        .bind(stage.as_str())
        .bind(checkpoint.name.as_str())
        .bind(i64::from(checkpoint.version))
        .bind(i64::from(checkpoint.generation))
        .bind(checkpoint.stage.as_str())
        .bind(position_to(checkpoint.position)?)
        .bind(i64::from(checkpoint.part.index()))
        .execute(&mut *self.tx)
        .await?;
        self.tell(checkpoint.name).await?;
        Ok(moved.rows_affected() == 1)
    }

    async fn delete(&mut self, checkpoint: &Checkpoint) -> Result<(), sqlx::Error> {
        sqlx::query("DELETE FROM projection WHERE name = $1 AND version = $2 AND generation = $3")
            .bind(checkpoint.name.as_str())
            .bind(i64::from(checkpoint.version))
            .bind(i64::from(checkpoint.generation))
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }

    async fn write(&mut self, table: &str, rows: Rows) -> Result<(), sqlx::Error> {
        let (tx, limit) = (&mut *self.tx, self.limit);
        match rows {
            Rows::Documents(rows) => within(limit, documents::write(tx, table, &rows)).await,
            Rows::Events(events) => within(limit, events::write(tx, table, &events)).await,
        }
    }

    async fn create(&mut self, name: ProjectionName, table: &str) -> Result<(), sqlx::Error> {
        run(&mut self.tx, tables::ddl(name, table)).await
    }

    async fn index(&mut self, name: ProjectionName, table: &str) -> Result<(), sqlx::Error> {
        if name != ProjectionName::History {
            return Ok(());
        }
        let sql = ["SET LOCAL statement_timeout = 0;", &tables::indexes(table)].concat();
        run(&mut self.tx, sql).await
    }

    async fn rename(&mut self, from: &str, to: &str) -> Result<(), sqlx::Error> {
        run(&mut self.tx, format!("ALTER TABLE {from} RENAME TO {to}")).await
    }

    async fn remove(&mut self, table: &str) -> Result<(), sqlx::Error> {
        run(&mut self.tx, format!("DROP TABLE IF EXISTS {table}")).await
    }

    async fn set_stop(&mut self, stop: &Stop) -> Result<(), sqlx::Error> {
        sqlx::query(
            "INSERT INTO projection_stop (name, version, position, reason, part) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (name, version, part) DO UPDATE SET position = excluded.position, reason = excluded.reason",
        )
        .bind(stop.name.as_str())
        .bind(i64::from(stop.version))
        .bind(position_to(stop.position)?)
        .bind(stop.reason.replace('\0', " "))
        .bind(i64::from(stop.part))
        .execute(&mut *self.tx)
        .await?;
        self.tell(stop.name).await
    }

    async fn clear_stop(
        &mut self,
        name: ProjectionName,
        version: u32,
        position: Position,
    ) -> Result<bool, sqlx::Error> {
        let cleared = sqlx::query("DELETE FROM projection_stop WHERE name = $1 AND version = $2 AND position = $3")
            .bind(name.as_str())
            .bind(i64::from(version))
            .bind(position_to(position)?)
            .execute(&mut *self.tx)
            .await?;
        self.tell(name).await?;
        Ok(cleared.rows_affected() > 0)
    }

    async fn commit(self: Box<Self>) -> Result<(), sqlx::Error> {
        let Self { mut tx, fence, limit } = *self;
        within(limit, async {
            if let Some(fence) = &fence {
                run(&mut tx, extend(fence)).await?;
            }
            tx.commit().await
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use servers::Postgres;
    use uuid::Uuid;

    use super::*;
    use crate::part::Parts;
    use crate::store::Generation;
    use crate::store::postgres::PostgresStore;

    fn signal(name: &str, process: i32) {
        let sent = Command::new("kill")
            .args([name, &process.to_string()])
            .status()
            .unwrap();
        assert!(sent.success());
    }

    /// A server's process that is stopped keeps its connection open and says nothing, as a network that swallows packets.
    #[tokio::test]
    async fn a_connection_that_falls_silent_is_not_waited_for_without_end() {
        let server = Postgres::start();
        let store = PostgresStore::open(&server.database()).await.unwrap();
        let name = ProjectionName::Accounts;
        let start = Generation::start(&store, name, 1, Uuid::nil(), Parts::ONE, None)
            .await
            .unwrap();
        let mut tx = PostgresTransaction::begin(&store.pools.writers, name, Purpose::Rows, None)
            .await
            .unwrap();
        let process: i32 = sqlx::query_scalar("SELECT pg_backend_pid()")
            .fetch_one(&mut *tx.tx)
            .await
            .unwrap();
        tx.limit = Duration::from_millis(200);
        signal("-STOP", process);
        let reached = Checkpoint {
            position: Position::from_stored(1),
            ..start.clone()
        };
        let refused = tx.advance(&start, &reached, true).await;
        signal("-CONT", process);
        let error = refused.unwrap_err();
        assert!(
            matches!(&error, sqlx::Error::Io(error) if error.kind() == io::ErrorKind::TimedOut),
            "{error}"
        );
    }
}
