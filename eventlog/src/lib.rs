//! The log of events: the truth of the system.
//!
//! [`EventLog`] is the port. Its adapters all pass the same contract suite.

mod event;
mod port;

pub use event::{NewEvent, StoredEvent};
pub use port::{Appended, EventLog, Expected, LogError, Page};
