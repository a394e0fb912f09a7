use std::sync::Arc;
use std::time::Duration;

use domain::Position;
use eventlog::{Causes, EventLog, LogError};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use crate::{Bus, BusError, Message};

/// How many events are published at once.
const PAGE: usize = 512;
/// How long the log may be silent before it is looked at all the same: another process may have written.
const LOOK: Duration = Duration::from_secs(1);
/// The wait after the first failure; it doubles up to [`MAX_PAUSE`].
const MIN_PAUSE: Duration = Duration::from_millis(50);
const MAX_PAUSE: Duration = Duration::from_secs(5);

/// Reads the log and publishes it on the bus, in order: the only publisher. Where several machines share a bus each has a
/// relay, and the bus gives them turns.
///
/// It goes on after the newest message that the bus holds. On a bus that holds none it starts at the end of the log:
/// what was before that, every reader finds there by itself.
pub struct Relay {
    log: Arc<dyn EventLog>,
    bus: Arc<dyn Bus>,
}

/// What stopped one round of the relay.
#[derive(Debug, thiserror::Error)]
enum RelayError {
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Bus(#[from] BusError),
}

/// What the relay remembers from round to round.
#[derive(Default)]
struct Progress {
    /// The position of the newest event that is known to be published.
    published: Option<Position>,
    /// Whether the bus must be asked before more is published.
    unsure: bool,
}

impl Relay {
    /// A relay from `log` to `bus`.
    #[must_use]
    pub fn new(log: Arc<dyn EventLog>, bus: Arc<dyn Bus>) -> Self {
        Self { log, bus }
    }

    /// Publishes until `shutdown` is true or its sender is gone. Failures are logged and retried, with growing pauses.
    pub async fn run(self, mut shutdown: watch::Receiver<bool>) {
        loop {
            let mut turn = tokio::select! {
                () = end(&mut shutdown) => return,
                turn = self.bus.turn() => turn,
            };
            tokio::select! {
                () = end(&mut shutdown) => return turn.give_back().await,
                () = turn.over() => {}
                () = self.relay() => {}
            }
        }
    }

    async fn relay(&self) {
        let mut wakeups = self.log.wakeups();
        let mut progress = Progress::default();
        let mut pause = MIN_PAUSE;
        loop {
            wakeups.mark_unchanged();
            match self.round(&mut progress).await {
                Ok(true) => pause = MIN_PAUSE,
                Ok(false) => {
                    pause = MIN_PAUSE;
                    if let Ok(Err(_log_is_gone)) = timeout(LOOK, wakeups.changed()).await {
                        sleep(LOOK).await;
                    }
                }
                Err(error) => {
                    tracing::warn!(cause = %Causes(&error), ?pause, "the relay pauses");
                    progress.unsure = true;
                    sleep(pause).await;
                    pause = (pause * 2).min(MAX_PAUSE);
                }
            }
        }
    }

    /// Publishes one page. Whether there was anything to publish.
    async fn round(&self, progress: &mut Progress) -> Result<bool, RelayError> {
        let mut prev = match progress.published {
            Some(published) if !progress.unsure => published,
            published => self.resume(published).await?,
        };
        *progress = Progress {
            published: Some(prev),
            unsure: false,
        };
        let mut page = self.log.read_all(prev, PAGE).await?;
        // A page may be empty and still lead on, where the log holds what is not ours.
        let mut after = prev;
        while page.events.is_empty() && page.leads_on(after) {
            after = page.next;
            page = self.log.read_all(after, PAGE).await?;
        }
        if page.head < prev {
            tracing::error!(published = %prev, head = %page.head, "the bus is ahead of the log, which must have been restored");
            // What it holds beyond the head never happened, and other events will have these positions.
            self.bus.clear().await?;
            progress.published = Some(page.head);
            return Ok(false);
        }
        if page.events.is_empty() {
            return Ok(false);
        }
        let messages = page
            .events
            .into_iter()
            .map(|event| {
                let message = Message {
                    prev,
                    event: Arc::new(event),
                };
                prev = message.event.position;
                message
            })
            .collect();
        self.bus.publish(messages).await?;
        progress.published = Some(prev);
        Ok(true)
    }

    /// Where to go on: after the newest message of the bus; when there is none, where this relay was; else at the end.
    async fn resume(&self, published: Option<Position>) -> Result<Position, RelayError> {
        let last = self.bus.last().await?;
        if last != Position::START {
            return Ok(last);
        }
        match published {
            Some(published) => Ok(published),
            None => Ok(self.log.read_all(Position::START, 1).await?.head),
        }
    }
}

/// Waits for the sign to end, and holds nothing of the channel afterwards.
async fn end(shutdown: &mut watch::Receiver<bool>) {
    // Its sender is gone: that is a sign too.
    let _ = shutdown.wait_for(|stop| *stop).await;
}
