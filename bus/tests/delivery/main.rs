//! The delivery of events: the bus inside the process, the relay and the follower, through all that can go wrong.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod double;
mod follower;
mod foreign;
mod local;
mod relay;
mod telling;
