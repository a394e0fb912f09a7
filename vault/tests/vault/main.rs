//! The vault as its users see it, over real files and a real PostgreSQL.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a helper that fails is a test that fails"
)]

mod behind;
mod support;

mod copying;
mod crashing;
mod erasing;
mod fingerprints;
mod keyring;
mod nodes;
mod outages;
mod rotating;
mod saving;
mod tampering;
