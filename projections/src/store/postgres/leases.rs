use async_trait::async_trait;
use sqlx::postgres::{PgListener, PgRow};
use sqlx::{Connection, Row};

use super::PostgresStore;
use super::bookkeeping::{checkpoint, small};
use super::connect::SCHEMA;
use crate::ProjectionName;
use crate::part::Part;
use crate::store::{Fence, Glance, Hints, Leases, Stop, position_from};

/// How long a lease lasts that is not renewed.
pub(super) const LASTS: &str = "interval '5 seconds'";

#[async_trait]
impl Leases for PostgresStore {
    async fn look(&self, wanted: &[(ProjectionName, u32)]) -> Result<Vec<Glance>, sqlx::Error> {
        let rows = sqlx::query(
            "SELECT wanted.place, p.*, s.position AS stop_position, s.reason,
                    coalesce(l.expires_at <= clock_timestamp(), true) AS free,
                    (SELECT count(*) FROM projection_node n WHERE n.name = wanted.name AND n.version = wanted.version
                       AND n.expires_at > clock_timestamp()) AS nodes
             FROM UNNEST($1::text[], $2::bigint[]) WITH ORDINALITY AS wanted (name, version, place)
             LEFT JOIN projection p ON p.name = wanted.name AND p.version = wanted.version AND p.state <> 'building'
             LEFT JOIN projection_stop s ON s.name = wanted.name AND s.version = wanted.version
                  AND s.part = coalesce(p.part, 0)
             LEFT JOIN projection_lease l ON l.name = wanted.name AND l.version = wanted.version
                  AND l.part = coalesce(p.part, 0)
             ORDER BY place, p.part",
        )
        .bind(names(wanted))
        .bind(versions(wanted))
        .fetch_all(&self.pools.keeper)
        .await?;
        rows.iter()
            .filter_map(|row| match row.try_get::<i64, _>("place") {
                Ok(place) => Some(glance(row, *at(wanted, place)?)),
                Err(error) => Some(Err(error)),
            })
            .collect()
    }

    async fn take(&self, name: ProjectionName, version: u32, part: u32) -> Result<Option<Fence>, sqlx::Error> {
        let mut connection = self.pools.keeper.acquire().await?;
        let mut tx = connection.begin().await?;
        // Unlike a read model, an epoch that was given away must never be forgotten. A lease in use is not waited for.
        sqlx::raw_sql("SET LOCAL synchronous_commit = on; SET LOCAL lock_timeout = '200ms'")
            .execute(&mut *tx)
            .await?;
        let sql = format!(
            "INSERT INTO projection_lease AS lease (name, version, part, owner, epoch, expires_at)
             VALUES ($1, $2, $3, $4, 1, clock_timestamp() + {LASTS})
             ON CONFLICT (name, version, part) DO UPDATE
             SET owner = excluded.owner, epoch = lease.epoch + 1, expires_at = clock_timestamp() + {LASTS}
             WHERE lease.expires_at <= clock_timestamp()
             RETURNING epoch"
        );
        let taken = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
            .bind(name.as_str())
            .bind(i64::from(version))
            .bind(i64::from(part))
            .bind(self.owner.as_bytes().as_slice())
            .fetch_optional(&mut *tx)
            .await;
        let epoch = match taken {
            Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("55P03") => None,
            taken => taken?,
        };
        if epoch.is_some() {
            tx.commit().await?;
        }
        Ok(epoch.map(|epoch| Fence {
            name,
            version,
            part,
            owner: self.owner,
            epoch,
        }))
    }

