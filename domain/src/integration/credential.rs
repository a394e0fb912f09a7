use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::{ConnectionStatus, SealedSecret, Supersede};
use crate::CredentialId;

/// The key behind one connection, in all its valid versions. One of them is current, always.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// Its id, from connect to disconnect.
    pub id: CredentialId,
    /// The version in use.
    pub current: Version,
    /// The version that waits for a test that accepts it.
    pub candidate: Option<Candidate>,
    /// Superseded versions that are valid until the time given; none for one that the next event retires.
    pub retiring: BTreeMap<u32, Option<DateTime<Utc>>>,
    /// The highest version that was ever given.
    pub newest: u32,
}

/// One version of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Its number, from 1.
    pub number: u32,
    /// The sealed secret.
    pub sealed: SealedSecret,
    /// What its tests said of it; never `disconnected`.
    pub status: ConnectionStatus,
}

/// A version that waits, and for how long it will let the one before it stay valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The version.
    pub version: Version,
    /// In seconds from the promotion.
    pub overlap_seconds: u32,
}

impl Version {
    pub(super) const fn new(number: u32, sealed: SealedSecret) -> Self {
        Self {
            number,
            sealed,
            status: ConnectionStatus::Unverified,
        }
    }
}

impl Credential {
    /// The most superseded versions that are valid at once; the oldest is retired early to make room.
    pub(super) const MAX_RETIRING: usize = 3;

    /// A credential in its first version.
    pub(super) const fn new(id: CredentialId, first: Version) -> Self {
        Self {
            id,
            newest: first.number,
            current: first,
            candidate: None,
            retiring: BTreeMap::new(),
        }
    }

    /// Whether the provider took the current version: no paste may break it.
    #[must_use]
    pub fn works(&self) -> bool {
        self.current.status == ConnectionStatus::Connected
    }

    /// The version that a test is of: the one that waits for its verdict, else the one in use. A candidate that was
    /// refused has its verdict: it must not hide that the key in use was refused since.
    #[must_use]
    pub fn to_test(&self) -> &Version {
        self.candidate
            .as_ref()
            .map(|candidate| &candidate.version)
            .filter(|waiting| waiting.status == ConnectionStatus::Unverified)
            .unwrap_or(&self.current)
    }

    /// The valid version of this number, in use or waiting.
    #[must_use]
    pub fn version(&self, number: u32) -> Option<&Version> {
        let candidate = self.candidate.as_ref().map(|candidate| &candidate.version);
        [Some(&self.current), candidate]
            .into_iter()
            .flatten()
            .find(|version| version.number == number)
    }

    /// All valid versions, in order.
    #[must_use]
    pub fn versions(&self) -> Vec<u32> {
        let candidate = self.candidate.as_ref().map(|candidate| candidate.version.number);
        let mut all: Vec<u32> = self
            .retiring
            .keys()
            .copied()
            .chain([self.current.number])
            .chain(candidate)
            .collect();
        all.sort_unstable();
        all
    }

    /// What becomes of the current version when another takes its place at `now`. One that the provider refuses is of
    /// no use to anybody, and gets no overlap.
    pub(super) fn supersede(&self, overlap_seconds: u32, now: DateTime<Utc>) -> Supersede {
        let overlap = overlap_seconds > 0 && !self.current.status.is_refused();
        Supersede {
            version: self.current.number,
            retire_at: overlap.then(|| now + TimeDelta::seconds(overlap_seconds.into())),
        }
    }

    /// The retiring versions that must go now, so that one more has room.
    pub(super) fn crowded_out(&self) -> impl Iterator<Item = u32> {
        let excess = (self.retiring.len() + 1).saturating_sub(Self::MAX_RETIRING);
        self.retiring.keys().copied().take(excess)
    }

    /// The retiring versions whose overlap is over at `now`.
    pub(super) fn expired(&self, now: DateTime<Utc>) -> impl Iterator<Item = u32> {
        self.retiring
            .iter()
            .filter(move |(_, until)| until.is_none_or(|until| until <= now))
            .map(|(version, _)| *version)
    }

    /// Puts `version` in the place of the current one.
    pub(super) fn replace_current(&mut self, version: Version, retire_at: Option<DateTime<Utc>>) {
        let old = std::mem::replace(&mut self.current, version);
        self.retiring.insert(old.number, retire_at);
    }

    /// Takes the candidate away, to be retired by the next event.
    pub(super) fn drop_candidate(&mut self) {
        if let Some(candidate) = self.candidate.take() {
            self.retiring.insert(candidate.version.number, None);
        }
    }
}
