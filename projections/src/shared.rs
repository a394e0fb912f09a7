use std::sync::Arc;

use domain::{AccountId, Position};
use tokio::sync::watch;

use crate::cache::Changes;
use crate::progress::{Progress, Stand};
use crate::store::{Checkpoint, Stage};
use crate::{Behind, ProjectionName, QueryError, State, Status};

/// What the runner, the queries and whoever waits share of one projection.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) name: ProjectionName,
    pub(crate) version: u32,
    pub(crate) changes: Arc<Changes>,
    pub(crate) progress: watch::Sender<Progress>,
    /// Counts the rebuilds that put another generation in the live one's place.
    pub(crate) replaced: watch::Sender<u64>,
}

impl Shared {
    pub(crate) fn new(name: ProjectionName, version: u32) -> Self {
        Self {
            name,
            version,
            changes: Arc::default(),
            progress: watch::Sender::new(Progress::new()),
            replaced: watch::Sender::new(0),
        }
    }

    /// Shows what the bookkeeping says of all parts of the live model, before anything runs.
    pub(crate) fn show(&self, live: &[Checkpoint]) {
        self.progress.send_modify(|progress| {
            for part in live {
                progress.part(part).stand((part.position, part.recorded_at));
            }
        });
    }

    /// Shows the model that a part is gone on with.
    pub(crate) fn begin(&self, checkpoint: &Checkpoint) {
        self.apply(checkpoint, Some((checkpoint.position, checkpoint.recorded_at)), None);
    }

    /// Shows how far this process has applied the events of a part, as far as readers see it.
    pub(crate) fn apply(&self, checkpoint: &Checkpoint, visible: Option<Mark>, stopped: Option<State>) {
        let live = checkpoint.stage != Stage::Building;
        self.progress.send_modify(|progress| {
            let part = progress.part(checkpoint);
            part.state = stopped.unwrap_or(if live { State::Running } else { State::Rebuilding });
            if let Some(mark) = visible {
                part.stand(mark);
            }
        });
    }

    /// Shows all parts of a model that has just taken over: they are at the same place, or further.
    pub(crate) fn taken_over(&self, first: &Checkpoint) {
        self.progress.send_modify(|progress| {
            for part in first.part.parts().each() {
                let stand = progress.part(&Checkpoint { part, ..first.clone() });
                if stand.position < first.position {
                    stand.stand((first.position, first.recorded_at));
                }
            }
        });
    }

    /// Shows what another process does with a part of the model; without one, that it has none yet.
    pub(crate) fn follow(&self, model: Option<&Checkpoint>, state: State) {
        self.progress.send_if_modified(|progress| {
            let before = progress.clone();
            match model {
                Some(model) => {
                    let part = progress.part(model);
                    part.state = state;
                    part.stand((model.position, model.recorded_at));
                }
                None => progress.none_yet(state),
            }
            *progress != before
        });
    }

    /// Shows that it stands still no more before the event at `position`, so that nobody is turned away who waits
    /// for it, and has it go on at once.
    pub(crate) fn resume(&self, position: Position) {
        self.progress.send_if_modified(|progress| {
            let mut stopped = false;
            for part in progress.parts.iter_mut().filter(|part| part.stands_at(position)) {
                part.state = State::Running;
                stopped = true;
            }
            stopped
        });
        self.replaced.send_modify(|count| *count += 1);
    }

    /// Refuses a query while there is nothing to read.
    pub(crate) fn require(&self) -> Result<(), QueryError> {
        if self.progress.borrow().is_live() {
            Ok(())
        } else {
            Err(QueryError::NotReady(self.name))
        }
    }

    /// Up to where readers see the log.
    pub(crate) fn applied(&self) -> Position {
        let progress = self.progress.borrow();
        if progress.is_live() {
            progress.slowest().position
        } else {
            Position::START
        }
    }

    /// Up to where readers of an account's rows, or of everybody's, see all there is. Rows behind that may be there before
    /// others that belong in front of them, where the model is split, or was just now.
    pub(crate) fn edge(&self, account: Option<&AccountId>) -> Position {
        self.progress.borrow().of(account).position
    }

    /// Whether readers of an account's rows, or of everybody's, see the log up to `wanted`.
    pub(crate) fn reached(&self, account: Option<&AccountId>, wanted: Position) -> Result<(), Behind> {
        let progress = self.progress.borrow();
        if progress.has_reached(account, wanted) {
            return Ok(());
        }
        Err(Behind {
            name: self.name,
            applied: progress.of(account).position,
            wanted,
            stopped: progress.is_stuck(account, wanted),
        })
    }

    pub(crate) fn status(&self) -> Status {
        let progress = self.progress.borrow();
        let slowest = progress.slowest();
        Status {
            name: self.name,
            version: self.version,
            generation: progress.generation,
            live: progress.is_live(),
            position: slowest.position,
            recorded_at: slowest.recorded_at,
            changes: self.changes.count(),
            state: progress.state().clone(),
            parts: progress.parts.iter().map(Stand::status).collect(),
        }
    }
}

/// A place in the log, and when the event there was recorded.
pub(crate) type Mark = (Position, Option<chrono::DateTime<chrono::Utc>>);
