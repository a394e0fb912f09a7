use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

/// How many keys are remembered, at most: 38 MB.
const MAX: usize = 3_500_000;

/// What a table may hold besides the documents in memory: the keys of those that left memory since the table was empty, as
/// hashes. A key that is not among them, nor in memory, has no document yet, and the table need not be asked. While a
/// model is built, half of all look-ups are for documents that no event has touched before.
pub(crate) struct Evicted {
    hasher: RandomState,
    /// None where the table may hold anything.
    keys: Option<HashSet<u64>>,
}

impl Evicted {
    /// The table may hold anything.
    pub(crate) fn unknown() -> Self {
        Self {
            hasher: RandomState::new(),
            keys: None,
        }
    }

    /// The table holds nothing.
    pub(crate) fn nothing() -> Self {
        Self {
            hasher: RandomState::new(),
            keys: Some(HashSet::new()),
        }
    }

    /// A document has left memory.
    pub(crate) fn add(&mut self, key: &str) {
        if let Some(keys) = &mut self.keys {
            keys.insert(self.hasher.hash_one(key));
            if keys.len() > MAX {
                self.keys = None;
            }
        }
    }

    /// Whether the table may hold a document of this key, which is not in memory.
    pub(crate) fn may_hold(&self, key: &str) -> bool {
        self.keys
            .as_ref()
            .is_none_or(|keys| !keys.is_empty() && keys.contains(&self.hasher.hash_one(key)))
    }

    /// Gives its memory back. What it knew is forgotten, unless nothing has left memory so far.
    pub(crate) fn relax(&mut self) {
        self.keys.take_if(|keys| !keys.is_empty());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_left_memory_is_asked_for() {
        let mut evicted = Evicted::nothing();
        assert!(!evicted.may_hold("one"));
        evicted.add("one");
        assert!(evicted.may_hold("one"));
        assert!(!evicted.may_hold("two"));
    }

    #[test]
    fn of_a_table_that_was_not_empty_nothing_is_known() {
        let mut evicted = Evicted::unknown();
        assert!(evicted.may_hold("one"));
        evicted.add("two");
        assert!(evicted.may_hold("one"));
    }

    #[test]
    fn a_small_table_stays_known_when_memory_is_given_back() {
        let mut evicted = Evicted::nothing();
        evicted.relax();
        assert!(!evicted.may_hold("one"));
        evicted.add("two");
        evicted.relax();
        assert!(evicted.may_hold("one"));
    }
}
