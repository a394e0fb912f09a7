//! The one place that calls the outside world: it tests a credential against its provider.
//!
//! Whatever a row or a pasted key says, a call goes to a public https server on port 443 and nowhere else:
//!
//! - `guard` looks at the rendered URL before anything happens: scheme, port, host, and whether the host is still
//!   within what the row fixed or the account pinned;
//! - `resolver` refuses a name when any of its addresses is not global (`address`), and the connection goes to exactly
//!   the addresses that it checked;
//! - `client` follows no redirect, reads no proxy from the environment, keeps no cookie and no connection, and bounds
//!   time and size;
//! - `limits` and `breaker` bound how often anyone can make this system call anything. Both fail closed.
//!
//! The operator's exceptions ([`EgressConfig::allow`]) are the only way round, for one host and port each.
//! What leaves this crate is a verdict and a code: never a body, a header or an address.
//!
//! Beside that stands [`OperatorClient`], for servers that the operator named himself and nobody else can choose.

mod address;
mod breaker;
mod client;
mod config;
mod egress;
mod error;
mod failure;
mod guard;
mod limits;
mod operator;
mod resolver;
mod trust;

pub use address::is_global;
pub use config::{EgressConfig, Quota};
pub use egress::{Egress, was_attempted};
pub use error::EgressError;
pub use operator::{CallError, OperatorClient, Post, Reply};
pub use resolver::{Lookup, SystemLookup};
