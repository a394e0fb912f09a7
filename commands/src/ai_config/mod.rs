//! The release of a key to a service that uses it.

mod lease;
mod release;
mod request;

pub(crate) use lease::Leases;
pub use request::{ReleaseRequest, Released};
