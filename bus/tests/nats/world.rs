//! A log that grows, relays that can be frozen, and readers.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bus::{Bus, BusError, Follower, Message, NatsBus, Relay, Subscription};
use domain::{EventId, Position};
use eventlog::contract::{events, stream};
use eventlog::{EventLog, Expected, MemoryLog};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// The relay's lease in these tests.
pub(crate) const LEASE: Duration = Duration::from_secs(1);
/// How long anything may take to be put right.
const PATIENCE: Duration = Duration::from_mins(1);

/// Waits until `condition` holds.
pub(crate) async fn until(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let reached = timeout(PATIENCE, async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    assert!(reached.await.is_ok(), "not reached in time: {what}");
}

/// A connection as a process of its own has.
pub(crate) async fn connect(url: &str, log: &MemoryLog, holder: &str) -> Arc<NatsBus> {
    let bus = NatsBus::connect(url, log.log_id(), holder).await.unwrap();
    Arc::new(bus.with_lease(LEASE))
}

/// Appends `count` events, in appends of a few.
pub(crate) async fn grow(log: &MemoryLog, count: usize) {
    let before = head(log).await;
    for (number, first) in (0..count).step_by(100).enumerate() {
        let events = events(&format!("{before} {number}"), first..count.min(first + 100));
        log.append(&stream("grown"), Expected::Any, events).await.unwrap();
        tokio::task::yield_now().await;
    }
}

pub(crate) async fn head(log: &MemoryLog) -> Position {
    log.read_all(Position::START, 1).await.unwrap().head
}

/// All ids of the log, in order.
pub(crate) async fn ids(log: &MemoryLog) -> Vec<EventId> {
    let page = log.read_all(Position::START, usize::MAX).await.unwrap();
    page.events.iter().map(|event| event.id).collect()
}

/// A reader that follows the log from its start, by a connection of its own.
pub(crate) struct Reader {
    seen: watch::Receiver<Vec<EventId>>,
    /// The newest position that the bus itself has given it, whatever it read in the log.
    given: watch::Receiver<Position>,
    task: JoinHandle<()>,
}

/// The bus of one reader, which notes what its subscriptions give.
struct Noting {
    bus: Arc<NatsBus>,
    given: watch::Sender<Position>,
}

struct NotedSubscription {
    subscription: Box<dyn Subscription>,
    given: watch::Sender<Position>,
}

#[async_trait]
impl Bus for Noting {
    async fn publish(&self, messages: Vec<Message>) -> Result<(), BusError> {
        self.bus.publish(messages).await
    }

    async fn last(&self) -> Result<Position, BusError> {
        self.bus.last().await
    }

    async fn subscribe(&self, after: Position) -> Result<Box<dyn Subscription>, BusError> {
        Ok(Box::new(NotedSubscription {
            subscription: self.bus.subscribe(after).await?,
            given: self.given.clone(),
        }))
    }
}

#[async_trait]
impl Subscription for NotedSubscription {
    async fn next(&mut self) -> Result<Vec<Message>, BusError> {
        let messages = self.subscription.next().await?;
        if let Some(last) = messages.last() {
            self.given.send_replace(last.event.position);
        }
        Ok(messages)
    }
}

impl Reader {
    pub(crate) async fn start(url: &str, log: &Arc<MemoryLog>) -> Self {
        let (newest, given) = watch::channel(Position::START);
        let bus = Arc::new(Noting {
            bus: connect(url, log, "a reader").await,
            given: newest,
        });
        let mut follower = Follower::new(log.clone(), bus, Position::START);
        let (sender, seen) = watch::channel(Vec::new());
        let task = tokio::spawn(async move {
            loop {
                let events = follower.next().await.unwrap();
                sender.send_modify(|seen| seen.extend(events.iter().map(|event| event.id)));
            }
        });
        Self { seen, given, task }
    }

    /// Waits until it has seen as many events as the log has; they must be the log's, each once, in order.
    pub(crate) async fn has_seen_all(&mut self, log: &MemoryLog) {
        let all = ids(log).await;
        let come = timeout(PATIENCE, self.seen.wait_for(|seen| seen.len() >= all.len()))
            .await
            .is_ok();
        assert!(come, "{} of {} events were seen", self.seen.borrow().len(), all.len());
        assert!(*self.seen.borrow() == all, "every event is seen once, in order");
        assert!(!self.task.is_finished());
    }

    /// Waits until the newest event of the log comes to it by the bus: the log alone would do for
    /// [`Reader::has_seen_all`].
    pub(crate) async fn hears_the_bus(&self, log: &MemoryLog) {
        newest_arrives("the bus brings the newest event to the reader", log, async |newest| {
            *self.given.borrow() == newest
        })
        .await;
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A relay in a thread of its own with its own connection, which can be frozen as a whole, as a process that is paused.
pub(crate) struct Node {
    freezes: mpsc::UnboundedSender<Freeze>,
    stop: watch::Sender<bool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

struct Freeze {
    frozen: oneshot::Sender<()>,
    end: std::sync::mpsc::Receiver<()>,
}

/// A node that stands still until this is dropped.
pub(crate) struct Frozen {
    _end: std::sync::mpsc::Sender<()>,
}

impl Node {
    pub(crate) fn start(url: &str, log: &Arc<MemoryLog>, holder: &str) -> Self {
        let (freezes, mut frozen) = mpsc::unbounded_channel::<Freeze>();
        let (stop, stopped) = watch::channel(false);
        let (url, log, holder) = (url.to_owned(), Arc::clone(log), holder.to_owned());
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let bus = connect(&url, &log, &holder).await;
                tokio::spawn(async move {
                    while let Some(freeze) = frozen.recv().await {
                        let _ = freeze.frozen.send(());
                        // It blocks this thread, and so all that runs in this node.
                        let _ = freeze.end.recv();
                    }
                });
                Relay::new(log, bus).run(stopped).await;
            });
        });
        Self {
            freezes,
            stop,
            thread: Some(thread),
        }
    }

    /// Has it stand still, wherever it is in its work.
    pub(crate) async fn freeze(&self) -> Frozen {
        let (frozen, is_frozen) = oneshot::channel();
        let (end, ended) = std::sync::mpsc::channel();
        assert!(self.freezes.send(Freeze { frozen, end: ended }).is_ok());
        timeout(PATIENCE, is_frozen).await.unwrap().unwrap();
        Frozen { _end: end }
    }

    /// Stops it in order.
    pub(crate) async fn stop(mut self) {
        self.stop.send_replace(true);
        let thread = self.thread.take().unwrap();
        let joined = tokio::task::spawn_blocking(move || thread.join());
        timeout(PATIENCE, joined).await.unwrap().unwrap().unwrap();
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

/// Waits until the bus itself carries what is appended.
pub(crate) async fn bus_carries(url: &str, log: &MemoryLog) {
    let bus = connect(url, log, "a look").await;
    newest_arrives("the bus carries the newest event", log, async |newest| {
        bus.last().await.is_ok_and(|last| last == newest)
    })
    .await;
}

/// Waits until the newest event has arrived. On a bus that is empty a relay starts at the end of the log, and a reader reads
/// there while it has no subscription, so it takes a new event now and then to see it.
async fn newest_arrives(what: &str, log: &MemoryLog, arrived: impl AsyncFn(Position) -> bool) {
    let mut newest = Position::START;
    let mut looks = 0;
    until(what, async || {
        if looks % 20 == 0 {
            grow(log, 1).await;
            newest = head(log).await;
        }
        looks += 1;
        arrived(newest).await
    })
    .await;
}
