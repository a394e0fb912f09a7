use chrono::{DateTime, Utc};
use domain::{AccountId, Position};

use crate::part::{Part, Parts};
use crate::shared::Mark;
use crate::store::{Checkpoint, Stage};
use crate::{PartStatus, State};

/// How far a projection is, as this process knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Progress {
    pub(crate) generation: u32,
    /// How far each of its parts is. There is always one.
    pub(crate) parts: Vec<Stand>,
}

/// How far one part is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stand {
    /// Whether it is of a live model of this version, for queries to read.
    live: bool,
    pub(crate) position: Position,
    pub(crate) recorded_at: Option<DateTime<Utc>>,
    pub(crate) state: State,
}

impl Progress {
    pub(crate) fn new() -> Self {
        Self {
            generation: 0,
            parts: vec![Stand::new()],
        }
    }

    /// The part that a row of the bookkeeping is about. While a model is built, there is one.
    ///
    /// When the number of parts has changed, nothing is known of the others but that they are no less far than the slowest
    /// was: a model that takes over has gone as far as the furthest.
    pub(crate) fn part(&mut self, checkpoint: &Checkpoint) -> &mut Stand {
        let live = checkpoint.stage != Stage::Building;
        let part = if live { checkpoint.part } else { Part::WHOLE };
        let (parts, index) = (part.parts().get() as usize, part.index() as usize);
        if self.parts.len() != parts {
            let known = if self.is_live() {
                self.slowest().clone()
            } else {
                Stand::new()
            };
            self.parts = vec![known; parts];
        }
        self.generation = checkpoint.generation;
        self.parts[index].live = live;
        // There are so many parts, and an index is one of theirs.
        &mut self.parts[index]
    }

    /// There is no model.
    pub(crate) fn none_yet(&mut self, state: State) {
        self.parts.truncate(1);
        self.parts[0].live = false;
        self.parts[0].state = state;
    }

    /// Whether there is a live model of this version, and something is known of all its parts: queries can read it.
    pub(crate) fn is_live(&self) -> bool {
        self.parts.iter().all(|part| part.live)
    }

    /// The part that is behind the others.
    pub(crate) fn slowest(&self) -> &Stand {
        let slowest = self.parts.iter().min_by_key(|part| part.position);
        slowest.unwrap_or(&self.parts[0])
    }

    /// The part that an account belongs to; without one, the slowest.
    pub(crate) fn of(&self, account: Option<&AccountId>) -> &Stand {
        let parts = u32::try_from(self.parts.len())
            .ok()
            .and_then(|parts| Parts::try_from(parts).ok());
        match (account, parts) {
            (Some(account), Some(parts)) => &self.parts[parts.of(Some(account)) as usize],
            _ => self.slowest(),
        }
    }

    /// What the projection is doing: it has stopped if a part has, and this process applies events if it does for a part.
    pub(crate) fn state(&self) -> &State {
        let first = |is: fn(&State) -> bool| self.parts.iter().map(|part| &part.state).find(|state| is(state));
        first(|state| matches!(state, State::Stopped { .. }))
            .or_else(|| first(|state| *state == State::Running))
            .unwrap_or(&self.parts[0].state)
    }

    /// Whether readers of an account's rows, or of everybody's, see the log up to `position`.
    pub(crate) fn has_reached(&self, account: Option<&AccountId>, position: Position) -> bool {
        self.is_live() && self.of(account).position >= position
    }

    /// Whether that will not be without somebody's help: a part that they read stands still before it.
    pub(crate) fn is_stuck(&self, account: Option<&AccountId>, position: Position) -> bool {
        match account {
            Some(_) => self.of(account).is_stopped(),
            None => self
                .parts
                .iter()
                .any(|part| part.is_stopped() && (part.position < position || !part.live)),
        }
    }
}

impl Stand {
    const fn new() -> Self {
        Self {
            live: false,
            position: Position::START,
            recorded_at: None,
            state: State::Idle,
        }
    }

    pub(crate) const fn stand(&mut self, (position, recorded_at): Mark) {
        self.position = position;
        self.recorded_at = recorded_at;
    }

    pub(crate) const fn is_stopped(&self) -> bool {
        matches!(self.state, State::Stopped { .. })
    }

    pub(crate) const fn stands_at(&self, position: Position) -> bool {
        matches!(&self.state, State::Stopped { at, .. } if at.to_stored() == position.to_stored())
    }

    pub(crate) fn status(&self) -> PartStatus {
        PartStatus {
            position: self.position,
            state: self.state.clone(),
        }
    }
}
