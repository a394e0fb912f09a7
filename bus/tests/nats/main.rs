//! The bus over NATS, with real servers: the contract, and all that can happen to a server, a connection and a relay.
//!
//! Nothing is waited for by sleeping: every wait is for a condition, with a limit.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod cluster;
mod connecting;
mod contract;
mod encrypted;
mod faults;
mod fencing;
mod leading;
mod schedule;
mod server;
mod world;
