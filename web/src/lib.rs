//! The pages that people use: sign-in, marketplace, settings, administration, audit.
//!
//! Rendered on the server from the templates in `templates/`, which are checked when this is compiled. Every page works
//! without JavaScript; the modules in `assets/` make some of them quicker to use. Pages ask the write side and the read
//! side directly, and the process that they run in by [`Backstage`].
//!
//! [`Site`] is the whole of it. A group of pages is a module with its own routes; each handler extracts, calls and maps.

mod address;
mod admin;
mod assets;
mod audit;
mod backstage;
mod error;
mod fields;
mod form;
mod guard;
mod history;
mod icons;
mod in_place;
mod live;
mod markdown;
mod marketplace;
mod page;
mod pasted;
mod session;
mod settings;
mod shell;
mod sign_in;
mod sign_on;
mod site;
mod status;
mod time;
mod upload;
mod verdict;

pub use backstage::{Backstage, Hints, NewSecret, Unavailable};
pub use error::{no_page_to_open, no_such_page};
pub use sign_on::{Identity, Proof, SignOn, SignOnError};
pub use site::{Parts, Site};
