use domain::Position;
use eventlog::EventLog;
use uuid::Uuid;

use crate::part::Parts;
use crate::shared::Shared;
use crate::store::{Checkpoint, Fence, Generation, Purpose, Stage, Store};
use crate::{ProjectionError, State};

/// The model that a part of a projection goes on with. What stood in its way before is tried again.
///
/// The first part decides about all: it goes on with the live model, else with one that is half built, else with a new one.
/// The others go on with a live model alone.
pub(crate) async fn begin(
    store: &dyn Store,
    shared: &Shared,
    log: &dyn EventLog,
    head: Position,
    part: u32,
    fence: Option<&Fence>,
) -> Result<Checkpoint, ProjectionError> {
    let (name, version) = (shared.name, shared.version);
    clear_stop(store, shared, part, fence).await?;
    let mut all = store.checkpoints(name).await?;
    disown_of_another_past(store, shared, log, part, fence, &mut all).await?;
    // Other processes move their parts meanwhile: what is stored by now, the log has had by now.
    let furthest = all.iter().map(|c| c.position).max().unwrap_or_default();
    let head = if furthest > head {
        log.read_all(Position::START, 1).await?.head.max(head)
    } else {
        head
    };
    let found = usable(&all, version, log.log_id(), head).cloned();
    let checkpoint = match found {
        Some(first) if part == first.part.index() => first,
        Some(first) if first.stage == Stage::Live => {
            let mine =
                |c: &&Checkpoint| c.generation == first.generation && c.version == version && c.part.index() == part;
            all.iter().find(mine).cloned().ok_or(ProjectionError::NotBuilt(name))?
        }
        None if part == 0 => {
            let used = all.iter().filter(|c| c.stage != Stage::Building);
            let parts = used
                .max_by_key(|c| c.stage == Stage::Live)
                .map_or(Parts::ONE, |used| used.part.parts());
            Generation::start(store, name, version, log.log_id(), parts, fence).await?
        }
        Some(_) | None => return Err(ProjectionError::NotBuilt(name)),
    };
    if part == 0 {
        // Of this version, what is not gone on with is of no use to anybody: half built, of another log, or ahead of this one.
        // What a newer program is building is its own.
        let useless = |c: &Checkpoint| {
            let ours = c.version == version && c.stage != Stage::Retired;
            let older = c.version < version && c.stage == Stage::Building;
            (ours || older) && (c.version, c.generation) != (checkpoint.version, checkpoint.generation)
        };
        Generation::sweep(store, name, useless, fence).await?;
    }
    shared.begin(&checkpoint);
    Ok(checkpoint)
}

/// Disowns the models of this version that hold what the log does not any more: it was set back to before their checkpoints,
/// however far it has grown since. Nobody reads them from then on. The first part looks at all parts, each of the others at its
/// own.
async fn disown_of_another_past(
    store: &dyn Store,
    shared: &Shared,
    log: &dyn EventLog,
    part: u32,
    fence: Option<&Fence>,
    all: &mut Vec<Checkpoint>,
) -> Result<(), ProjectionError> {
    let (name, version) = (shared.name, shared.version);
    let mut wrong = Vec::new();
    let looked_at = |c: &&Checkpoint| c.version == version && c.log_id == log.log_id();
    for checkpoint in all.iter().filter(looked_at) {
        let known = part > 0 && checkpoint.part.index() != part || wrong.contains(&checkpoint.generation);
        if !known && !checkpoint.is_of(log).await? {
            tracing::warn!(projection = %name, position = %checkpoint.position, "the log was set back: the event at this position, up to which the read model was built, is not in it any more. The model is not shown from now on, and is built anew from the log");
            wrong.push(checkpoint.generation);
        }
    }
    let is_wrong = |c: &Checkpoint| c.version == version && wrong.contains(&c.generation);
    if !wrong.is_empty() {
        Generation::disown(store, name, is_wrong, fence).await?;
        shared.follow(None, State::Rebuilding);
        all.retain(|c| !is_wrong(c));
    }
    Ok(())
}

/// The first part of the newest model of this version that is of this log, none of its parts ahead of it. One that was moved
/// aside when another took over, in its parts, is nothing that can be built on.
fn usable(all: &[Checkpoint], version: u32, log_id: Uuid, head: Position) -> Option<&Checkpoint> {
    let fits = |c: &Checkpoint| c.log_id == log_id && c.position <= head;
    let ours = |c: &&Checkpoint| c.version == version && c.stage != Stage::Retired && c.part.index() == 0;
    let whole = |first: &&Checkpoint| {
        let mut parts = all
            .iter()
            .filter(|c| (c.version, c.generation) == (version, first.generation));
        parts.all(|c| fits(c) && (first.stage == Stage::Live || c.part.index() == 0))
    };
    let usable = all.iter().filter(ours).filter(whole);
    usable.max_by_key(|c| (c.stage == Stage::Live, c.generation))
}

/// Takes back that this part of the projection stands still.
pub(super) async fn clear_stop(
    store: &dyn Store,
    shared: &Shared,
    part: u32,
    fence: Option<&Fence>,
) -> Result<(), ProjectionError> {
    let (name, version) = (shared.name, shared.version);
    let mut stops = store.stops(name, version).await?.into_iter();
    if let Some(stop) = stops.find(|stop| stop.part == part) {
        let mut tx = store.begin(name, Purpose::Rows, fence).await?;
        tx.clear_stop(name, version, stop.position).await?;
        tx.commit().await?;
    }
    Ok(())
}
