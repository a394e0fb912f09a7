use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::InvalidId;

/// One newtype over a UUID, so that a credential's id can never be passed where a token's is meant.
macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Takes a UUID as this kind of id.
            #[must_use]
            pub const fn new(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID behind it.
            #[must_use]
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Uuid::parse_str(text).map(Self).map_err(|_| InvalidId { what: $what, rule: "a UUID" })
            }
        }
    };
}

uuid_id!(
    /// One credential: all versions of the key behind one connection, from connect to disconnect.
    CredentialId, "credential id"
);
uuid_id!(
    /// One API token.
    TokenId, "token id"
);
uuid_id!(
    /// One data-encryption key: there is one for each credential version.
    DekId, "data-encryption key id"
);
uuid_id!(
    /// One event. See [`EventId::of`].
    EventId, "event id"
);
uuid_id!(
    /// One command: a write that somebody asked for, however often it was sent.
    CommandId, "command id"
);
uuid_id!(
    /// One request as seen from outside: it ties together all that a caller set off.
    CorrelationId, "correlation id"
);

impl EventId {
    /// The id of a command's event at `index`: a version 5 UUID (RFC 9562, section 5.5) of the command's id, so that a command
    /// that is sent again appends the same events, which the log recognises.
    #[must_use]
    pub fn of(command: CommandId, index: u32) -> Self {
        Self(Uuid::new_v5(&command.0, &index.to_be_bytes()))
    }
}

impl CommandId {
    /// The id of a write that carries an idempotency key: the same `scope` (who, and which operation) and `key` always
    /// give the same command.
    #[must_use]
    pub fn of(scope: &str, key: &str) -> Self {
        let scope = Uuid::new_v5(&Uuid::NAMESPACE_OID, scope.as_bytes());
        Self(Uuid::new_v5(&scope, key.as_bytes()))
    }

    /// The id of a step that this command takes on another stream, or later on the same one.
    #[must_use]
    pub fn step(self, name: &str) -> Self {
        Self(Uuid::new_v5(&self.0, name.as_bytes()))
    }
}

/// One key-encryption key of the key ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KekId(pub u32);

impl fmt::Display for KekId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
