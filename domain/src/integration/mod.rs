//! An account's connections to one provider: install, connect, test, rotate, disconnect, uninstall.

mod event;
mod verdict;

pub use event::{
    CredentialConnected, CredentialDisconnected, CredentialErased, CredentialRetired, CredentialRotated,
    CredentialTested, IntegrationEvent, IntegrationInstalled, IntegrationUninstalled, SealedSecret, Standing,
    Supersede,
};
pub use verdict::{TestOutcome, Verdict};
