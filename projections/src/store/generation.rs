use domain::Position;
use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Connection, raw_sql};
use uuid::Uuid;

use super::{Checkpoint, DocumentTable, HistoryTable, ReadStore, Stage};
use crate::{ProjectionError, ProjectionName};

/// The name of a table, and how it is made.
///
/// The live table of version 2 of the catalog is `catalog_v2`, for whoever reads the file; one that is being built has its
/// generation in its name as well, and is renamed when it takes over.
pub(crate) struct Generation;

impl Generation {
    /// The table of the model.
    pub(crate) fn table(checkpoint: &Checkpoint) -> String {
        let Checkpoint {
            name,
            version,
            generation,
            stage,
            ..
        } = checkpoint;
        match stage {
            Stage::Building => format!("{name}_v{version}_g{generation}"),
            Stage::Live | Stage::Retired => Self::live_table(*name, *version),
        }
    }

    /// The table that queries of this version read, once there is one.
    pub(crate) fn live_table(name: ProjectionName, version: u32) -> String {
        format!("{name}_v{version}")
    }

    /// Makes the empty table of a new generation beside whatever is there.
    pub(crate) async fn start(
        store: &ReadStore,
        name: ProjectionName,
        version: u32,
        log_id: Uuid,
    ) -> Result<Checkpoint, ProjectionError> {
        let mut writer = store.writer().await;
        let mut tx = writer.begin_with("BEGIN IMMEDIATE").await?;
        let all = Checkpoint::all(&mut *tx, name).await?;
        let generation = all
            .iter()
            .filter(|c| c.version == version)
            .map(|c| c.generation)
            .max()
            .unwrap_or(0)
            + 1;
        let checkpoint = Checkpoint {
            name,
            version,
            generation,
            stage: Stage::Building,
            log_id,
            position: Position::START,
            recorded_at: None,
        };
        checkpoint.insert(&mut tx).await?;
        let table = Self::table(&checkpoint);
        let ddl = if name == ProjectionName::History {
            HistoryTable::ddl(&table)
        } else {
            DocumentTable::ddl(&table)
        };
        raw_sql(AssertSqlSafe(ddl)).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(checkpoint)
    }

    /// Makes what was left out while many rows were written: indexes that are cheaper to build at once.
    pub(crate) async fn finish(store: &ReadStore, checkpoint: &Checkpoint) -> Result<(), ProjectionError> {
        if checkpoint.name == ProjectionName::History {
            let ddl = HistoryTable::indexes(&Self::table(checkpoint));
            raw_sql(AssertSqlSafe(ddl)).execute(&mut *store.writer().await).await?;
        }
        Ok(())
    }

    /// Puts `next` in the place of the live model, in the caller's transaction. The live model of the same version is moved
    /// aside, to be dropped by [`Generation::sweep`]; one of another version stays, retired.
    pub(crate) async fn take_over(tx: &mut SqliteConnection, next: &Checkpoint) -> Result<Checkpoint, ProjectionError> {
        let live = Checkpoint::all(&mut *tx, next.name).await?;
        for old in live.into_iter().filter(|c| c.stage != Stage::Building) {
            if old.version != next.version {
                if old.stage == Stage::Live {
                    old.enter(tx, Stage::Retired).await?;
                }
                continue;
            }
            let aside = Checkpoint {
                stage: Stage::Building,
                ..old.clone()
            };
            rename(tx, &Self::table(&old), &Self::table(&aside)).await?;
            old.enter(tx, Stage::Building).await?;
        }
        let live = Checkpoint {
            stage: Stage::Live,
            ..next.clone()
        };
        rename(tx, &Self::table(next), &Self::table(&live)).await?;
        next.enter(tx, Stage::Live).await?;
        Ok(live)
    }

    /// Drops the models of a projection that are `idle`: nobody reads them, and nobody builds them.
    pub(crate) async fn sweep(
        store: &ReadStore,
        name: ProjectionName,
        idle: impl Fn(&Checkpoint) -> bool,
    ) -> Result<(), ProjectionError> {
        let mut writer = store.writer().await;
        let mut tx = writer.begin_with("BEGIN IMMEDIATE").await?;
        for checkpoint in Checkpoint::all(&mut *tx, name)
            .await?
            .into_iter()
            .filter(|checkpoint| idle(checkpoint))
        {
            let drop = format!("DROP TABLE IF EXISTS {}", Self::table(&checkpoint));
            raw_sql(AssertSqlSafe(drop)).execute(&mut *tx).await?;
            checkpoint.delete(&mut tx).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}

async fn rename(tx: &mut SqliteConnection, from: &str, to: &str) -> Result<(), sqlx::Error> {
    raw_sql(AssertSqlSafe(format!("ALTER TABLE {from} RENAME TO {to}")))
        .execute(tx)
        .await?;
    Ok(())
}
