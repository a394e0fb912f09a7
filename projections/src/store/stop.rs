use domain::Position;

use crate::ProjectionName;

/// A projection that stands still before an event, as the bookkeeping says it: for every process that uses the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stop {
    pub(crate) name: ProjectionName,
    pub(crate) version: u32,
    /// Which part of the model stands still.
    pub(crate) part: u32,
    /// The event that cannot be applied.
    pub(crate) position: Position,
    /// Why, without the event's data.
    pub(crate) reason: String,
}
