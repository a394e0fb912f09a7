//! What the vault can do, one file for each kind of work.

mod digest;
mod erase;
mod list;
mod release;
mod rotate;
mod seal;

#[cfg(test)]
pub(crate) use seal::fingerprint;

pub use rotate::{RewrapProgress, VaultStatus};
