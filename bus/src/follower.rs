use std::sync::Arc;
use std::time::Duration;

use domain::Position;
use eventlog::{Causes, EventLog, LogError, Page, StoredEvent};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::{Bus, BusError, Message, Subscription};

/// How many events are read from the log at once.
const PAGE: usize = 4096;
/// How long the bus may be silent before the log is looked at: what is lost on the way arrives this late at worst.
const LOOK: Duration = Duration::from_secs(1);

/// Gives every event of the log after a checkpoint, in order and once each, as soon as it is there.
///
/// One rule makes the bus safe to use, whatever it loses, repeats, reorders or purges: a message is taken when it names
/// the checkpoint as the position before it. One that is older is skipped. One that is newer shows a gap: the log is read
/// until it has been caught up with, and then the bus again. When the bus is silent or cannot be reached, the log is
/// looked at once a second.
///
/// Of what the bus held before this reader came, nothing is taken: the log is read up to there. So messages that are left
/// of a log that was restored from an older backup, with positions that other events have now, are never believed.
pub struct Follower {
    log: Arc<dyn EventLog>,
    bus: Arc<dyn Bus>,
    checkpoint: Position,
    subscription: Option<Box<dyn Subscription>>,
    /// An attempt to subscribe.
    subscribing: JoinSet<Result<Subscribed, BusError>>,
    /// Up to here messages come from the log.
    proven: Position,
    source: Source,
    /// The page after the checkpoint, which is read while the caller works on the one before; empty when there is none.
    ahead: JoinSet<Result<Page, LogError>>,
}

/// The newest position that the bus held, and a subscription that was made after it was asked.
type Subscribed = (Position, Box<dyn Subscription>);

/// Where the next events come from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    Log,
    Bus,
}

/// Why a follower cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// The log could not be read. [`LogError::Unavailable`] passes: call [`Follower::next`] again, a little later.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The checkpoint lies beyond the end of the log: it was taken on another log, or on one that was restored from an
    /// older backup. What was built up to it is worth nothing and must be rebuilt from the start.
    #[error("the checkpoint {checkpoint} lies beyond the end of the log at {head}: rebuild from the start")]
    BeyondHead {
        /// The checkpoint.
        checkpoint: Position,
        /// The position of the newest event in the log.
        head: Position,
    },
}

impl Follower {
    /// Follows the events after `checkpoint`; [`Position::START`] for all of them.
    #[must_use]
    pub fn new(log: Arc<dyn EventLog>, bus: Arc<dyn Bus>, checkpoint: Position) -> Self {
        Self {
            log,
            bus,
            checkpoint,
            subscription: None,
            subscribing: JoinSet::new(),
            proven: Position::START,
            source: Source::Log,
            ahead: JoinSet::new(),
        }
    }

    /// The position of the last event that was given out; at first, the checkpoint that it was made with.
    #[must_use]
    pub const fn checkpoint(&self) -> Position {
        self.checkpoint
    }

    /// Whether all that was in the log at the last look has been given out.
    #[must_use]
    pub fn caught_up(&self) -> bool {
        self.source == Source::Bus
    }

    /// Waits for the events after [`Follower::checkpoint`]: at least one, in order. Cancel-safe: events are either given
    /// out or come again.
    ///
    /// # Errors
    /// See [`FollowError`]. The follower can be used again after each of them.
    pub async fn next(&mut self) -> Result<Vec<Arc<StoredEvent>>, FollowError> {
        loop {
            let events = match self.source {
                Source::Log => self.read().await?,
                Source::Bus => self.receive().await,
            };
            if let Some(last) = events.last() {
                self.checkpoint = last.position;
                return Ok(events);
            }
        }
    }

    /// One page of the log.
    async fn read(&mut self) -> Result<Vec<Arc<StoredEvent>>, FollowError> {
        if self.ahead.is_empty() {
            self.read_ahead(self.checkpoint);
        }
        let page = match self.ahead.join_next().await {
            Some(Ok(page)) => page?,
            Some(Err(stopped)) => return Err(LogError::Unavailable(Box::new(stopped)).into()),
            None => return Ok(Vec::new()),
        };
        if page.head < self.checkpoint {
            return Err(FollowError::BeyondHead {
                checkpoint: self.checkpoint,
                head: page.head,
            });
        }
        if page.next >= page.head {
            self.source = Source::Bus;
        } else {
            self.read_ahead(page.next);
        }
        Ok(page.events.into_iter().map(Arc::new).collect())
    }

    fn read_ahead(&mut self, after: Position) {
        let log = Arc::clone(&self.log);
        self.ahead.spawn(async move { log.read_all(after, PAGE).await });
    }

    /// What the bus brings next; nothing when the log must be looked at.
    async fn receive(&mut self) -> Vec<Arc<StoredEvent>> {
        if self.checkpoint < self.proven {
            tracing::warn!(log = %self.checkpoint, bus = %self.proven, "the bus is ahead of the log, which is read alone");
            self.subscription = None;
            self.proven = Position::START;
            return self.look_later().await;
        }
        let Some(subscription) = &mut self.subscription else {
            return self.subscribe().await;
        };
        match timeout(LOOK, subscription.next()).await {
            Ok(Ok(messages)) => self.take(messages),
            Ok(Err(error)) => {
                self.subscription = None;
                self.without_bus(
                    &error,
                    "the subscription to the bus is over; the log is read until it is renewed",
                )
                .await
            }
            Err(_silence) => {
                self.source = Source::Log;
                Vec::new()
            }
        }
    }

    /// Subscribes, in the background: a bus that is slow to answer keeps nobody from looking at the log.
    async fn subscribe(&mut self) -> Vec<Arc<StoredEvent>> {
        if self.subscribing.is_empty() {
            let (bus, after) = (Arc::clone(&self.bus), self.checkpoint);
            self.subscribing.spawn(async move {
                let last = bus.last().await?;
                Ok((last, bus.subscribe(after).await?))
            });
        }
        let outcome = match timeout(LOOK, self.subscribing.join_next()).await {
            Ok(Some(Ok(outcome))) => outcome,
            Ok(Some(Err(stopped))) => Err(BusError(Box::new(stopped))),
            Ok(None) => return Vec::new(),
            Err(_no_answer) => {
                self.source = Source::Log;
                return Vec::new();
            }
        };
        match outcome {
            Ok((last, subscription)) => {
                self.subscription = Some(subscription);
                self.proven = last;
                if self.checkpoint < last {
                    self.source = Source::Log;
                }
                Vec::new()
            }
            Err(error) => {
                self.without_bus(&error, "cannot subscribe to the bus; the log is read instead")
                    .await
            }
        }
    }

    async fn without_bus(&mut self, error: &BusError, message: &'static str) -> Vec<Arc<StoredEvent>> {
        tracing::warn!(cause = %Causes(error), "{message}");
        self.look_later().await
    }

    /// Paces the reading of the log while there is no bus.
    async fn look_later(&mut self) -> Vec<Arc<StoredEvent>> {
        sleep(LOOK).await;
        self.source = Source::Log;
        Vec::new()
    }

    /// The messages that continue the checkpoint, up to the first gap. What follows a gap is dropped: the log has it.
    fn take(&mut self, messages: Vec<Message>) -> Vec<Arc<StoredEvent>> {
        let mut at = self.checkpoint;
        let mut events = Vec::with_capacity(messages.len());
        for message in messages {
            let position = message.event.position;
            if position <= at {
                continue;
            }
            if message.prev != at {
                self.source = Source::Log;
                break;
            }
            at = position;
            events.push(message.event);
        }
        events
    }
}
