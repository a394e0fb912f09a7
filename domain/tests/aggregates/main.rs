//! What each aggregate decides, as *given events, when command, then events or rejection*.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod account;
mod given;
mod golden;
mod integration;
mod keyring;
mod machine;
mod provider;
mod rotation;
mod token;
