//! Aggregates, events and the recipe language of a provider row.
//!
//! Everything here is pure and synchronous: no clock, no randomness, no I/O. Time, new ids and sealed references
//! arrive with a command; what happened leaves as events. Each aggregate has a folder with its events, its state
//! (`evolve`) and its decisions (`decide`).

pub mod access;
pub mod account;
mod actor;
mod aggregate;
mod digest;
mod event;
mod id;
pub mod integration;
pub mod keyring;
mod metadata;
mod name;
pub mod operation;
mod parsed;
mod position;
pub mod provider;
pub mod recipe;
mod stream;
pub mod token;

pub use actor::{Actor, ActorKind};
pub use aggregate::{Aggregate, Refusal};
pub use digest::{Fingerprint, InvalidDigest, RequestDigest, Sha256Digest};
pub use event::{DecodeError, Event};
pub use id::{
    AccountId, CommandId, ConnectionName, CorrelationId, CredentialId, DekId, EventId, InvalidId, KekId, ProviderKey,
    TokenId,
};
pub use metadata::Metadata;
pub use name::has_hidden;
pub use position::Position;
pub use stream::{Category, InvalidStream, StreamId};
