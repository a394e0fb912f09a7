//! The release of a key to a service that uses it.

mod lease;
mod release;
mod renderers;
mod request;

pub(crate) use lease::Leases;
pub(crate) use renderers::Renderers;
pub use request::{ReleaseRequest, Released};
