use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::Position;
use tokio::sync::watch;

use crate::cache::Changes;
use crate::store::{Checkpoint, Stage};
use crate::{ProjectionName, QueryError, State, Status};

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

/// How far a projection is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Progress {
    pub(crate) generation: u32,
    /// Whether there is a live model of this version, for queries to read.
    pub(crate) live: bool,
    pub(crate) position: Position,
    pub(crate) recorded_at: Option<DateTime<Utc>>,
    pub(crate) state: State,
}

impl Shared {
    pub(crate) fn new(name: ProjectionName, version: u32) -> Self {
        let progress = Progress {
            generation: 0,
            live: false,
            position: Position::START,
            recorded_at: None,
            state: State::Idle,
        };
        Self {
            name,
            version,
            changes: Arc::default(),
            progress: watch::Sender::new(progress),
            replaced: watch::Sender::new(0),
        }
    }

    /// Shows what the bookkeeping says, before anything runs.
    pub(crate) fn show(&self, live: &Checkpoint) {
        self.progress.send_modify(|progress| {
            progress.generation = live.generation;
            progress.live = true;
            progress.position = live.position;
            progress.recorded_at = live.recorded_at;
        });
    }

    /// Shows the model that is gone on with.
    pub(crate) fn begin(&self, checkpoint: &Checkpoint) {
        let live = checkpoint.stage != Stage::Building;
        self.progress.send_modify(|progress| {
            progress.live = live;
            progress.state = if live { State::Running } else { State::Rebuilding };
            progress.generation = checkpoint.generation;
            progress.position = checkpoint.position;
            progress.recorded_at = checkpoint.recorded_at;
        });
    }

    /// Shows how far this process has applied events, as far as readers see it.
    pub(crate) fn apply(
        &self,
        checkpoint: &Checkpoint,
        visible: Option<(Position, Option<DateTime<Utc>>)>,
        stopped: Option<State>,
    ) {
        let live = checkpoint.stage != Stage::Building;
        self.progress.send_modify(|progress| {
            progress.generation = checkpoint.generation;
            progress.live = live;
            progress.state = stopped.unwrap_or(if live { State::Running } else { State::Rebuilding });
            if let Some((position, recorded_at)) = visible {
                progress.position = position;
                progress.recorded_at = recorded_at;
            }
        });
    }

    /// Shows what another process does.
    pub(crate) fn follow(&self, model: Option<&Checkpoint>, state: State) {
        self.progress.send_if_modified(|progress| {
            let before = progress.clone();
            progress.live = model.is_some();
            progress.state = state;
            if let Some(model) = model {
                progress.generation = model.generation;
                progress.position = model.position;
                progress.recorded_at = model.recorded_at;
            }
            *progress != before
        });
    }

    /// Shows that it stands still no more, so that nobody is turned away who waits for it, and has it go on at once.
    pub(crate) fn resume(&self) {
        self.progress.send_if_modified(|progress| {
            let stopped = matches!(progress.state, State::Stopped { .. });
            if stopped {
                progress.state = State::Running;
            }
            stopped
        });
        self.replaced.send_modify(|count| *count += 1);
    }

    /// Refuses a query while there is nothing to read.
    pub(crate) fn require(&self) -> Result<(), QueryError> {
        if self.progress.borrow().live {
            Ok(())
        } else {
            Err(QueryError::NotReady(self.name))
        }
    }

    /// Up to where readers see the log.
    pub(crate) fn applied(&self) -> Position {
        let progress = self.progress.borrow();
        if progress.live {
            progress.position
        } else {
            Position::START
        }
    }

    pub(crate) fn status(&self) -> Status {
        let progress = self.progress.borrow();
        Status {
            name: self.name,
            version: self.version,
            generation: progress.generation,
            live: progress.live,
            position: progress.position,
            recorded_at: progress.recorded_at,
            changes: self.changes.count(),
            state: progress.state.clone(),
        }
    }
}
