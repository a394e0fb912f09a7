//! Real NATS and PostgreSQL servers for tests: started on free ports, in temporary folders, and gone with the test.
//!
//! Nothing here is skipped: where a server is not installed, the test fails and says what to install. No server outlives
//! the process that started it, however that process ends: see `guard.rs`.

mod authority;
mod guard;
mod nats;
mod port;
mod postgres;
mod process;
mod user;

pub use authority::{Authority, Certificate};
pub use nats::Nats;
pub use postgres::Postgres;
