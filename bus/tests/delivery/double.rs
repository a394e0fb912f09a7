//! Doubles of a bus and a log that fail as they are told to.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bus::{Bus, BusError, LocalBus, Message, Subscription};
use domain::{EventId, Position, StreamId};
use eventlog::contract::{event, stream};
use eventlog::{Appended, EventLog, Expected, LogError, MemoryLog, NewEvent, Page, StoredEvent};
use tokio::sync::watch;
use uuid::Uuid;

/// What a bus does with a publication, instead of taking it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fault {
    /// Nothing: it is taken.
    None,
    /// It is lost, and the publisher is told that all is well.
    Lose,
    /// Every other message of it is lost.
    LoseSome,
    /// It is taken twice.
    Repeat,
    /// Its messages come in reverse.
    Reverse,
    /// It is refused.
    Refuse,
    /// It is taken, and the publisher is told that it was not.
    Forget,
    /// It is taken, and whatever was there before is gone.
    Purge,
}

/// A bus inside the process, with one fault for each publication; none when they are used up.
pub(crate) struct FaultyBus {
    inner: Mutex<Arc<LocalBus>>,
    capacity: usize,
    faults: Mutex<VecDeque<Fault>>,
}

impl FaultyBus {
    pub(crate) fn new(capacity: usize, faults: impl IntoIterator<Item = Fault>) -> Self {
        Self {
            inner: Mutex::new(Arc::new(LocalBus::with_capacity(capacity))),
            capacity,
            faults: Mutex::new(faults.into_iter().collect()),
        }
    }

    fn inner(&self) -> Arc<LocalBus> {
        Arc::clone(&self.inner.lock().unwrap())
    }

    /// Forgets everything; subscriptions end.
    pub(crate) fn purge(&self) {
        *self.inner.lock().unwrap() = Arc::new(LocalBus::with_capacity(self.capacity));
    }

    pub(crate) fn faults_left(&self) -> usize {
        self.faults.lock().unwrap().len()
    }
}

#[async_trait]
impl Bus for FaultyBus {
    async fn publish(&self, mut messages: Vec<Message>) -> Result<(), BusError> {
        let fault = self.faults.lock().unwrap().pop_front().unwrap_or(Fault::None);
        match fault {
            Fault::None => {}
            Fault::Lose => return Ok(()),
            Fault::LoseSome => {
                let mut keep = false;
                messages.retain(|_| {
                    keep = !keep;
                    !keep
                });
            }
            Fault::Repeat => self.inner().publish(messages.clone()).await?,
            Fault::Reverse => messages.reverse(),
            Fault::Refuse => return Err(failure()),
            Fault::Forget => {
                self.inner().publish(messages).await?;
                return Err(failure());
            }
            Fault::Purge => self.purge(),
        }
        self.inner().publish(messages).await
    }

    async fn last(&self) -> Result<Position, BusError> {
        self.inner().last().await
    }

    async fn subscribe(&self, after: Position) -> Result<Box<dyn Subscription>, BusError> {
        self.inner().subscribe(after).await
    }
}

/// A bus that cannot be reached.
pub(crate) struct NoBus;

#[async_trait]
impl Bus for NoBus {
    async fn publish(&self, _: Vec<Message>) -> Result<(), BusError> {
        Err(failure())
    }

    async fn last(&self) -> Result<Position, BusError> {
        Err(failure())
    }

    async fn subscribe(&self, _: Position) -> Result<Box<dyn Subscription>, BusError> {
        Err(failure())
    }
}

fn failure() -> BusError {
    BusError("out of order".into())
}

/// A log that counts how often it is read, and fails the next reads that it is told to.
pub(crate) struct WatchedLog {
    inner: MemoryLog,
    reads: AtomicUsize,
    failures: AtomicUsize,
}

impl WatchedLog {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            inner: MemoryLog::new(),
            reads: AtomicUsize::new(0),
            failures: AtomicUsize::new(0),
        })
    }

    pub(crate) fn reads(&self) -> usize {
        self.reads.load(Ordering::SeqCst)
    }

    pub(crate) fn fail(&self, times: usize) {
        self.failures.store(times, Ordering::SeqCst);
    }

    /// Appends `count` events, each by itself, and gives their messages.
    pub(crate) async fn grow(&self, count: usize) -> Vec<Message> {
        let before = self.inner.read_all(Position::START, 1).await.unwrap().head;
        for number in 0..count {
            let event = event(&format!("{before} {number}"));
            self.inner
                .append(&stream("grown"), Expected::Any, vec![event])
                .await
                .unwrap();
        }
        let mut prev = before;
        let page = self.inner.read_all(before, usize::MAX).await.unwrap();
        let chained = page.events.into_iter().map(|event| {
            let message = Message {
                prev,
                event: Arc::new(event),
            };
            prev = message.event.position;
            message
        });
        chained.collect()
    }

    /// All ids, in order.
    pub(crate) async fn ids(&self) -> Vec<EventId> {
        let page = self.inner.read_all(Position::START, usize::MAX).await.unwrap();
        page.events.iter().map(|event| event.id).collect()
    }
}

#[async_trait]
impl EventLog for WatchedLog {
    async fn append(&self, stream: &StreamId, expected: Expected, events: Vec<NewEvent>) -> Result<Appended, LogError> {
        self.inner.append(stream, expected, events).await
    }

    async fn read_stream(&self, stream: &StreamId, from: u64, max: usize) -> Result<Vec<StoredEvent>, LogError> {
        self.inner.read_stream(stream, from, max).await
    }

    async fn read_all(&self, after: Position, max: usize) -> Result<Page, LogError> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        let fails = self
            .failures
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if fails.is_ok() {
            return Err(LogError::Unavailable("out of order".into()));
        }
        self.inner.read_all(after, max).await
    }

    fn wakeups(&self) -> watch::Receiver<Position> {
        self.inner.wakeups()
    }

    fn log_id(&self) -> Uuid {
        self.inner.log_id()
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}
