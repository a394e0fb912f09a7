use serde::{Deserialize, Serialize};

use crate::Position;
use crate::event::events;

events! {
    /// What an operator can decide about the system itself.
    OperationEvent in Operation { ProjectionEventSkipped }
}

/// A read model had stopped before an event that it could not apply, and passes it by from here on, whenever it is built. It
/// stands in the log before the read model goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectionEventSkipped {
    /// The read model's name.
    pub projection: String,
    /// The position of the event that is passed by.
    pub position: Position,
    /// Why, in the operator's words.
    pub reason: String,
}
