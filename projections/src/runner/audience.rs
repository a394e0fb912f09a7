use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::Position;
use tokio::sync::mpsc;

use crate::decoded::{Batch, Decoded};

/// Batches that wait for one listener, at most: a slow one slows the others down rather than fill the memory.
pub(super) const WAITING: usize = 4;

/// Those who hear of every event: a task for each projection, or for each part of one that is split.
pub(crate) struct Audience {
    inner: Mutex<Inner>,
}

struct Inner {
    /// Up to where batches have been given out.
    at: Position,
    listeners: Vec<mpsc::Sender<Batch>>,
}

impl Audience {
    /// Nobody yet.
    pub(crate) fn new() -> Self {
        let inner = Mutex::new(Inner {
            at: Position::START,
            listeners: Vec::new(),
        });
        Self { inner }
    }

    /// From now on: the first batch follows `from`.
    pub(crate) fn begin(&self, from: Position) {
        self.lock().at = from;
    }

    /// One more listener, and which event the first batch that it hears of follows.
    pub(crate) fn join(&self) -> (mpsc::Receiver<Batch>, Position) {
        let (sender, batches) = mpsc::channel(WAITING);
        let mut inner = self.lock();
        inner.listeners.push(sender);
        (batches, inner.at)
    }

    /// Those who are to hear of this batch.
    pub(super) fn of(&self, batch: &Batch) -> Vec<mpsc::Sender<Batch>> {
        let mut inner = self.lock();
        let last = batch.events.last().map_or(batch.after, Decoded::position);
        inner.at = inner.at.max(last);
        inner.listeners.retain(|listener| !listener.is_closed());
        inner.listeners.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
