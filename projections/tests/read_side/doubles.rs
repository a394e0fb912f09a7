//! A bus that cannot be relied on, and a log that keeps its readers waiting.

use std::sync::Arc;

use bus::{Bus, BusError, LocalBus, Message, Subscription};
use domain::{Position, StreamId};
use eventlog::{Appended, EventLog, Expected, LogError, NewEvent, Page, StoredEvent};
use tokio::sync::{Mutex, watch};

/// A bus that loses every third message, delivers the others twice, and once more with what comes after them.
pub(crate) struct Unreliable {
    pub(crate) inner: LocalBus,
}

struct UnreliableSubscription {
    inner: Box<dyn Subscription>,
    count: usize,
    last: Vec<Message>,
}

#[async_trait::async_trait]
impl Bus for Unreliable {
    async fn publish(&self, messages: Vec<Message>) -> Result<(), BusError> {
        self.inner.publish(messages).await
    }

    async fn last(&self) -> Result<Position, BusError> {
        self.inner.last().await
    }

    async fn subscribe(&self, after: Position) -> Result<Box<dyn Subscription>, BusError> {
        let inner = self.inner.subscribe(after).await?;
        Ok(Box::new(UnreliableSubscription {
            inner,
            count: 0,
            last: Vec::new(),
        }))
    }
}

#[async_trait::async_trait]
impl Subscription for UnreliableSubscription {
    async fn next(&mut self) -> Result<Vec<Message>, BusError> {
        let fresh = self.inner.next().await?;
        let mut messages = std::mem::replace(&mut self.last, fresh.clone());
        for message in fresh {
            self.count += 1;
            if !self.count.is_multiple_of(3) {
                messages.push(message.clone());
                messages.push(message);
            }
        }
        Ok(messages)
    }
}

/// A log whose readers wait: those of all streams while `all` is locked, those of one stream while `one` is.
pub(crate) struct Gate {
    inner: Arc<dyn EventLog>,
    pub(crate) all: Mutex<()>,
    pub(crate) one: Mutex<()>,
}

impl Gate {
    /// A gate that is open.
    pub(crate) fn before(inner: &Arc<dyn EventLog>) -> Arc<Self> {
        Arc::new(Self {
            inner: Arc::clone(inner),
            all: Mutex::new(()),
            one: Mutex::new(()),
        })
    }
}

#[async_trait::async_trait]
impl EventLog for Gate {
    async fn append(&self, stream: &StreamId, expected: Expected, events: Vec<NewEvent>) -> Result<Appended, LogError> {
        self.inner.append(stream, expected, events).await
    }

    async fn read_stream(&self, stream: &StreamId, from: u64, max: usize) -> Result<Vec<StoredEvent>, LogError> {
        let _open = self.one.lock().await;
        self.inner.read_stream(stream, from, max).await
    }

    async fn read_all(&self, after: Position, max: usize) -> Result<Page, LogError> {
        let _open = self.all.lock().await;
        self.inner.read_all(after, max).await
    }

    fn wakeups(&self) -> watch::Receiver<Position> {
        self.inner.wakeups()
    }

    fn log_id(&self) -> uuid::Uuid {
        self.inner.log_id()
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}

/// A log beside much that is not ours: before each page of events comes one that holds none and leads on.
pub(crate) struct Shared(pub(crate) Arc<dyn EventLog>);

/// Positions of our events are multiples of this.
const APART: u64 = 10;

fn apart(position: Position) -> Position {
    Position::from_stored(position.to_stored() * APART)
}

#[async_trait::async_trait]
impl EventLog for Shared {
    async fn append(&self, stream: &StreamId, expected: Expected, events: Vec<NewEvent>) -> Result<Appended, LogError> {
        let appended = self.0.append(stream, expected, events).await?;
        let position = apart(appended.position);
        Ok(Appended { position, ..appended })
    }

    async fn read_stream(&self, stream: &StreamId, from: u64, max: usize) -> Result<Vec<StoredEvent>, LogError> {
        self.0.read_stream(stream, from, max).await
    }

    async fn read_all(&self, after: Position, max: usize) -> Result<Page, LogError> {
        let (ours, foreign) = (after.to_stored() / APART, after.to_stored() % APART);
        let mut page = self.0.read_all(Position::from_stored(ours), max.min(3)).await?;
        page.head = apart(page.head);
        if foreign == 0 && after < page.head {
            page.events.clear();
            page.next = Position::from_stored(after.to_stored() + 1);
            return Ok(page);
        }
        for event in &mut page.events {
            event.position = apart(event.position);
        }
        page.next = page.events.last().map_or(after, |event| event.position);
        Ok(page)
    }

    fn wakeups(&self) -> watch::Receiver<Position> {
        self.0.wakeups()
    }

    fn log_id(&self) -> uuid::Uuid {
        self.0.log_id()
    }

    async fn close(&self) {
        self.0.close().await;
    }
}
