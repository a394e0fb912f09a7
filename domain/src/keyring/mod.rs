//! The key-encryption keys, as the log knows them: by number.

mod event;
mod state;

pub use event::{KeyAdded, KeyPromoted, KeyringEvent, RewrapCompleted};
pub use state::{Keyring, KeyringCommand, KeyringRejection};
