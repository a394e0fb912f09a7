//! The JSON API, its OpenAPI document, and the composition root of the `soconnective` binary.
//!
//! [`router`] serves the API over an [`AppState`]; [`server`] builds one over a data folder; [`cli`] is the command line.
//! The endpoints stand in `routes`, one group a file: each extracts (`extract`, `auth`), calls and maps, and says no with a
//! problem (`problem`).

mod auth;
pub mod cli;
mod clock;
mod docs;
mod extract;
mod logo;
mod metrics;
mod openapi;
mod pages;
mod problem;
mod request_log;
mod routes;
mod row_file;
pub mod schema;
pub mod server;
mod sign_on;
mod state;

/// Short requests are a good part allocation: this one takes less time for it than the system's (ADR 0017).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

pub use auth::format as token_format;
pub use clock::{SystemClock, SystemIds};
pub use metrics::{CountingLog, Metrics};
pub use openapi::document as openapi_document;
pub use pages::site;
pub use problem::{Code, Spec};
pub use routes::router;
pub use sign_on::{SignOnSettings, sign_on};
pub use state::{App, AppState, Parts};
