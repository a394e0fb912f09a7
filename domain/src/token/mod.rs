//! An API token: who may call, as what, for which accounts.

mod event;
mod role;

pub use event::{TokenEvent, TokenIssued, TokenRevoked};
pub use role::{AccountScope, Role};
