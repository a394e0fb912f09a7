use async_trait::async_trait;
use domain::{EventId, Position, StreamId};
use tokio::sync::watch;
use uuid::Uuid;

use crate::{NewEvent, StoredEvent};

/// An append-only log of events in streams.
///
/// Positions are assigned inside the lock that is held until commit, so that no reader ever skips an event. Appends are
/// idempotent by event id: the same ids give the original result, even when the expectation would fail today.
#[async_trait]
pub trait EventLog: Send + Sync {
    /// Appends `events` to the end of `stream`, all or none, durably.
    ///
    /// # Errors
    /// [`LogError::Conflict`] when the stream is not as `expected`; [`LogError::PartialDuplicate`] when some of the ids
    /// are stored and some are not, or not together; [`LogError::UnknownOutcome`] when it may or may not have been
    /// stored: send the same ids again.
    async fn append(&self, stream: &StreamId, expected: Expected, events: Vec<NewEvent>) -> Result<Appended, LogError>;

    /// Carries out several appends in this order: what is stored when it fails is a beginning of them. Adapters over a database
    /// store them in one transaction, which moves a log several times as fast as one by one.
    ///
    /// # Errors
    /// That of the first append that was not carried out; see [`EventLog::append`].
    async fn append_in_order(&self, appends: Vec<Append>) -> Result<Vec<Appended>, LogError> {
        let mut done = Vec::with_capacity(appends.len());
        for append in appends {
            done.push(self.append(&append.stream, append.expected, append.events).await?);
        }
        Ok(done)
    }

    /// Reads at most `max` events of `stream`, in order, starting with revision `from` (the first is 1).
    ///
    /// # Errors
    /// [`LogError::Unavailable`] or [`LogError::Corrupt`].
    async fn read_stream(&self, stream: &StreamId, from: u64, max: usize) -> Result<Vec<StoredEvent>, LogError>;

    /// Reads at most `max` events of all streams, in order, after `after`. It may be fewer though there are more, when
    /// they are large: the end is reached when [`Page::next`] is not before [`Page::head`].
    ///
    /// # Errors
    /// [`LogError::Unavailable`] or [`LogError::Corrupt`].
    async fn read_all(&self, after: Position, max: usize) -> Result<Page, LogError>;

    /// Changes when there may be something new to read. A hint: it may be late, early or coalesced, and a reader that
    /// waits for it still looks now and then. Its value is the newest position that this node knows of; it is to be copied,
    /// since what `borrow` and `wait_for` give holds up the log for as long as it is kept.
    fn wakeups(&self) -> watch::Receiver<Position>;

    /// The identity of this log, made when it was created: a checkpoint taken on another log is worth nothing.
    fn log_id(&self) -> Uuid;

    /// Stores what is queued and lets go of what the log holds open, such as files. Nothing may be asked of it
    /// afterwards; calling it again does nothing. Without it nothing that was acknowledged is lost, but the next start
    /// may have to recover.
    async fn close(&self);
}

/// An append among several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Append {
    /// Where to.
    pub stream: StreamId,
    /// What the writer believes about the stream.
    pub expected: Expected,
    /// What is to be stored.
    pub events: Vec<NewEvent>,
}

/// What the writer believes about the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// It has no events.
    NoStream,
    /// Its last event has this revision.
    Exact(u64),
    /// Nothing in particular.
    Any,
}

/// Where the events of an append are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// The revision of the last of them.
    pub revision: u64,
    /// The position of the last of them.
    pub position: Position,
    /// Whether they were there already.
    pub duplicate: bool,
}

/// Some events of the log, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The events.
    pub events: Vec<StoredEvent>,
    /// Where to go on: the position of the last event. When there is none, the `after` of the call; or a later place, before
    /// [`Page::head`], where all that was looked at is not of this log.
    pub next: Position,
    /// The position of the log's newest event when the page was read.
    pub head: Position,
}

impl Page {
    /// Whether there is more to read behind this page, which was read after `after`. An empty page may lead on too.
    #[must_use]
    pub fn leads_on(&self, after: Position) -> bool {
        after < self.next && self.next < self.head
    }
}

/// Why the log could not do it.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The stream is not as the writer expected.
    #[error("the stream {stream} is at revision {actual}, which is not what the writer expected")]
    Conflict {
        /// The stream.
        stream: StreamId,
        /// The revision of its last event; 0 when it has none.
        actual: u64,
    },
    /// Some of the ids are stored and some are not, or they do not stand together in this stream.
    #[error("event {id} is stored already, apart from the others of this append")]
    PartialDuplicate {
        /// One that is stored.
        id: EventId,
    },
    /// The append itself is wrong: no events, the same id twice, or more than the log takes at once.
    #[error("the append is refused: {0}")]
    Invalid(&'static str),
    /// It may or may not be stored. Append the same ids again to find out.
    #[error("it is not known whether the append was stored")]
    UnknownOutcome(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The log cannot be reached now. Nothing was stored.
    #[error("the log cannot be reached")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// What is stored cannot be read back.
    #[error("the log holds something that cannot be read at position {position}: {reason}")]
    Corrupt {
        /// Where.
        position: Position,
        /// What is wrong, without the data.
        reason: String,
    },
}

impl LogError {
    /// For adapters: what they are built on cannot be reached.
    pub(crate) fn unavailable(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Unavailable(Box::new(error))
    }

    /// For adapters: the event at this position cannot be read.
    pub(crate) fn corrupt(position: u64, reason: &str) -> Self {
        Self::Corrupt {
            position: Position::from_stored(position),
            reason: reason.to_owned(),
        }
    }
}
