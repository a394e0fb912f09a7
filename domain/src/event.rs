use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::access::AccessEvent;
use crate::account::AccountEvent;
use crate::integration::IntegrationEvent;
use crate::keyring::KeyringEvent;
use crate::operation::OperationEvent;
use crate::provider::ProviderEvent;
use crate::token::TokenEvent;

/// Anything that can happen. Stored as a type name, a schema version and a JSON object; it never holds a secret, a
/// ciphertext or a masked hint.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// To a row of the catalog.
    Provider(ProviderEvent),
    /// To an account.
    Account(AccountEvent),
    /// To an account's connections to one provider.
    Integration(IntegrationEvent),
    /// To an account's keys when they are used.
    Access(AccessEvent),
    /// To an API token.
    Token(TokenEvent),
    /// To the key-encryption keys.
    Keyring(KeyringEvent),
    /// To the system itself.
    Operation(OperationEvent),
}

/// A stored event that this version of the program cannot read. It names the type, never the data.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// No event has this name: a newer version of the program wrote it.
    #[error("unknown event type `{0}`")]
    UnknownType(String),
    /// The event is known, but this version of its form is not.
    #[error("event type `{kind}` has schema version {found}; this program reads up to {newest}")]
    UnknownVersion {
        /// The type's name.
        kind: String,
        /// The stored version.
        found: u16,
        /// The newest version that is known.
        newest: u16,
    },
    /// The data is not of the type's form.
    #[error("the data of an event of type `{kind}` is not of its form (line {line}, column {column})")]
    Malformed {
        /// The type's name.
        kind: String,
        /// Where in the data, from 1.
        line: usize,
        /// Where in the line, from 1.
        column: usize,
    },
}

/// The current schema version of every event type. A type whose form changes gets an arm in [`upcast`] and a version
/// of its own here, and a golden file of the old form in `domain/tests/golden`.
const SCHEMA: u16 = 1;

/// Brings data of an old schema version to the current form: the one place where that is done.
const fn upcast<'a>(_kind: &str, _version: u16, data: &'a str) -> &'a str {
    data
}

impl Event {
    /// The name of its type, such as `CredentialConnected`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Provider(event) => event.kind(),
            Self::Account(event) => event.kind(),
            Self::Integration(event) => event.kind(),
            Self::Access(event) => event.kind(),
            Self::Token(event) => event.kind(),
            Self::Keyring(event) => event.kind(),
            Self::Operation(event) => event.kind(),
        }
    }

    /// The schema version that [`Event::encode`] writes.
    #[must_use]
    pub const fn schema(&self) -> u16 {
        SCHEMA
    }

    /// Its data as JSON.
    ///
    /// # Errors
    /// None in practice: events are plain data; `serde_json` reports only maps with keys that are no strings.
    pub fn encode(&self) -> Result<String, serde_json::Error> {
        match self {
            Self::Provider(event) => event.encode(),
            Self::Account(event) => event.encode(),
            Self::Integration(event) => event.encode(),
            Self::Access(event) => event.encode(),
            Self::Token(event) => event.encode(),
            Self::Keyring(event) => event.encode(),
            Self::Operation(event) => event.encode(),
        }
    }

    /// Reads a stored event, of any schema version that was ever written.
    ///
    /// # Errors
    /// See [`DecodeError`].
    pub fn decode(kind: &str, version: u16, data: &str) -> Result<Self, DecodeError> {
        if version == 0 || version > SCHEMA {
            return Err(DecodeError::UnknownVersion {
                kind: kind.to_owned(),
                found: version,
                newest: SCHEMA,
            });
        }
        let data = upcast(kind, version, data);
        let decoded = None
            .or_else(|| IntegrationEvent::decode(kind, data).map(|e| e.map(Self::Integration)))
            .or_else(|| AccessEvent::decode(kind, data).map(|e| e.map(Self::Access)))
            .or_else(|| ProviderEvent::decode(kind, data).map(|e| e.map(Self::Provider)))
            .or_else(|| AccountEvent::decode(kind, data).map(|e| e.map(Self::Account)))
            .or_else(|| TokenEvent::decode(kind, data).map(|e| e.map(Self::Token)))
            .or_else(|| KeyringEvent::decode(kind, data).map(|e| e.map(Self::Keyring)))
            .or_else(|| OperationEvent::decode(kind, data).map(|e| e.map(Self::Operation)));
        decoded.unwrap_or_else(|| Err(DecodeError::UnknownType(kind.to_owned())))
    }
}

/// Declares an aggregate's events: an enum over structs of the same names, the names as stored, and the conversions.
/// It keeps the stored name, the variant and the struct from ever drifting apart.
macro_rules! events {
    ($(#[$doc:meta])* $name:ident in $parent:ident { $($event:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq)]
        #[expect(missing_docs, reason = "each variant holds the struct of the same name, which is documented")]
        pub enum $name { $($event($event)),+ }

        impl $name {
            /// The names of all of them, as stored.
            pub const KINDS: &'static [&'static str] = &[$(stringify!($event)),+];

            pub(crate) const fn kind(&self) -> &'static str {
                match self { $(Self::$event(_) => stringify!($event)),+ }
            }

            pub(crate) fn encode(&self) -> Result<String, serde_json::Error> {
                match self { $(Self::$event(event) => $crate::event::to_json(event)),+ }
            }

            /// The event, if `kind` is one of these.
            pub(crate) fn decode(kind: &str, data: &str) -> Option<Result<Self, $crate::DecodeError>> {
                Some(match kind {
                    $(stringify!($event) => $crate::event::from_json(kind, data).map(Self::$event),)+
                    _ => return None,
                })
            }
        }

        impl From<$name> for $crate::Event {
            fn from(event: $name) -> Self {
                Self::$parent(event)
            }
        }

        impl TryFrom<$crate::Event> for $name {
            type Error = $crate::Event;

            fn try_from(event: $crate::Event) -> Result<Self, $crate::Event> {
                match event {
                    $crate::Event::$parent(event) => Ok(event),
                    other => Err(other),
                }
            }
        }

        $(impl From<$event> for $name {
            fn from(event: $event) -> Self {
                Self::$event(event)
            }
        })+
    };
}
pub(crate) use events;

pub(crate) fn to_json(event: &impl Serialize) -> Result<String, serde_json::Error> {
    serde_json::to_string(event)
}

pub(crate) fn from_json<E: DeserializeOwned>(kind: &str, data: &str) -> Result<E, DecodeError> {
    serde_json::from_str(data).map_err(|e| DecodeError::Malformed {
        kind: kind.to_owned(),
        line: e.line(),
        column: e.column(),
    })
}
