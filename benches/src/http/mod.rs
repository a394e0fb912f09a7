//! Measurements over HTTP. The product and its floor run as processes of their own, each with the runtime of the product,
//! and are asked the very same bytes by the very same client.

mod ai_config;
mod catalog;
mod client;
mod command;
mod compare;
mod floor;
mod load;
mod marketplace;
mod options;
mod process;
mod server;
mod world;

pub(crate) use options::Options;
pub(crate) use server::ServerOptions;

pub(crate) use ai_config::run as ai_config;
pub(crate) use catalog::run as catalog;
pub(crate) use command::run as command;
pub(crate) use marketplace::run as marketplace;
pub(crate) use server::run as server;
