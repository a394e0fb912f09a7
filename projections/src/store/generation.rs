use domain::Position;
use uuid::Uuid;

use super::{Checkpoint, Fence, Purpose, Stage, Store, Transaction};
use crate::part::{Part, Parts};
use crate::{ProjectionError, ProjectionName};

/// The name of a table, and how it is made and replaced.
///
/// The live table of version 2 of the catalog is `catalog_v2`, for whoever reads the database; one that is being built has
/// its generation in its name as well, and is renamed when it takes over.
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

    /// The parts of the live model of a projection, of whatever version; none when there is no such model.
    pub(crate) async fn live(store: &dyn Store, name: ProjectionName) -> Result<Vec<Checkpoint>, sqlx::Error> {
        let mut all = store.checkpoints(name).await?;
        all.retain(|checkpoint| checkpoint.stage == Stage::Live);
        Ok(all)
    }

    /// Makes the empty table of a new generation beside whatever is there. It is built whole, and will have so many parts.
    pub(crate) async fn start(
        store: &dyn Store,
        name: ProjectionName,
        version: u32,
        log_id: Uuid,
        parts: Parts,
        fence: Option<&Fence>,
    ) -> Result<Checkpoint, ProjectionError> {
        let mut tx = store.begin(name, Purpose::Tables, fence).await?;
        let all = tx.checkpoints(name).await?;
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
            part: Part::first(parts),
            stage: Stage::Building,
            log_id,
            position: Position::START,
            recorded_at: None,
            landmark: None,
            changes: 0,
        };
        tx.insert(&checkpoint).await?;
        tx.create(name, &Self::table(&checkpoint)).await?;
        tx.commit().await?;
        Ok(checkpoint)
    }

    /// Makes what was left out while many rows were written.
    pub(crate) async fn finish(store: &dyn Store, checkpoint: &Checkpoint) -> Result<(), ProjectionError> {
        let mut tx = store.begin(checkpoint.name, Purpose::Rows, None).await?;
        tx.index(checkpoint.name, &Self::table(checkpoint)).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Puts `next`, all of whose parts are at the same place, in that of the live model, in the caller's transaction. The
    /// live model of the same version is moved aside, to be dropped by [`Generation::sweep`]; one of another version stays,
    /// retired. What is returned is the first part.
    pub(crate) async fn take_over(tx: &mut dyn Transaction, next: &Checkpoint) -> Result<Checkpoint, ProjectionError> {
        let live = tx.checkpoints(next.name).await?;
        for old in live.into_iter().filter(|c| c.stage != Stage::Building) {
            if old.version != next.version {
                if old.stage == Stage::Live {
                    enter(tx, &old, Stage::Retired).await?;
                }
                continue;
            }
            let aside = Checkpoint {
                stage: Stage::Building,
                ..old.clone()
            };
            // All of its parts are in one table.
            if old.part.index() == 0 {
                tx.rename(&Self::table(&old), &Self::table(&aside)).await?;
            }
            enter(tx, &old, Stage::Building).await?;
        }
        let live = Checkpoint {
            stage: Stage::Live,
            ..next.clone()
        };
        tx.rename(&Self::table(next), &Self::table(&live)).await?;
        enter(tx, next, Stage::Live).await?;
        for part in next.part.parts().each().skip(1) {
            tx.insert(&Checkpoint { part, ..live.clone() }).await?;
        }
        Ok(live)
    }

    /// Has nobody read the models of a projection that are `wrong`: they are of no log that there is. Who builds another one
    /// drops them.
    pub(crate) async fn disown(
        store: &dyn Store,
        name: ProjectionName,
        wrong: impl Fn(&Checkpoint) -> bool + Send,
        fence: Option<&Fence>,
    ) -> Result<(), ProjectionError> {
        let mut tx = store.begin(name, Purpose::Tables, fence).await?;
        let mut all = tx.checkpoints(name).await?;
        all.retain(wrong);
        for checkpoint in &all {
            tx.delete(checkpoint).await?;
        }
        for checkpoint in all {
            let disowned = Checkpoint {
                log_id: Uuid::nil(),
                landmark: None,
                ..checkpoint
            };
            tx.insert(&disowned).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Drops the models of a projection that are `idle`: nobody reads them, and nobody builds them.
    pub(crate) async fn sweep(
        store: &dyn Store,
        name: ProjectionName,
        idle: impl Fn(&Checkpoint) -> bool + Send,
        fence: Option<&Fence>,
    ) -> Result<(), ProjectionError> {
        let mut found = store.checkpoints(name).await?;
        found.retain(&idle);
        if found.is_empty() {
            return Ok(());
        }
        let mut tx = store.begin(name, Purpose::Tables, fence).await?;
        let mut all = tx.checkpoints(name).await?;
        all.retain(idle);
        for checkpoint in all {
            tx.remove(&Self::table(&checkpoint)).await?;
            tx.delete(&checkpoint).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}

async fn enter(tx: &mut dyn Transaction, checkpoint: &Checkpoint, stage: Stage) -> Result<(), ProjectionError> {
    if tx.enter(checkpoint, stage).await? {
        Ok(())
    } else {
        Err(ProjectionError::Superseded(checkpoint.name))
    }
}
