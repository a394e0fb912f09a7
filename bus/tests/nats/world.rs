//! A log that grows, relays that can be frozen, and readers.

use std::sync::Arc;
use std::time::Duration;

use bus::{Bus, Follower, NatsBus, Relay};
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
    task: JoinHandle<()>,
}

impl Reader {
    pub(crate) async fn start(url: &str, log: &Arc<MemoryLog>) -> Self {
        let bus = connect(url, log, "a reader").await;
        let mut follower = Follower::new(log.clone(), bus, Position::START);
        let (sender, seen) = watch::channel(Vec::new());
        let task = tokio::spawn(async move {
            loop {
                let events = follower.next().await.unwrap();
                sender.send_modify(|seen| seen.extend(events.iter().map(|event| event.id)));
            }
        });
        Self { seen, task }
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

/// Waits until the bus itself carries what is appended. On a bus that is empty a relay starts at the end of the log, so it
/// takes a new event now and then to see it.
pub(crate) async fn bus_carries(url: &str, log: &MemoryLog) {
    let bus = connect(url, log, "a look").await;
    let mut newest = Position::START;
    let mut looks = 0;
    until("the bus carries the newest event", async || {
        if looks % 20 == 0 {
            grow(log, 1).await;
            newest = head(log).await;
        }
        looks += 1;
        bus.last().await.is_ok_and(|last| last == newest)
    })
    .await;
}
