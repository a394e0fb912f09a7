use std::collections::VecDeque;
use std::sync::{Arc, Mutex, RwLock};

use async_trait::async_trait;
use domain::{Position, StreamId};
use eventlog::{Appended, EventLog, Expected, LogError, MemoryLog, NewEvent, Page, StoredEvent};
use tokio::sync::watch;
use uuid::Uuid;

/// What goes wrong with one append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing.
    None,
    /// The log cannot be reached, and nothing is stored.
    Unavailable,
    /// Nothing is stored, and the writer cannot know.
    UnknownAndLost,
    /// It is stored, and the writer cannot know.
    UnknownAndStored,
    /// Somebody else was faster.
    Conflict,
    /// The append waits until it is let go.
    Held,
    /// The append waits until it is let go; then it is stored, and the process ends before the answer.
    HeldThenCrash,
    /// The process ends before the append.
    CrashBefore,
    /// The process ends after the append, before the answer.
    CrashAfter,
}

/// A log with faults, in the order in which they were planned. A crash is an append that never returns.
pub(crate) struct FaultyLog {
    log: RwLock<Arc<dyn EventLog>>,
    plan: Mutex<VecDeque<Fault>>,
    crashed: watch::Sender<bool>,
    held: watch::Sender<bool>,
}

impl FaultyLog {
    pub(crate) fn new(log: Arc<dyn EventLog>) -> Self {
        Self {
            log: RwLock::new(log),
            plan: Mutex::default(),
            crashed: watch::Sender::new(false),
            held: watch::Sender::new(false),
        }
    }

    /// What goes wrong with the next appends; after them nothing does.
    pub(crate) fn plan(&self, faults: impl IntoIterator<Item = Fault>) {
        *self.plan.lock().unwrap() = faults.into_iter().collect();
        self.crashed.send_replace(false);
    }

    /// Waits until a planned crash has happened.
    pub(crate) async fn crashed(&self) {
        self.crashed.subscribe().wait_for(|crashed| *crashed).await.unwrap();
    }

    /// Waits until a planned append is held.
    pub(crate) async fn held(&self) {
        self.held.subscribe().wait_for(|held| *held).await.unwrap();
    }

    /// Lets the append go that is held.
    pub(crate) fn let_go(&self) {
        self.held.send_replace(false);
    }

    /// From now on, only what came up to here has happened: the log is restored from a backup.
    pub(crate) async fn set_back(&self, to: Position) {
        let kept = MemoryLog::new();
        for event in self.log().read_all(Position::START, 1000).await.unwrap().events {
            if event.position > to {
                break;
            }
            let stream = event.stream.clone();
            kept.append(&stream, Expected::Any, vec![event.into()]).await.unwrap();
        }
        *self.log.write().unwrap() = Arc::new(kept);
    }

    fn log(&self) -> Arc<dyn EventLog> {
        Arc::clone(&self.log.read().unwrap())
    }

    async fn crash(&self) -> Result<Appended, LogError> {
        self.crashed.send_replace(true);
        std::future::pending().await
    }
}

#[async_trait]
impl EventLog for FaultyLog {
    async fn append(&self, stream: &StreamId, expected: Expected, events: Vec<NewEvent>) -> Result<Appended, LogError> {
        let fault = self.plan.lock().unwrap().pop_front().unwrap_or(Fault::None);
        match fault {
            Fault::None => self.log().append(stream, expected, events).await,
            Fault::Unavailable => Err(LogError::Unavailable("planned".into())),
            Fault::UnknownAndLost => Err(LogError::UnknownOutcome("planned".into())),
            Fault::UnknownAndStored => {
                self.log().append(stream, expected, events).await?;
                Err(LogError::UnknownOutcome("planned".into()))
            }
            Fault::Conflict => Err(LogError::Conflict {
                stream: stream.clone(),
                actual: 0,
            }),
            Fault::Held => {
                self.held.send_replace(true);
                self.held.subscribe().wait_for(|held| !held).await.unwrap();
                self.log().append(stream, expected, events).await
            }
            Fault::HeldThenCrash => {
                self.held.send_replace(true);
                self.held.subscribe().wait_for(|held| !held).await.unwrap();
                self.log().append(stream, expected, events).await?;
                self.crash().await
            }
            Fault::CrashBefore => self.crash().await,
            Fault::CrashAfter => {
                self.log().append(stream, expected, events).await?;
                self.crash().await
            }
        }
    }

    async fn read_stream(&self, stream: &StreamId, from: u64, max: usize) -> Result<Vec<StoredEvent>, LogError> {
        self.log().read_stream(stream, from, max).await
    }

    async fn read_all(&self, after: Position, max: usize) -> Result<Page, LogError> {
        self.log().read_all(after, max).await
    }

    fn wakeups(&self) -> watch::Receiver<Position> {
        self.log().wakeups()
    }

    fn log_id(&self) -> Uuid {
        self.log().log_id()
    }

    async fn close(&self) {
        self.log().close().await;
    }
}
