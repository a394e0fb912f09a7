use crate::VaultError;

/// What came of a change that is committed.
pub(crate) struct Committed<T> {
    outcome: T,
    /// The database whose write-ahead log could not be emptied afterwards, though it should have been.
    kept: Option<&'static str>,
}

impl<T> Committed<T> {
    /// A change that left nothing in `kept`'s write-ahead log, or one that did.
    pub(crate) const fn new(outcome: T, kept: Option<&'static str>) -> Self {
        Self { outcome, kept }
    }

    /// What came of it, whatever is still in the write-ahead log.
    pub(crate) const fn outcome(&self) -> &T {
        &self.outcome
    }

    /// What came of it, when nothing of what it took away is left where the store promises to clean up.
    pub(crate) fn for_good(self) -> Result<T, VaultError> {
        match self.kept {
            None => Ok(self.outcome),
            Some(store) => Err(VaultError::NotTruncated { store }),
        }
    }
}
