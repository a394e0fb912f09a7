//! The write side: load, decide, append; test and release a secret.
//!
//! [`Commands`] is the whole of it, [`Recorder`] the part that needs the log alone. Every command names who asks and a [`domain::CommandId`]; a command that comes again
//! with the same id gives its first result again, also after a restart, because the log knows the ids.
//!
//! A command runs to its end even when nobody waits for its answer any more, so that a client that hangs up leaves
//! nothing half-done; what a crash leaves half-done, [`Commands::sweep`] finishes.

mod account;
mod ai_config;
mod append;
mod cache;
mod closing;
mod commands;
mod context;
mod error;
mod execute;
mod follower;
mod if_match;
mod integration;
mod keyring;
mod loaded;
mod locks;
mod operation;
mod provider;
mod receipt;
mod recorder;
mod seeds;
mod sweeper;
mod token;

pub use account::NewAccount;
pub use ai_config::{ReleaseRequest, Released};
pub use commands::Commands;
pub use context::{Clock, Context, Ids};
pub use error::CommandError;
pub use if_match::IfMatch;
pub use integration::{Erasure, Installed, KeyPlace, KeyReport, RawFields, SaveTerms};
pub use receipt::Receipt;
pub use recorder::Recorder;
pub use sweeper::Swept;
pub use token::{IssuedToken, NewToken};
