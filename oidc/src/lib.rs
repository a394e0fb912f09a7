//! Signing people in with `OpenID` Connect: the authorization code flow with PKCE, as the client of one issuer.
//!
//! [`Provider`] is the whole of it: where to send a browser, and who came back. What a person may do with this product is
//! not known here; the values of one claim are handed on as they are.
//!
//! - `discovery` reads what the issuer says of itself, `jwk` its keys; `memory` keeps both for a while;
//! - `id_token` checks an ID token (`OpenID` Connect Core 1.0, section 3.1.3.7); it is pure;
//! - `identity` reads from the checked claims who it is.

mod config;
mod discovery;
mod error;
mod id_token;
mod identity;
mod jwk;
mod memory;
mod provider;

pub use config::{Claim, Config, Issuer};
pub use error::{OidcError, TokenError};
pub use identity::Identity;
pub use provider::{Proof, Provider};
