use chrono::{DateTime, Utc};
use domain::Position;
use eventlog::{EventLog, LogError};
use uuid::Uuid;

use super::Landmark;
use crate::ProjectionName;
use crate::part::Part;

/// One built, or half-built, model of a projection, or a part of one: a row of the bookkeeping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Checkpoint {
    pub(crate) name: ProjectionName,
    pub(crate) version: u32,
    pub(crate) generation: u32,
    /// Which part of the model it is about. One that is being built is built whole, and says how many parts it will have.
    pub(crate) part: Part,
    pub(crate) stage: Stage,
    pub(crate) log_id: Uuid,
    pub(crate) position: Position,
    pub(crate) recorded_at: Option<DateTime<Utc>>,
    /// The event at `position`; none at the start, and where it is not known.
    pub(crate) landmark: Option<Landmark>,
    /// How many commits changed a row, for those who read the model and do not write it. Not kept up by the one who does.
    pub(crate) changes: i64,
}

/// Where a model is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Being built from the log; nobody reads it.
    Building,
    /// The one that queries read.
    Live,
    /// Of another version than the live one; kept for a program of that version until somebody drops it.
    Retired,
}

impl Stage {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Building => "building",
            Self::Live => "live",
            Self::Retired => "retired",
        }
    }

    pub(super) fn parse(text: &str) -> Result<Self, sqlx::Error> {
        [Self::Building, Self::Live, Self::Retired]
            .into_iter()
            .find(|stage| stage.as_str() == text)
            .ok_or_else(|| sqlx::Error::Decode("unknown stage of a projection".into()))
    }
}

impl Checkpoint {
    /// Whether what is in the model is what this log says, as far as that is known: the log is the same one, and was not set
    /// back since to before the checkpoint.
    pub(crate) async fn is_of(&self, log: &dyn EventLog) -> Result<bool, LogError> {
        match &self.landmark {
            _ if self.log_id != log.log_id() => Ok(false),
            Some(landmark) => landmark.stands(log).await,
            None => Ok(true),
        }
    }

    /// The landmark as it is stored.
    pub(super) fn landmark_text(&self) -> Result<Option<String>, sqlx::Error> {
        self.landmark.as_ref().map(Landmark::to_text).transpose()
    }

    /// Whether a program of this version reads the model.
    pub(crate) fn serves(&self, version: u32) -> bool {
        self.version == version && self.stage != Stage::Building
    }
}
