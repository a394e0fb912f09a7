//! An account's connections to one provider, as commands.

mod disconnect;
mod erase;
mod install;
mod logged;
mod lost;
mod report;
mod save;
mod test;

use domain::integration::Integration;
use domain::{AccountId, Aggregate, ConnectionName, CredentialId, ProviderKey, StreamId};
use vault::SecretContext;

pub(crate) use erase::{Erased, unerased};
pub use report::{Erasure, Installed, KeyPlace, KeyReport, RawFields};
pub use save::SaveTerms;

/// One connection of an account to a provider.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) account: AccountId,
    pub(crate) provider: ProviderKey,
    pub(crate) connection: ConnectionName,
}

impl Place {
    pub(crate) fn id(&self) -> (AccountId, ProviderKey) {
        (self.account.clone(), self.provider.clone())
    }

    pub(crate) fn stream(&self) -> StreamId {
        Integration::stream(&self.id())
    }

    /// What a version of this connection's key is sealed for.
    pub(crate) fn secret(&self, credential: CredentialId, version: u32) -> SecretContext {
        SecretContext {
            account: self.account.clone(),
            credential,
            version,
            provider: self.provider.clone(),
        }
    }
}
