use domain::Sha256Digest;
use sha2::{Digest, Sha256};

use super::{EventRow, position_to};

/// The digest of a model: of all its rows, in the byte order of their keys, and of all their columns.
///
/// Each value is preceded by its length, and a missing one is told from an empty one, so that two different models never
/// read the same. The same rows give the same digest in every database.
#[derive(Default)]
pub(crate) struct Digester(Sha256);

impl Digester {
    /// The next document.
    pub(crate) fn document(&mut self, key: &str, lookup: Option<&str>, document: &str) {
        self.text(key);
        self.optional(lookup.map(str::as_bytes));
        self.text(document);
    }

    /// The next event of the history.
    pub(crate) fn event(&mut self, row: &EventRow) -> Result<(), sqlx::Error> {
        self.number(position_to(row.position)?);
        self.number(row.recorded_at.timestamp_micros());
        self.optional(row.account.as_deref().map(str::as_bytes));
        self.optional(row.provider.as_deref().map(str::as_bytes));
        let credential = row.credential.map(domain::CredentialId::uuid);
        self.optional(credential.as_ref().map(|id| id.as_bytes().as_slice()));
        for text in [&row.kind, &row.actor, &row.envelope, &row.data] {
            self.text(text);
        }
        Ok(())
    }

    /// The digest of all that came.
    pub(crate) fn finish(self) -> Sha256Digest {
        Sha256Digest::new(self.0.finalize().into())
    }

    fn text(&mut self, text: &str) {
        self.optional(Some(text.as_bytes()));
    }

    fn number(&mut self, number: i64) {
        self.0.update([1]);
        self.0.update(number.to_be_bytes());
    }

    fn optional(&mut self, bytes: Option<&[u8]>) {
        let Some(bytes) = bytes else {
            return self.0.update([0]);
        };
        self.0.update([2]);
        self.0.update((bytes.len() as u64).to_be_bytes());
        self.0.update(bytes);
    }
}
