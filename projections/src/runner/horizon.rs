use std::collections::VecDeque;

use chrono::{DateTime, Utc};
use domain::Position;

use crate::decoded::Batch;
use crate::part::Share;
use crate::projector::Projector;

/// How many events that concern a projection are remembered, at most, until the process that applies them has done so.
const MOST: usize = 65_536;

/// Up to where a model is that another process writes: its checkpoint is stored when rows change, and it is as far as the
/// next event that concerns it allows.
pub(super) struct Horizon {
    /// From here on, every event has come by.
    from: Position,
    latest: Mark,
    /// For each event that concerns this part of the projection, and was not applied at the last look: its position, and the event
    /// before it.
    waiting: VecDeque<(Position, Mark)>,
}

/// The place of an event, and when it was recorded.
pub(super) type Mark = (Position, Option<DateTime<Utc>>);

impl Horizon {
    pub(super) fn new(from: Position) -> Self {
        Self {
            from,
            latest: (from, None),
            waiting: VecDeque::new(),
        }
    }

    /// Takes note of a batch, which follows the one before.
    pub(super) fn note(&mut self, batch: &Batch, projector: &dyn Projector, share: &Share) {
        let seen = self.latest.0;
        for event in batch.events.iter().filter(|event| event.position() > seen) {
            let account = projector.account(&event.stored);
            if projector.concerns(event.category()) && share.takes(account, event.position()) {
                self.waiting.push_back((event.position(), self.latest));
            }
            self.latest = (event.position(), Some(event.stored.recorded_at));
        }
        if self.waiting.len() > MOST {
            self.waiting.clear();
            self.from = self.latest.0;
        }
    }

    /// Up to where readers see the log, when the checkpoint is stored at `stored`.
    pub(super) fn visible(&mut self, stored: Mark) -> Mark {
        while self.waiting.front().is_some_and(|(position, _)| *position <= stored.0) {
            self.waiting.pop_front();
        }
        if stored.0 < self.from {
            return stored;
        }
        let reached = self.waiting.front().map_or(self.latest, |(_, before)| *before);
        if reached.0 > stored.0 { reached } else { stored }
    }
}
