//! What the whole-system tests stand on: the product as a process of its own, and a provider that it can call.
//!
//! Nothing here knows the inside of the product: it is started as an operator starts it and spoken to over HTTP.

mod caller;
mod cluster;
mod gateway;
mod mailchimp;
mod product;

pub use caller::{Answer, Caller};
pub use cluster::Cluster;
pub use gateway::Gateway;
pub use mailchimp::{GOOD_KEY, Mailchimp, SECOND_KEY};
pub use product::Product;
