//! An API token: who may call, as what, for which accounts.

mod event;
mod rejection;
mod role;
mod state;

pub use event::{TokenEvent, TokenIssued, TokenRevoked};
pub use rejection::TokenRejection;
pub use role::{AccountScope, Role};
pub use state::{Token, TokenCommand};
