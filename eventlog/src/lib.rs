//! The log of events: the truth of the system.
//!
//! [`EventLog`] is the port. Its adapters all pass the same contract suite: the module `contract`, behind the feature of
//! that name. [`SqliteLog`] is the embedded default; [`PostgresLog`] and [`EventStoreDbLog`] are for
//! installations of several machines; [`MemoryLog`] keeps nothing and is for tests.

mod causes;
mod certificate;
#[cfg(any(test, feature = "contract"))]
pub mod contract;
mod copy;
mod envelope;
mod envelope_text;
mod event;
mod eventstoredb;
mod ledger;
mod limits;
mod memory;
mod outage;
mod port;
mod postgres;
mod random;
mod reading;
mod sqlite;
mod writer;

pub use causes::Causes;
pub use certificate::certificate_advice;
pub use copy::{Copied, CopyError, CopyProgress, CopyStep, copy};
pub use event::{NewEvent, StoredEvent};
pub use eventstoredb::EventStoreDbLog;
pub use limits::{MAX_BYTES, MAX_EVENTS};
pub use memory::MemoryLog;
pub use outage::Outage;
pub use port::{Append, Appended, EventLog, Expected, LogError, Page};
pub use postgres::PostgresLog;
pub use sqlite::SqliteLog;
