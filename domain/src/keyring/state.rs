use std::collections::BTreeSet;

use super::{KeyAdded, KeyPromoted, KeyringEvent, RewrapCompleted};
use crate::{Aggregate, KekId, Refusal, StreamId};

/// The key-encryption keys that the log knows of, and which of them wraps new keys.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Keyring {
    /// No key is known yet.
    #[default]
    Empty,
    /// Keys are known, and none of them is in use.
    Prepared(BTreeSet<KekId>),
    /// One of them wraps new keys.
    InUse {
        /// All of them.
        keys: BTreeSet<KekId>,
        /// The one that wraps new keys.
        current: KekId,
    },
}

/// What can be told of the key ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyringCommand {
    /// It holds one more key. Telling it twice changes nothing.
    Add(KekId),
    /// This key wraps new keys from here on. Telling it twice changes nothing.
    Promote(KekId),
    /// Every wrapped key is wrapped by this key now.
    CompleteRewrap {
        /// The key.
        kek: KekId,
        /// How many keys were wrapped again.
        rewrapped: u64,
    },
}

/// Why the key ring says no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyringRejection {
    /// The key is not in the ring.
    #[error("The key ring knows no key with this number. Add it first.")]
    UnknownKey,
    /// Another key wraps new keys.
    #[error("Another key wraps new keys. Promote this one first.")]
    NotCurrent,
}

impl Refusal for KeyringRejection {
    fn code(&self) -> &'static str {
        match self {
            Self::UnknownKey => "unknown-key",
            Self::NotCurrent => "key-not-current",
        }
    }
}

impl Keyring {
    /// The key that wraps new keys.
    #[must_use]
    pub const fn current(&self) -> Option<KekId> {
        match self {
            Self::Empty | Self::Prepared(_) => None,
            Self::InUse { current, .. } => Some(*current),
        }
    }

    fn knows(&self, kek: KekId) -> bool {
        match self {
            Self::Empty => false,
            Self::Prepared(keys) | Self::InUse { keys, .. } => keys.contains(&kek),
        }
    }

    fn into_keys(self) -> BTreeSet<KekId> {
        match self {
            Self::Empty => BTreeSet::new(),
            Self::Prepared(keys) | Self::InUse { keys, .. } => keys,
        }
    }
}

impl Aggregate for Keyring {
    type Id = ();
    type Command = KeyringCommand;
    type Event = KeyringEvent;
    type Rejection = KeyringRejection;

    fn stream((): &()) -> StreamId {
        StreamId::Keyring
    }

    fn evolve(self, event: &KeyringEvent) -> Self {
        match event {
            KeyringEvent::KeyAdded(event) => {
                let current = self.current();
                let mut keys = self.into_keys();
                keys.insert(event.kek);
                match current {
                    None => Self::Prepared(keys),
                    Some(current) => Self::InUse { keys, current },
                }
            }
            KeyringEvent::KeyPromoted(event) => Self::InUse {
                keys: self.into_keys(),
                current: event.kek,
            },
            KeyringEvent::RewrapCompleted(_) => self,
        }
    }

    fn decide(&self, command: KeyringCommand) -> Result<Vec<KeyringEvent>, KeyringRejection> {
        match command {
            KeyringCommand::Add(kek) if self.knows(kek) => Ok(Vec::new()),
            KeyringCommand::Add(kek) => Ok(vec![KeyAdded { kek }.into()]),
            KeyringCommand::Promote(kek) if !self.knows(kek) => Err(KeyringRejection::UnknownKey),
            KeyringCommand::Promote(kek) if self.current() == Some(kek) => Ok(Vec::new()),
            KeyringCommand::Promote(kek) => Ok(vec![KeyPromoted { kek }.into()]),
            KeyringCommand::CompleteRewrap { kek, rewrapped } => {
                if self.current() != Some(kek) {
                    return Err(KeyringRejection::NotCurrent);
                }
                Ok(vec![RewrapCompleted { kek, rewrapped }.into()])
            }
        }
    }
}
