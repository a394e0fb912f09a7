use serde::{Deserialize, Serialize};

use crate::event::events;
use crate::{EventId, Position};

events! {
    /// What an operator can decide about the system itself.
    OperationEvent in Operation { ProjectionEventSkipped }
}

/// A read model had stopped before an event that it could not apply, and passes it by from here on, whenever it is built. It
/// stands in the log before the read model goes on, and nowhere else: read models are built from the log alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectionEventSkipped {
    /// The read model's name.
    pub projection: String,
    /// The event that is passed by. A copy of the log gives it another position, and leaves it its id. None in a note that
    /// names the position alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<EventId>,
    /// Its position in the log where this was decided.
    pub position: Position,
    /// Why, in the operator's words.
    pub reason: String,
}
