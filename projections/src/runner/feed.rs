use std::sync::Arc;
use std::time::Duration;

use bus::{Bus, FollowError, Follower};
use domain::Position;
use eventlog::{Causes, EventLog, LogError, Outage, StoredEvent};
use tokio::sync::watch;
use tokio::time::sleep;

use super::audience::Audience;
use super::pages::Pages;
use crate::decoded::{Batch, Decoded};

/// How long to wait after the log failed.
const PAUSE: Duration = Duration::from_secs(1);

/// Reads and decodes every event once, for all projections: from the log until it has caught up, then from the bus.
pub(crate) struct Feed {
    pub(crate) log: Arc<dyn EventLog>,
    pub(crate) bus: Arc<dyn Bus>,
    pub(crate) audience: Arc<Audience>,
}

impl Feed {
    /// Runs until `shutdown` is true or its sender is gone.
    pub(crate) async fn run(self, from: Position, mut shutdown: watch::Receiver<bool>) {
        tokio::select! {
            () = self.follow(from) => {}
            _ = shutdown.wait_for(|stop| *stop) => {}
        }
    }

    async fn follow(&self, from: Position) {
        let mut at = from;
        let mut outage = Outage::new();
        while let Err(error) = self.catch_up(&mut at).await {
            complain(&mut outage, &error.into());
            sleep(PAUSE).await;
        }
        let mut follower = Follower::new(Arc::clone(&self.log), Arc::clone(&self.bus), at);
        loop {
            match follower.next().await {
                Ok(events) => {
                    if let Some(lasted) = outage.over() {
                        tracing::info!(?lasted, "the log can be read again");
                    }
                    self.send(at, events, follower.caught_up()).await;
                    at = follower.checkpoint();
                }
                Err(error) => {
                    complain(&mut outage, &error);
                    sleep(PAUSE).await;
                }
            }
        }
    }

    /// Reads the log from `at` to its end. The last batch, which may be empty, says that it is the last.
    async fn catch_up(&self, at: &mut Position) -> Result<(), LogError> {
        let mut pages = Pages::new(Arc::clone(&self.log), *at);
        loop {
            let page = pages.next().await?;
            let caught_up = page.next >= page.head;
            self.send(*at, page.events.into_iter().map(Arc::new).collect(), caught_up)
                .await;
            *at = page.next;
            if caught_up {
                return Ok(());
            }
        }
    }

    async fn send(&self, after: Position, events: Vec<Arc<StoredEvent>>, caught_up: bool) {
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
    }
}

fn complain(outage: &mut Outage, error: &FollowError) {
    if !outage.is_news() {
        return;
    }
    let cause = Causes(error);
    match error {
        FollowError::Log(_) => tracing::warn!(%cause, "the log cannot be read; it is tried again"),
        FollowError::BeyondHead { .. } => {
            tracing::error!(%cause, "the log has lost events that were applied; restart to rebuild the read models");
        }
    }
}
