use std::collections::{HashMap, VecDeque};
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::{EventId, StreamId};
use lru::LruCache;

use crate::NewEvent;
use crate::ledger::{Ledger, Place};

/// Of so many streams the ids are remembered.
const STREAMS: NonZeroUsize = NonZeroUsize::new(1024).unwrap();
/// So many of the newest ids of a stream are remembered: a repeat that comes after more events than that is not known.
pub(super) const IDS: usize = 4096;
/// So many ids of whatever streams are remembered, to find one that is used for a second stream.
const RECENT: usize = 65_536;

/// Which events are stored where, as far as this node has seen. The server has no index of ids.
pub(super) struct Indexes {
    streams: Mutex<LruCache<StreamId, Arc<tokio::sync::Mutex<StreamIndex>>>>,
    recent: Mutex<Recent>,
}

#[derive(Default)]
struct Recent {
    order: VecDeque<EventId>,
    streams: HashMap<EventId, (StreamId, u64)>,
}

/// The newest ids of one stream.
#[derive(Default)]
pub(super) struct StreamIndex {
    /// The revision of the newest event that was seen; 0 when there is none.
    pub(super) last: u64,
    /// Whether all up to there was seen, and nothing is in doubt.
    pub(super) current: bool,
    order: VecDeque<EventId>,
    places: HashMap<EventId, Spot>,
}

/// Where in its stream an event is.
#[derive(Clone, Copy)]
struct Spot {
    revision: u64,
    /// 0 when it is not known yet: an append says where its last event is, and no other.
    position: u64,
}

impl Indexes {
    pub(super) fn new() -> Self {
        Self {
            streams: Mutex::new(LruCache::new(STREAMS)),
            recent: Mutex::default(),
        }
    }

    /// The index of `stream`. Whoever holds its lock is the only one of this node that appends to the stream.
    pub(super) fn of(&self, stream: &StreamId) -> Arc<tokio::sync::Mutex<StreamIndex>> {
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(streams.get_or_insert(stream.clone(), Arc::default))
    }

    /// Remembers which stream an event is in.
    pub(super) fn note(&self, id: EventId, stream: &StreamId, revision: u64) {
        let mut recent = self.recent();
        if recent.streams.insert(id, (stream.clone(), revision)).is_some() {
            return;
        }
        recent.order.push_back(id);
        if recent.order.len() > RECENT
            && let Some(oldest) = recent.order.pop_front()
        {
            recent.streams.remove(&oldest);
        }
    }

    /// All that bears on appending `events` to `stream`.
    pub(super) fn ledger(&self, stream: &StreamId, index: &StreamIndex, events: &[NewEvent]) -> Ledger {
        let mut ledger = Ledger::new(0);
        let recent = self.recent();
        for event in events {
            let here = index.places.get(&event.id);
            let place = here.map(|spot| Place {
                stream: stream.clone(),
                revision: spot.revision,
                position: spot.position,
            });
            let elsewhere = || {
                let (stream, revision) = recent.streams.get(&event.id)?.clone();
                Some(Place {
                    stream,
                    revision,
                    position: 0,
                })
            };
            if let Some(place) = place.or_else(elsewhere) {
                ledger.note_event(event.id, place);
            }
        }
        ledger.note_revision(stream.clone(), index.last);
        ledger
    }

    fn recent(&self) -> MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl StreamIndex {
    /// Notes the event behind the newest one, or one that is known already, with its position.
    pub(super) fn note(&mut self, id: EventId, revision: u64, position: u64) {
        self.last = self.last.max(revision);
        if self.places.insert(id, Spot { revision, position }).is_some() {
            return;
        }
        self.order.push_back(id);
        if self.order.len() > IDS
            && let Some(oldest) = self.order.pop_front()
        {
            self.places.remove(&oldest);
        }
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}
