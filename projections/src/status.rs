use chrono::{DateTime, TimeDelta, Utc};
use domain::Position;
use serde::Serialize;

use crate::ProjectionName;

/// How a projection is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Status {
    /// The projection.
    pub name: ProjectionName,
    /// The version of the model and of its fold.
    pub version: u32,
    /// How many times it was built.
    pub generation: u32,
    /// Whether queries have something to read.
    pub live: bool,
    /// Up to where it has applied the log.
    pub position: Position,
    /// When the newest event that it has seen was recorded.
    pub recorded_at: Option<DateTime<Utc>>,
    /// How often it has changed since the start.
    pub changes: u64,
    /// What it is doing.
    #[serde(flatten)]
    pub state: State,
    /// How each of its parts is: one where it is not split. The projection is as far as the slowest.
    pub parts: Vec<PartStatus>,
}

/// How a part of a projection is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PartStatus {
    /// Up to where it has applied the log.
    pub position: Position,
    /// What it is doing.
    #[serde(flatten)]
    pub state: State,
}

/// What a projection is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    /// Nothing runs it in this process.
    Idle,
    /// It applies events as they come.
    Running,
    /// Another process applies events; this one reads what comes of it.
    Following,
    /// It is being built from the log for the first time.
    Rebuilding,
    /// It stopped before an event that it cannot apply, and waits for a newer program or a rebuild. Nothing after the
    /// event is applied.
    Stopped {
        /// The event's position.
        at: Position,
        /// Why, without the event's data.
        reason: String,
    },
}

impl Status {
    /// How old the newest event is that is missing here, at most; zero when the log's newest event, at `head`, is applied.
    #[must_use]
    pub fn lag(&self, head: Position, now: DateTime<Utc>) -> TimeDelta {
        match self.recorded_at {
            _ if self.position >= head => TimeDelta::zero(),
            Some(recorded_at) => (now - recorded_at).max(TimeDelta::zero()),
            None => TimeDelta::MAX,
        }
    }
}
