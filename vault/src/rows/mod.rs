//! The envelopes, and what may be shown of each: what the vault asks of the store that keeps them.

pub(crate) mod postgres;
pub(crate) mod sqlite;

use std::collections::HashMap;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::{AccountId, CredentialId, DekId, Sha256Digest};

use crate::committed::Committed;
use crate::{Hints, PendingSecret, SecretContext, VaultError};

/// Its name in messages, and the name of its schema.
pub(crate) const STORE: &str = "vault";

/// A credential and a version of it. One row of it is live at most; each attempt to save it has a pending row of its own
/// until then, so that a row is addressed by its key.
pub(crate) type SecretId = (CredentialId, u32);

/// A row that is to be written.
pub(crate) struct NewRow {
    /// What it belongs to.
    pub ctx: SecretContext,
    /// The key that it was sealed with.
    pub dek: DekId,
    /// The sealed fields.
    pub envelope: Vec<u8>,
    /// The digest of the envelope.
    pub sha256: Sha256Digest,
    /// When.
    pub created_at: DateTime<Utc>,
    /// JSON for display.
    pub masked: String,
    /// JSON for display.
    pub public: String,
}

/// The order of all rows: by version of a credential, and by the key of each attempt to save it.
pub(crate) type RowId = (CredentialId, u32, DekId);

/// A row that was written.
pub(crate) struct StoredRow {
    /// As it was written.
    pub row: NewRow,
    /// Whether an event is known to name it.
    pub live: bool,
}

/// What is read of a row to open it.
pub(crate) struct SealedRow {
    /// What it belongs to, as the database says.
    pub ctx: SecretContext,
    /// The sealed fields.
    pub envelope: Vec<u8>,
}

/// A change of the envelopes: all or nothing.
pub(crate) enum RowChange {
    /// Writes down which keystore it belongs to, once.
    Join(Vec<u8>),
    /// Writes a pending row.
    Put(Box<NewRow>),
    /// Makes a row of the account live.
    MakeLive(AccountId, DekId),
    /// Removes a row of the account when it is pending.
    Discard(AccountId, DekId),
    /// Removes rows, each of its account.
    Remove(Vec<(AccountId, DekId)>),
    /// Adds rows of another store, as they are there; those that are here already stay.
    Copy(Vec<StoredRow>),
}

impl RowChange {
    /// Whether the commit may reach the disk only with a later one. It is still all or nothing.
    ///
    /// A row that is pending again after a power cut is not lost: its event is in the log, by which the sweeper makes it
    /// live, and until then it opens all the same.
    pub(crate) const fn may_lag(&self) -> bool {
        matches!(self, Self::MakeLive(..))
    }

    /// Whether it takes something away that must not be found again.
    pub(crate) const fn erases(&self) -> bool {
        matches!(self, Self::Discard(..) | Self::Remove(_))
    }
}

/// The store of the envelopes. What names an account sees and changes rows of that account alone; what names none is
/// the business of the start, the sweeper, rotation and status, and of the operator.
#[async_trait]
pub(crate) trait Rows: Send + Sync {
    /// Which keystore it belongs to; none before the first start is over.
    async fn pair(&self) -> Result<Option<Vec<u8>>, VaultError>;

    /// Applies a change, and says how many rows it found or wrote.
    async fn change(&self, change: RowChange) -> Result<Committed<u64>, VaultError>;

    /// The row of the account that was sealed with a key.
    async fn sealed(&self, account: &AccountId, dek: DekId) -> Result<Option<SealedRow>, VaultError>;

    /// All rows of these versions: whose they are, and their keys.
    async fn attempts(&self, ids: &[SecretId]) -> Result<Vec<(AccountId, DekId)>, VaultError>;

    /// What may be shown of these rows, as far as they exist and belong to the account.
    async fn hints(&self, account: &AccountId, ids: &[SecretId]) -> Result<HashMap<SecretId, Hints>, VaultError>;

    /// The pending rows that are older than that, oldest first.
    async fn pending(&self, older_than: DateTime<Utc>) -> Result<Vec<PendingSecret>, VaultError>;

    /// What the rows of an account belong to, by credential and version.
    async fn of_account(&self, account: &AccountId) -> Result<Vec<SecretContext>, VaultError>;

    /// A page of what all rows belong to, by credential and version.
    async fn page(&self, after: Option<SecretId>, max: u32) -> Result<Vec<SecretContext>, VaultError>;

    /// At most `max` whole rows after `after`, in their order.
    async fn stored(&self, after: Option<RowId>, max: u32) -> Result<Vec<StoredRow>, VaultError>;

    /// Those of some keys that a row was sealed with.
    async fn present(&self, deks: &[DekId]) -> Result<Vec<DekId>, VaultError>;

    /// How many rows are pending, and how many live.
    async fn counts(&self) -> Result<(u64, u64), VaultError>;

    /// Finishes what was begun and closes all connections.
    async fn close(&self);
}
