//! The write side over a real log, a real vault and a provider on this machine.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod accounts;
mod concurrency;
mod crashes;
mod faults;
mod faulty_log;
mod nodes;
mod providers;
mod release;
mod replay;
mod rotation;
mod save;
mod server;
mod set_back;
mod sweeper;
mod tokens;
mod world;
