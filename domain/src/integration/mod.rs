//! An account's connections to one provider: install, connect, test, rotate, disconnect, uninstall.

mod command;
mod credential;
mod decide;
mod event;
mod evolve;
mod rejection;
mod remains;
mod state;
mod status;
mod verdict;

pub use command::{IntegrationCommand, Placement, SaveOptions, SavedKey};
pub use credential::{Candidate, Credential, Version};
pub use event::{
    CredentialConnected, CredentialDisconnected, CredentialErased, CredentialRetired, CredentialRotated,
    CredentialTested, IntegrationEvent, IntegrationInstalled, IntegrationUninstalled, SealedSecret, Standing,
    Supersede,
};
pub use rejection::IntegrationRejection;
pub use remains::{Remains, Remnant};
pub use state::{Connection, Installation, Integration, Slot, Validity};
pub use status::ConnectionStatus;
pub use verdict::{TestOutcome, Verdict};