    async fn renew(&self, held: &[Fence]) -> Result<Vec<Fence>, sqlx::Error> {
        if held.is_empty() {
            return Ok(Vec::new());
        }
        // One that is locked is in use by a commit of our own, and has another turn.
        let sql = format!(
            "WITH held AS MATERIALIZED (
                 SELECT l.name, l.version, l.part FROM projection_lease l
                 JOIN UNNEST($1::text[], $2::bigint[], $3::bigint[], $5::bigint[]) AS h (name, version, epoch, part)
                   ON l.name = h.name AND l.version = h.version AND l.part = h.part AND l.epoch = h.epoch
                 WHERE l.owner = $4 AND l.expires_at > clock_timestamp()
                 FOR UPDATE OF l SKIP LOCKED
             )
             UPDATE projection_lease l SET expires_at = clock_timestamp() + {LASTS}
             FROM held WHERE l.name = held.name AND l.version = held.version AND l.part = held.part"
        );
        let names: Vec<&str> = held.iter().map(|fence| fence.name.as_str()).collect();
        let versions: Vec<i64> = held.iter().map(|fence| i64::from(fence.version)).collect();
        let epochs: Vec<i64> = held.iter().map(|fence| fence.epoch).collect();
        let parts: Vec<i64> = held.iter().map(|fence| i64::from(fence.part)).collect();
        sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(&names)
            .bind(&versions)
            .bind(&epochs)
            .bind(self.owner.as_bytes().as_slice())
            .bind(&parts)
            .execute(&self.pools.keeper)
            .await?;
        // One that ran out under such a commit is not lost: nobody can take it before the commit has made it last longer.
        let lost: Vec<i64> = sqlx::query_scalar(
            "WITH held AS (
                 SELECT h.place, l.name, l.version, l.part
                 FROM UNNEST($1::text[], $2::bigint[], $3::bigint[], $5::bigint[]) WITH ORDINALITY
                      AS h (name, version, epoch, part, place)
                 LEFT JOIN projection_lease l
                   ON l.name = h.name AND l.version = h.version AND l.part = h.part AND l.epoch = h.epoch AND l.owner = $4
             ), ended AS MATERIALIZED (
                 SELECT l.name, l.version, l.part FROM projection_lease l
                 WHERE (l.name, l.version, l.part) IN (SELECT name, version, part FROM held)
                   AND l.expires_at <= clock_timestamp()
                 FOR UPDATE OF l SKIP LOCKED
             )
             SELECT place FROM held
             WHERE name IS NULL OR (name, version, part) IN (SELECT name, version, part FROM ended)",
        )
        .bind(names)
        .bind(versions)
        .bind(epochs)
        .bind(self.owner.as_bytes().as_slice())
        .bind(parts)
        .fetch_all(&self.pools.keeper)
        .await?;
        Ok(lost.into_iter().filter_map(|place| at(held, place)).copied().collect())
    }

    async fn volunteer(&self, wanted: &[(ProjectionName, u32)]) -> Result<(), sqlx::Error> {
        let sql = format!(
            "INSERT INTO projection_node (name, version, owner, expires_at)
             SELECT name, version, $3, clock_timestamp() + {LASTS}
             FROM UNNEST($1::text[], $2::bigint[]) AS wanted (name, version)
             ON CONFLICT (name, version, owner) DO UPDATE SET expires_at = excluded.expires_at"
        );
        sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(names(wanted))
            .bind(versions(wanted))
            .bind(self.owner.as_bytes().as_slice())
            .execute(&self.pools.keeper)
            .await?;
        Ok(())
    }

    async fn withdraw(&self) -> Result<(), sqlx::Error> {
        // Nobody else clears up after a process that was killed.
        sqlx::query(
            "DELETE FROM projection_node WHERE owner = $1 OR expires_at < clock_timestamp() - interval '1 minute'",
        )
        .bind(self.owner.as_bytes().as_slice())
        .execute(&self.pools.keeper)
        .await?;
        Ok(())
    }

    async fn release(&self, held: &[Fence]) -> Result<(), sqlx::Error> {
        for fence in held {
            sqlx::query(
                "UPDATE projection_lease SET expires_at = clock_timestamp()
                 WHERE (name, version, part) IN (
                     SELECT name, version, part FROM projection_lease
                     WHERE name = $1 AND version = $2 AND epoch = $3 AND owner = $4 AND part = $5
                     FOR UPDATE SKIP LOCKED
                 )",
            )
            .bind(fence.name.as_str())
            .bind(i64::from(fence.version))
            .bind(fence.epoch)
            .bind(fence.owner.as_bytes().as_slice())
            .bind(i64::from(fence.part))
            .execute(&self.pools.keeper)
            .await?;
        }
        sqlx::query("SELECT pg_notify($1, '')")
            .bind(SCHEMA)
            .execute(&self.pools.keeper)
            .await?;
        Ok(())
    }

    async fn hints(&self) -> Result<Box<dyn Hints>, sqlx::Error> {
        let mut listener = PgListener::connect_with(&self.pools.keeper).await?;
        listener.ignore_pool_close_event(false);
        listener.listen(SCHEMA).await?;
        Ok(Box::new(Listening(listener)))
    }
}

fn names(wanted: &[(ProjectionName, u32)]) -> Vec<&'static str> {
    wanted.iter().map(|(name, _)| name.as_str()).collect()
}

fn versions(wanted: &[(ProjectionName, u32)]) -> Vec<i64> {
    wanted.iter().map(|(_, version)| i64::from(*version)).collect()
}

/// What stands at this place, as SQL counts places.
fn at<T>(all: &[T], place: i64) -> Option<&T> {
    usize::try_from(place - 1).ok().and_then(|place| all.get(place))
}

fn glance(row: &PgRow, (name, version): (ProjectionName, u32)) -> Result<Glance, sqlx::Error> {
    let there: Option<&str> = row.try_get("state")?;
    let model = there.map(|_| checkpoint(name, row)).transpose()?;
    let part = model.as_ref().map_or(Part::WHOLE, |model| model.part);
    let stopped: Option<i64> = row.try_get("stop_position")?;
    let stop = match stopped {
        Some(position) => Some(Stop {
            name,
            version,
            part: part.index(),
            position: position_from(position)?,
            reason: row.try_get("reason")?,
        }),
        None => None,
    };
    Ok(Glance {
        name,
        part,
        model,
        stop,
        free: row.try_get("free")?,
        nodes: small(row, "nodes")?,
    })
}

