//! The vault as its users see it, over real files.

mod support;

mod crashing;
mod erasing;
mod fingerprints;
mod keyring;
mod rotating;
mod saving;
mod tampering;
