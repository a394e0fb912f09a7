use std::sync::Arc;

use async_trait::async_trait;
use domain::{Position, StreamId};
use eventlog::{Appended, EventLog, Expected, LogError, NewEvent, Page, StoredEvent};
use serde::Deserialize;
use tokio::sync::watch;
use uuid::Uuid;

use super::Metrics;

/// A log that counts what is appended to it by this process.
pub struct CountingLog {
    log: Arc<dyn EventLog>,
    metrics: Metrics,
}

impl CountingLog {
    /// Counts what is appended to `log`.
    #[must_use]
    pub fn new(log: Arc<dyn EventLog>, metrics: Metrics) -> Self {
        Self { log, metrics }
    }
}

/// The part of `CredentialTested` that is counted.
#[derive(Deserialize)]
struct Tested {
    verdict: String,
}

#[async_trait]
impl EventLog for CountingLog {
    async fn append(&self, stream: &StreamId, expected: Expected, events: Vec<NewEvent>) -> Result<Appended, LogError> {
        let kinds: Vec<_> = events
            .iter()
            .map(|event| (event.kind.clone(), verdict(event)))
            .collect();
        let appended = self.log.append(stream, expected, events).await;
        match &appended {
            Ok(_) => self.metrics.writing.works(),
            Err(LogError::Unavailable(_) | LogError::UnknownOutcome(_)) => self.metrics.writing.failed(),
            Err(_) => {}
        }
        let appended = appended?;
        if !appended.duplicate {
            for (kind, verdict) in kinds {
                self.metrics.event(&kind);
                if let Some(verdict) = verdict {
                    self.metrics.test(&verdict);
                }
            }
        }
        Ok(appended)
    }

    async fn read_stream(&self, stream: &StreamId, from: u64, max: usize) -> Result<Vec<StoredEvent>, LogError> {
        self.log.read_stream(stream, from, max).await
    }

    async fn read_all(&self, after: Position, max: usize) -> Result<Page, LogError> {
        self.log.read_all(after, max).await
    }

    fn wakeups(&self) -> watch::Receiver<Position> {
        self.log.wakeups()
    }

    fn log_id(&self) -> Uuid {
        self.log.log_id()
    }

    async fn close(&self) {
        self.log.close().await;
    }
}

fn verdict(event: &NewEvent) -> Option<String> {
    let tested = event.kind == "CredentialTested";
    tested.then(|| {
        serde_json::from_str::<Tested>(&event.data)
            .ok()
            .map(|tested| tested.verdict)
    })?
}
