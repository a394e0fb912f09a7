//! Identifiers: newtypes that can only be parsed or made by their owner.

mod account_id;
mod connection_name;
mod provider_key;
mod uuid_id;

pub use account_id::AccountId;
pub use connection_name::ConnectionName;
pub use provider_key::ProviderKey;
pub use uuid_id::{CommandId, CorrelationId, CredentialId, DekId, EventId, KekId, TokenId};

/// A text that is not an identifier of the expected kind. Its message names the rule, never the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a valid {what}: {rule}")]
pub struct InvalidId {
    /// What was expected, such as "provider key".
    pub what: &'static str,
    /// The rule that the text breaks, in words.
    pub rule: &'static str,
}
