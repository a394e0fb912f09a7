//! Where the log, the bus, the vault and the read models are: chosen by URL, and opened here alone.

mod address;
mod choice;
mod open;

use address::Address;
pub use choice::{BusPlace, DbPlace, LogPlace, Stores};