struct Listening(PgListener);

#[async_trait]
impl Hints for Listening {
    async fn next(&mut self) -> Result<(), sqlx::Error> {
        // None says that the connection was lost and hints with it: a hint as good as any.
        self.0.try_recv().await?;
        while self.0.next_buffered().is_some() {}
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use domain::Position;
    use servers::Postgres;
    use uuid::Uuid;

    use super::*;
    use crate::part::Parts;
    use crate::store::{Checkpoint, Generation, Purpose, Store};

    const NAME: ProjectionName = ProjectionName::Accounts;

    async fn two_processes() -> (PostgresStore, PostgresStore) {
        let url = Postgres::shared().database();
        (
            PostgresStore::open(&url).await.unwrap(),
            PostgresStore::open(&url).await.unwrap(),
        )
    }

    /// As much time passes as a lease lasts; the processes' own clocks do not matter.
    async fn run_out(store: &PostgresStore) {
        sqlx::query("UPDATE projection_lease SET expires_at = clock_timestamp()")
            .execute(&store.pools.writers)
            .await
            .unwrap();
    }

    async fn stored(store: &PostgresStore) -> Checkpoint {
        store.checkpoints(NAME).await.unwrap().remove(0)
    }

    fn one_further(at: &Checkpoint) -> Checkpoint {
        Checkpoint {
            position: Position::from_stored(at.position.to_stored() + 1),
            ..at.clone()
        }
    }

    /// Moves the checkpoint by one under a lease, and says whether that went well.
    async fn commit(store: &PostgresStore, at: &Checkpoint, fence: &Fence) -> Result<bool, sqlx::Error> {
        let mut tx = store.begin(NAME, Purpose::Rows, Some(fence)).await?;
        let moved = tx.advance(at, &one_further(at), true).await?;
        tx.commit().await?;
        Ok(moved)
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_commit_under_an_old_epoch_or_past_its_time_changes_nothing() {
        let (one, other) = two_processes().await;
        let start = Generation::start(&one, NAME, 1, Uuid::nil(), Parts::ONE, None)
            .await
            .unwrap();
        let old = one.take(NAME, 1, 0).await.unwrap().unwrap();
        assert_eq!(other.take(NAME, 1, 0).await.unwrap(), None, "it is taken");
        assert!(commit(&one, &start, &old).await.unwrap());
        let after = stored(&one).await;

        // Paused past its time: nobody has taken the lease yet.
        run_out(&one).await;
        assert!(commit(&one, &after, &old).await.is_err());
        let new = other.take(NAME, 1, 0).await.unwrap().unwrap();
        assert_eq!(new.epoch, old.epoch + 1);
        assert!(commit(&one, &after, &old).await.is_err());
        assert_eq!(one.renew(&[old]).await.unwrap(), [old], "it is lost");
        one.release(&[old]).await.unwrap();
        assert_eq!(stored(&one).await, after);

        assert!(commit(&other, &after, &new).await.unwrap());
        assert!(
            !commit(&other, &after, &new).await.unwrap(),
            "a checkpoint that was moved"
        );
        assert_eq!(other.renew(&[new]).await.unwrap(), []);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn nobody_takes_a_lease_in_the_middle_of_a_commit_that_it_allowed() {
        let (one, other) = two_processes().await;
        let start = Generation::start(&one, NAME, 1, Uuid::nil(), Parts::ONE, None)
            .await
            .unwrap();
        let fence = one.take(NAME, 1, 0).await.unwrap().unwrap();
        sqlx::query("UPDATE projection_lease SET expires_at = clock_timestamp() + interval '2 seconds'")
            .execute(&one.pools.writers)
            .await
            .unwrap();
        let mut tx = one.begin(NAME, Purpose::Rows, Some(&fence)).await.unwrap();
        let glance = async || other.look(&[(NAME, 1)]).await.unwrap().remove(0);
        let ended = async {
            while !glance().await.free {
                // It is at work: the server would cut one off that stands still.
                tx.checkpoints(NAME).await.unwrap();
            }
        };
        tokio::time::timeout(Duration::from_secs(20), ended).await.unwrap();
        assert_eq!(other.take(NAME, 1, 0).await.unwrap(), None);
        assert!(tx.advance(&start, &one_further(&start), true).await.unwrap());
        tx.commit().await.unwrap();
        // It was alive to commit, and keeps the lease.
        assert_eq!(other.take(NAME, 1, 0).await.unwrap(), None);
        assert_eq!(one.renew(&[fence]).await.unwrap(), []);
        run_out(&one).await;
        assert!(other.take(NAME, 1, 0).await.unwrap().is_some());
    }
}
