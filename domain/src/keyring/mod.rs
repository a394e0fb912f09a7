//! The key-encryption keys, as the log knows them: by number.

mod event;

pub use event::{KeyAdded, KeyPromoted, KeyringEvent, RewrapCompleted};
