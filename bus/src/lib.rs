//! Delivery of events to projectors.
//!
//! The bus only delivers: it may lose, repeat or purge, and nothing is lost, because every message names the position
//! before it and a reader with a gap turns to the log. [`Relay`] is the only publisher; [`Follower`] is that reader.
//! [`LocalBus`] delivers inside one process, [`NatsBus`] among machines.

#[cfg(any(test, feature = "contract"))]
pub mod contract;
mod follower;
mod local;
mod nats;
mod port;
mod relay;
mod turn;

pub use follower::{FollowError, Follower};
pub use local::LocalBus;
pub use nats::NatsBus;
pub use port::{Bus, BusError, Message, Subscription};
pub use relay::Relay;
pub use turn::Turn;
