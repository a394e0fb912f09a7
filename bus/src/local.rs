use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use domain::Position;
use tokio::sync::watch;

use crate::{Bus, BusError, Message, Subscription};

/// How many messages are held when nothing else is asked for.
const DEFAULT_CAPACITY: usize = 4096;
/// How many bytes of event data are held at most, so that a few thousand logos cannot fill the memory.
const MAX_BYTES: usize = 32 * 1024 * 1024;
/// How many messages a subscription gives at once.
const BATCH: usize = 512;

/// The bus inside one process: a ring of the newest messages.
///
/// It keeps the contract of any other bus. A message that is published again is delivered again, and a reader that is
/// too slow finds that the oldest messages are gone: their successors' [`Message::prev`] shows the gap.
pub struct LocalBus {
    ring: Arc<Mutex<Ring>>,
    /// The number of messages ever published. It lives here alone, so that subscriptions end with the bus.
    published: watch::Sender<u64>,
}

struct Ring {
    messages: VecDeque<Message>,
    /// How many messages were there before the oldest that is held.
    dropped: u64,
    bytes: usize,
    newest: Position,
    capacity: usize,
}

impl LocalBus {
    /// An empty bus.
    #[must_use]
    pub fn new() -> Self {
        Self::with_capacity(DEFAULT_CAPACITY)
    }

    /// An empty bus that holds the newest `capacity` messages, and at least one.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self {
            ring: Arc::new(Mutex::new(Ring {
                messages: VecDeque::new(),
                dropped: 0,
                bytes: 0,
                newest: Position::START,
                capacity: capacity.max(1),
            })),
            published: watch::Sender::new(0),
        }
    }
}

impl Default for LocalBus {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Bus for LocalBus {
    async fn publish(&self, messages: Vec<Message>) -> Result<(), BusError> {
        let count = {
            let mut ring = lock(&self.ring);
            for message in messages {
                ring.push(message);
            }
            ring.end()
        };
        self.published.send_replace(count);
        Ok(())
    }

    async fn last(&self) -> Result<Position, BusError> {
        Ok(lock(&self.ring).newest)
    }

    async fn subscribe(&self, after: Position) -> Result<Box<dyn Subscription>, BusError> {
        let ring = lock(&self.ring);
        let older = ring.messages.iter().take_while(|m| m.event.position <= after).count();
        Ok(Box::new(LocalSubscription {
            ring: Arc::clone(&self.ring),
            published: self.published.subscribe(),
            cursor: ring.dropped + older as u64,
        }))
    }

    async fn clear(&self) -> Result<(), BusError> {
        lock(&self.ring).clear();
        Ok(())
    }
}

impl Ring {
    fn push(&mut self, message: Message) {
        self.newest = self.newest.max(message.event.position);
        self.bytes += message.event.data.len();
        self.messages.push_back(message);
        while self.messages.len() > self.capacity || (self.bytes > MAX_BYTES && self.messages.len() > 1) {
            if let Some(oldest) = self.messages.pop_front() {
                self.bytes -= oldest.event.data.len();
                self.dropped += 1;
            }
        }
    }

    fn clear(&mut self) {
        self.dropped = self.end();
        self.messages.clear();
        self.bytes = 0;
        self.newest = Position::START;
    }

    fn end(&self) -> u64 {
        self.dropped + self.messages.len() as u64
    }

    /// Some messages from `cursor` on, and where to go on after them.
    fn read(&self, cursor: u64) -> (Vec<Message>, u64) {
        let start = cursor.max(self.dropped);
        let skip = usize::try_from(start - self.dropped).unwrap_or(usize::MAX);
        let messages: Vec<_> = self.messages.iter().skip(skip).take(BATCH).cloned().collect();
        let next = start + messages.len() as u64;
        (messages, next)
    }
}

struct LocalSubscription {
    ring: Arc<Mutex<Ring>>,
    published: watch::Receiver<u64>,
    cursor: u64,
}

#[async_trait]
impl Subscription for LocalSubscription {
    async fn next(&mut self) -> Result<Vec<Message>, BusError> {
        loop {
            self.published.mark_unchanged();
            let (messages, cursor) = lock(&self.ring).read(self.cursor);
            self.cursor = cursor;
            if !messages.is_empty() {
                return Ok(messages);
            }
            self.published
                .changed()
                .await
                .map_err(|closed| BusError(Box::new(closed)))?;
        }
    }
}

/// The ring is whole after a panic too: nothing in here stops half-way.
fn lock(ring: &Mutex<Ring>) -> MutexGuard<'_, Ring> {
    ring.lock().unwrap_or_else(PoisonError::into_inner)
}
