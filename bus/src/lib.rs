//! Delivery of events to projectors.
//!
//! The bus only delivers: it may lose, repeat or purge, and nothing is lost, because every message names the position
//! before it and a reader with a gap turns to the log. The relay is the only publisher.

mod port;

pub use port::{Bus, BusError, Message, Subscription};
