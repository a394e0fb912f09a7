use std::collections::{BTreeMap, BTreeSet};

use crate::{ConnectionName, CredentialId};

/// The versions that are no longer valid: those whose secrets are still to be erased, and those that were.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Remains(BTreeMap<CredentialId, Remnant>);

/// The invalid versions of one credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remnant {
    /// The connection that it belonged to.
    pub connection: ConnectionName,
    /// Versions whose secrets are to be erased.
    pub unerased: BTreeSet<u32>,
    /// Versions whose secrets are erased.
    pub erased: BTreeSet<u32>,
}

impl Remains {
    /// The credentials with secrets that are to be erased.
    pub fn unerased(&self) -> impl Iterator<Item = (CredentialId, &Remnant)> {
        self.0
            .iter()
            .filter(|(_, remnant)| !remnant.unerased.is_empty())
            .map(|(credential, remnant)| (*credential, remnant))
    }

    /// What remains of one credential.
    #[must_use]
    pub fn of(&self, credential: CredentialId) -> Option<&Remnant> {
        self.0.get(&credential)
    }

    pub(super) fn add(&mut self, connection: &ConnectionName, credential: CredentialId, versions: &[u32]) {
        let remnant = self.0.entry(credential).or_insert_with(|| Remnant {
            connection: connection.clone(),
            unerased: BTreeSet::new(),
            erased: BTreeSet::new(),
        });
        remnant.unerased.extend(versions);
    }

    pub(super) fn erase(&mut self, credential: CredentialId, versions: &[u32]) {
        if let Some(remnant) = self.0.get_mut(&credential) {
            for version in versions {
                remnant.unerased.remove(version);
                remnant.erased.insert(*version);
            }
        }
    }
}
