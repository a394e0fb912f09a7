use std::collections::BTreeMap;

use super::{
    ConnectionStatus, Credential, IntegrationCommand, IntegrationEvent, IntegrationRejection, Placement, Remains,
    SaveOptions,
};
use crate::{AccountId, Aggregate, ConnectionName, CredentialId, ProviderKey, StreamId};

/// An account's connections to one provider.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Integration {
    /// It was never on the account's list.
    #[default]
    Absent,
    /// It is on the list.
    Installed(Installation),
    /// It was taken off the list; no key is valid.
    Uninstalled(Remains),
}

/// An integration on an account's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installation {
    /// `default`, always, and every other connection that holds a key.
    pub connections: BTreeMap<ConnectionName, Connection>,
    /// The versions that are no longer valid.
    pub remains: Remains,
}

/// One connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Connection {
    /// It holds no key.
    Disconnected,
    /// It holds one.
    Keyed(Box<Credential>),
}

/// The place that the next key of a connection takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    /// The credential.
    pub credential: CredentialId,
    /// The version.
    pub version: u32,
}

/// What the log says of one version of a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validity {
    /// It knows of none.
    Unknown,
    /// It is in use, waiting or retiring.
    Valid,
    /// It is no longer valid, and its secret is to be erased.
    Retired,
    /// Its secret is erased.
    Erased,
}

impl Installation {
    /// The most connections to one provider, `default` included.
    pub const MAX_CONNECTIONS: usize = 20;

    pub(super) fn new(remains: Remains) -> Self {
        Self {
            connections: BTreeMap::from([(ConnectionName::default(), Connection::Disconnected)]),
            remains,
        }
    }

    /// The credential of a connection.
    ///
    /// # Errors
    /// [`IntegrationRejection::Disconnected`] when it holds none.
    pub fn credential(&self, connection: &ConnectionName) -> Result<&Credential, IntegrationRejection> {
        match self.connections.get(connection) {
            Some(Connection::Keyed(credential)) => Ok(credential),
            Some(Connection::Disconnected) | None => Err(IntegrationRejection::Disconnected),
        }
    }

    /// The connections that hold keys, in the order of their names.
    pub fn keyed(&self) -> impl Iterator<Item = (&ConnectionName, &Credential)> {
        self.connections
            .iter()
            .filter_map(|(name, connection)| match connection {
                Connection::Disconnected => None,
                Connection::Keyed(credential) => Some((name, credential.as_ref())),
            })
    }

    /// The status of a connection.
    #[must_use]
    pub fn status(&self, connection: &ConnectionName) -> ConnectionStatus {
        self.credential(connection)
            .map_or(ConnectionStatus::Disconnected, |credential| credential.current.status)
    }
}

impl Integration {
    /// What is on the list.
    ///
    /// # Errors
    /// [`IntegrationRejection::NotInstalled`].
    pub const fn installed(&self) -> Result<&Installation, IntegrationRejection> {
        match self {
            Self::Installed(installation) => Ok(installation),
            Self::Absent | Self::Uninstalled(_) => Err(IntegrationRejection::NotInstalled),
        }
    }

    /// The place that a key saved now takes: the next version of the connection's credential, or the first of `fresh`.
    ///
    /// # Errors
    /// The reason why a key cannot be saved.
    pub fn slot(
        &self,
        connection: &ConnectionName,
        options: SaveOptions,
        fresh: CredentialId,
    ) -> Result<Slot, IntegrationRejection> {
        let installation = self.installed()?;
        if options.overlap_seconds > SaveOptions::MAX_OVERLAP_SECONDS {
            return Err(IntegrationRejection::OverlapTooLong);
        }
        if options.placement == Placement::Now && options.overlap_seconds > 0 {
            return Err(IntegrationRejection::OverlapWithReplace);
        }
        match installation.connections.get(connection) {
            Some(Connection::Keyed(credential)) => Ok(Slot {
                credential: credential.id,
                version: credential.newest + 1,
            }),
            None if installation.connections.len() >= Installation::MAX_CONNECTIONS => {
                Err(IntegrationRejection::TooManyConnections)
            }
            Some(Connection::Disconnected) | None => Ok(Slot {
                credential: fresh,
                version: 1,
            }),
        }
    }

    /// The versions that are no longer valid; none when it was never installed.
    #[must_use]
    pub const fn remains(&self) -> Option<&Remains> {
        match self {
            Self::Absent => None,
            Self::Installed(installation) => Some(&installation.remains),
            Self::Uninstalled(remains) => Some(remains),
        }
    }

    /// What the log says of one version.
    #[must_use]
    pub fn validity(&self, credential: CredentialId, version: u32) -> Validity {
        if let Self::Installed(installation) = self
            && installation
                .keyed()
                .any(|(_, keyed)| keyed.id == credential && keyed.versions().contains(&version))
        {
            return Validity::Valid;
        }
        match self.remains().and_then(|remains| remains.of(credential)) {
            Some(remnant) if remnant.unerased.contains(&version) => Validity::Retired,
            Some(remnant) if remnant.erased.contains(&version) => Validity::Erased,
            _ => Validity::Unknown,
        }
    }
}

impl Aggregate for Integration {
    type Id = (AccountId, ProviderKey);
    type Command = IntegrationCommand;
    type Event = IntegrationEvent;
    type Rejection = IntegrationRejection;

    fn stream((account, provider): &(AccountId, ProviderKey)) -> StreamId {
        StreamId::Integration(account.clone(), provider.clone())
    }

    fn evolve(self, event: &IntegrationEvent) -> Self {
        super::evolve::evolve(self, event)
    }

    fn decide(&self, command: IntegrationCommand) -> Result<Vec<IntegrationEvent>, IntegrationRejection> {
        super::decide::decide(self, command)
    }
}
