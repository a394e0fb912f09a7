//! Releases: each time that a key in clear left the system, and for whom.

mod event;

pub use event::{AccessEvent, CredentialReleased};
