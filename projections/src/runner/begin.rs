use domain::Position;
use eventlog::EventLog;

use crate::ProjectionError;
use crate::shared::Shared;
use crate::store::{Checkpoint, Fence, Generation, Purpose, Stage, Store};

/// The model that a projection goes on with: the live one, else one that is half built, else a new one. What stood in its
/// way before is tried again.
pub(crate) async fn begin(
    store: &dyn Store,
    shared: &Shared,
    log: &dyn EventLog,
    head: Position,
    fence: Option<&Fence>,
) -> Result<Checkpoint, ProjectionError> {
    let (name, version) = (shared.name, shared.version);
    clear_stop(store, shared, fence).await?;
    let all = store.checkpoints(name).await?;
    let usable = all.into_iter().filter(|c| {
        c.version == version && c.stage != Stage::Retired && c.log_id == log.log_id() && c.position <= head
    });
    let found = usable.max_by_key(|c| (c.stage == Stage::Live, c.generation));
    let checkpoint = match found {
        Some(found) => found,
        None => Generation::start(store, name, version, log.log_id(), fence).await?,
    };
    // Of this version, what is not gone on with is of no use to anybody: half built, of another log, or ahead of this one.
    let useless = |c: &Checkpoint| {
        let ours = c.version == version && c.stage != Stage::Retired;
        (ours || c.stage == Stage::Building) && (c.version, c.generation) != (checkpoint.version, checkpoint.generation)
    };
    Generation::sweep(store, name, useless, fence).await?;
    shared.begin(&checkpoint);
    Ok(checkpoint)
}

/// Takes back that the projection stands still.
pub(super) async fn clear_stop(
    store: &dyn Store,
    shared: &Shared,
    fence: Option<&Fence>,
) -> Result<(), ProjectionError> {
    let (name, version) = (shared.name, shared.version);
    if let Some(stop) = store.stop(name, version).await? {
        let mut tx = store.begin(name, Purpose::Rows, fence).await?;
        tx.clear_stop(name, version, stop.position).await?;
        tx.commit().await?;
    }
    Ok(())
}
