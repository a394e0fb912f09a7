use std::sync::Arc;
use std::time::Duration;

use bus::{Bus, FollowError, Follower};
use domain::Position;
use eventlog::{Causes, EventLog, LogError, Outage, StoredEvent};
use tokio::sync::watch;
use tokio::time::{sleep, sleep_until};

use super::audience::Audience;
use super::pages::Pages;
use super::proof::Proof;
use crate::decoded::{Batch, Decoded};
use crate::store::Landmark;

/// How long to wait after the log failed.
const PAUSE: Duration = Duration::from_secs(1);

/// Reads and decodes every event once, for all projections: from the log until it has caught up, then from the bus.
pub(crate) struct Feed {
    log: Arc<dyn EventLog>,
    bus: Arc<dyn Bus>,
    audience: Arc<Audience>,
    proof: Proof,
    outage: Outage,
}

/// The log does not hold any more what was given on.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SetBack;

/// Why a step was not done.
enum Obstacle {
    Log(LogError),
    SetBack,
}

impl From<SetBack> for Obstacle {
    fn from(SetBack: SetBack) -> Self {
        Self::SetBack
    }
}

impl From<LogError> for Obstacle {
    fn from(error: LogError) -> Self {
        Self::Log(error)
    }
}

impl Feed {
    /// `newest` is the event that the first batch follows, if it is known.
    pub(crate) fn new(
        log: Arc<dyn EventLog>,
        bus: Arc<dyn Bus>,
        audience: Arc<Audience>,
        newest: Option<Landmark>,
    ) -> Self {
        Self {
            proof: Proof::new(Arc::clone(&log), newest),
            outage: Outage::new(),
            log,
            bus,
            audience,
        }
    }

    /// Runs until `shutdown` is true or its sender is gone, or until the log turns out to have been set back.
    pub(crate) async fn run(mut self, from: Position, mut shutdown: watch::Receiver<bool>) -> Result<(), SetBack> {
        tokio::select! {
            Err(SetBack) = self.follow(from) => {
                let position = self.proof.position().unwrap_or(from);
                tracing::error!(%position, "the log was set back: it no longer holds the event at this position, which was given on to the read models. They are compared with the log; those that hold what it does not are dropped, built anew, and not shown until then");
                Err(SetBack)
            }
            _ = shutdown.wait_for(|stop| *stop) => Ok(()),
        }
    }

    async fn follow(&mut self, from: Position) -> Result<(), SetBack> {
        let mut at = from;
        loop {
            match self.catch_up(&mut at).await {
                Ok(()) => break,
                Err(Obstacle::SetBack) => return Err(SetBack),
                Err(Obstacle::Log(error)) => self.pause(&error.into()).await,
            }
        }
        let mut follower = Follower::new(Arc::clone(&self.log), Arc::clone(&self.bus), at);
        loop {
            match self.next(&mut follower).await? {
                Ok(events) => {
                    self.recover();
                    self.send(at, events, follower.caught_up()).await?;
                    at = follower.checkpoint();
                }
                Err(error) => {
                    if self.is_beyond(&error).await {
                        return Err(SetBack);
                    }
                    self.pause(&error).await;
                }
            }
        }
    }

    /// What the follower gives next. Meanwhile the log is asked now and then. The follower is not disturbed by that: it counts how
    /// long the bus is silent.
    async fn next(&mut self, follower: &mut Follower) -> Result<Result<Vec<Arc<StoredEvent>>, FollowError>, SetBack> {
        let next = follower.next();
        tokio::pin!(next);
        loop {
            tokio::select! {
                next = &mut next => return Ok(next),
                () = sleep_until(self.proof.due()) => {
                    // When the log cannot be read, the follower says so.
                    if let Ok(false) = self.proof.renew().await {
                        return Err(SetBack);
                    }
                }
            }
        }
    }

    /// Reads the log from `at` to its end. The last batch, which may be empty, says that it is the last.
    async fn catch_up(&mut self, at: &mut Position) -> Result<(), Obstacle> {
        let mut pages = Pages::new(Arc::clone(&self.log), *at);
        loop {
            let page = pages.next().await?;
            let caught_up = page.next >= page.head;
            let events = page.events.into_iter().map(Arc::new).collect();
            self.send(*at, events, caught_up).await?;
            *at = page.next;
            if caught_up {
                return Ok(());
            }
        }
    }

    /// Gives events on, as soon as it is certain that they follow in the log what was given on before.
    async fn send(&mut self, after: Position, events: Vec<Arc<StoredEvent>>, caught_up: bool) -> Result<(), SetBack> {
        while self.proof.is_old() {
            match self.proof.renew().await {
                Ok(true) => self.recover(),
                Ok(false) => return Err(SetBack),
                Err(error) => self.pause(&error.into()).await,
            }
        }
        if let Some(last) = events.last() {
            self.proof.note(last);
        }
        let events = Arc::new(events.into_iter().map(Decoded::new).collect());
        let batch = Batch {
            after,
            events,
            caught_up,
        };
        for listener in self.audience.of(&batch) {
            // One whose task has ended is forgotten next time.
            let _ = listener.send(batch.clone()).await;
        }
        Ok(())
    }

    /// Whether the log ends before what was given on, and for certain.
    async fn is_beyond(&mut self, error: &FollowError) -> bool {
        let beyond = matches!(error, FollowError::BeyondHead { .. });
        beyond && (self.proof.position().is_none() || matches!(self.proof.renew().await, Ok(false)))
    }

    /// Says once that the log cannot be read, and waits a moment.
    async fn pause(&mut self, error: &FollowError) {
        if self.outage.is_news() {
            tracing::warn!(cause = %Causes(error), "the log cannot be read; it is tried again");
        }
        sleep(PAUSE).await;
    }

    /// Says that it can be read again.
    fn recover(&mut self) {
        if let Some(lasted) = self.outage.over() {
            tracing::info!(?lasted, "the log can be read again");
        }
    }
}
