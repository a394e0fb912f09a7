//! A double of EventStoreDB that speaks its real protocol, for tests only.
//!
//! It is a server of its own: gRPC over HTTP/2 on a free local port, with TLS and passwords where wanted, made from the
//! published definitions. It keeps events in memory and behaves as the server does in what a log needs: expected
//! revisions, idempotency with its exceptions ([`Store`]), positions that are byte offsets, system events between those
//! of applications, limits on appends, reads in both directions, subscriptions. [`Faults`] makes it fail at chosen places.
//!
//! It is no proof that the real server behaves so. `docs/adr` says what was run against what.
#![expect(
    clippy::result_large_err,
    reason = "handlers answer with tonic's Status, however large it is"
)]

mod connection;
mod double;
mod faults;
mod features;
mod messages;
mod protocol;
mod reading;
mod store;
mod streams;
mod tls;

pub use double::{Double, Options};
pub use faults::{Call, Fault, Faults};
pub use store::{Expectation, Outcome, Proposed, Record, Store};
