//! The log in PostgreSQL keeps the contract, and what is its own to promise, on real servers.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod encrypted;
mod faults;
mod held;
mod naive;
mod promises;
mod proxy;
mod restarts;
mod support;
