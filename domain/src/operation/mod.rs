//! What operators decide about the system itself, and have to answer for.

mod event;

pub use event::{OperationEvent, ProjectionEventSkipped};
