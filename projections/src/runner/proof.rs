use std::sync::Arc;
use std::time::Duration;

use domain::Position;
use eventlog::{EventLog, LogError, StoredEvent};
use tokio::time::Instant;

use crate::store::Landmark;

/// How often the log is asked: one event is read each time.
const LOOK: Duration = Duration::from_millis(500);
/// How long an answer counts. No log is set back, and grows past where it was, in less time without failing to answer.
const LASTS: Duration = Duration::from_secs(1);

/// That the log still holds the newest event that was given on to the read models. One that was set back, and holds something
/// else by now, does not.
pub(super) struct Proof {
    log: Arc<dyn EventLog>,
    /// None while it is not known.
    newest: Option<Landmark>,
    /// When it was last asked for.
    looked: Instant,
    /// When the log was asked that had it.
    proven: Instant,
}

impl Proof {
    /// Models that were compared with the log just now go on behind this event.
    pub(super) fn new(log: Arc<dyn EventLog>, newest: Option<Landmark>) -> Self {
        Self {
            log,
            newest,
            looked: Instant::now(),
            proven: Instant::now(),
        }
    }

    /// This is the newest event from now on.
    pub(super) fn note(&mut self, event: &StoredEvent) {
        self.newest = Some(Landmark::of(event));
    }

    /// The position of the newest event, if it is known.
    pub(super) fn position(&self) -> Option<Position> {
        self.newest.as_ref().map(|newest| newest.position)
    }

    /// When the log is to be asked next.
    pub(super) fn due(&self) -> Instant {
        self.looked + LOOK
    }

    /// Whether the log is to be asked before any more is given on.
    pub(super) fn is_old(&self) -> bool {
        self.proven.elapsed() > LASTS
    }

    /// Asks the log, and says whether it still is the same.
    pub(super) async fn renew(&mut self) -> Result<bool, LogError> {
        let asked = Instant::now();
        self.looked = asked;
        let stands = match &self.newest {
            Some(newest) => newest.stands(&*self.log).await?,
            None => true,
        };
        if stands {
            self.proven = asked;
        }
        Ok(stands)
    }
}
