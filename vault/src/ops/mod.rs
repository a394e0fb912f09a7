//! What the vault can do, one file for each kind of work.

mod digest;
mod erase;
mod list;
mod release;
mod rotate;
mod seal;

pub use rotate::{RewrapProgress, VaultStatus};
