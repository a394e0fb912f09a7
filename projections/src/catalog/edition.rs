use domain::Sha256Digest;

use super::document::{ProviderRecord, ProviderStatus};

/// Which state of the catalog somebody has seen. Two states look alike to whom their editions are equal; what is hidden from
/// somebody does not change his.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Editions {
    /// Of the marketplace: the published rows.
    pub marketplace: Sha256Digest,
    /// Of all rows, drafts and retired ones included: for platform admins.
    pub rows: Sha256Digest,
}

impl Editions {
    /// The editions of these rows, which come in the order of their keys.
    pub(super) fn of<'a>(records: impl Iterator<Item = &'a ProviderRecord> + Clone) -> Self {
        let published = records
            .clone()
            .filter(|record| record.status == ProviderStatus::Published);
        Self {
            marketplace: digest(published),
            rows: digest(records),
        }
    }
}

/// A revision of a row is never another one, whatever it holds.
fn digest<'a>(records: impl Iterator<Item = &'a ProviderRecord>) -> Sha256Digest {
    let lines: Vec<_> = records
        .map(|record| format!("{} {}", record.row.key, record.revision))
        .collect();
    Sha256Digest::of(lines.join("\n").as_bytes())
}
