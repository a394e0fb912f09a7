use chrono::{DateTime, Utc};

use super::{SealedSecret, TestOutcome};
use crate::{ConnectionName, CredentialId};

/// What can be asked of an account's connections to one provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IntegrationCommand {
    /// Put it on the account's list.
    Install,
    /// Save a key that is sealed in the vault.
    Save(SavedKey),
    /// Note what a test of a version said.
    RecordTest {
        /// The connection.
        connection: ConnectionName,
        /// The credential.
        credential: CredentialId,
        /// The version that was tested.
        version: u32,
        /// What came of it.
        outcome: TestOutcome,
        /// The time now, from which an overlap counts.
        now: DateTime<Utc>,
    },
    /// Retire the versions whose overlap is over.
    RetireExpired {
        /// The time now.
        now: DateTime<Utc>,
    },
    /// Take the key of a connection back.
    Disconnect {
        /// The connection.
        connection: ConnectionName,
    },
    /// Take every key back; nothing happens when there is none: the account is closed.
    DisconnectAll,
    /// Note that the vault has destroyed versions that are not valid any more.
    RecordErased {
        /// The credential.
        credential: CredentialId,
        /// The versions.
        versions: Vec<u32>,
    },
    /// Take it off the account's list, with every key.
    Uninstall,
}

/// A key that was sealed for one place: this version of this credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedKey {
    /// The connection.
    pub connection: ConnectionName,
    /// The credential that it was sealed for.
    pub credential: CredentialId,
    /// The version that it was sealed for.
    pub version: u32,
    /// The sealed secret.
    pub sealed: SealedSecret,
    /// Whether the row has a test.
    pub testable: bool,
    /// What shall become of the version before it.
    pub options: SaveOptions,
    /// The time now, from which an overlap counts.
    pub now: DateTime<Utc>,
}

/// When a new version takes the place of a working one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Placement {
    /// When its test accepts it, or at once when the row has no test.
    #[default]
    WhenAccepted,
    /// At once, whatever its test will say, and everything before it is retired: the old key leaked.
    Now,
}

/// How a key is saved where there was one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SaveOptions {
    /// When it takes the place of a working one.
    pub placement: Placement,
    /// For how long the version that it supersedes stays valid, in seconds.
    pub overlap_seconds: u32,
}

impl SaveOptions {
    /// The longest overlap: 30 days, in seconds.
    pub const MAX_OVERLAP_SECONDS: u32 = 30 * 24 * 60 * 60;
}
