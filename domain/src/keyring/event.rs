use serde::{Deserialize, Serialize};

use crate::KekId;
use crate::event::events;

events! {
    /// What can happen to the key-encryption keys.
    KeyringEvent in Keyring { KeyAdded, KeyPromoted, RewrapCompleted }
}

/// The key ring holds one more key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyAdded {
    /// The key.
    pub kek: KekId,
}

/// New data-encryption keys are wrapped by this key from here on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyPromoted {
    /// The key.
    pub kek: KekId,
}

/// Every wrapped key is wrapped by this key now; older ones may leave the ring.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RewrapCompleted {
    /// The key.
    pub kek: KekId,
    /// How many keys were wrapped again.
    pub rewrapped: u64,
}
