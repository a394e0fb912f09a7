use std::sync::Arc;

use domain::Position;
use eventlog::{EventLog, LogError, Page};
use tokio::task::JoinHandle;

/// Events of a page.
const PAGE: usize = 4096;

/// The pages of the log from a position on. The next one is being read while the last one is worked on.
pub(crate) struct Pages {
    log: Arc<dyn EventLog>,
    at: Position,
    ahead: Option<JoinHandle<Result<Page, LogError>>>,
}

impl Pages {
    pub(crate) const fn new(log: Arc<dyn EventLog>, after: Position) -> Self {
        Self {
            log,
            at: after,
            ahead: None,
        }
    }

    /// The next page; an empty one at the end.
    pub(crate) async fn next(&mut self) -> Result<Page, LogError> {
        let reading = self.ahead.take().unwrap_or_else(|| self.read());
        let page = reading
            .await
            .map_err(|error| LogError::Unavailable(Box::new(error)))??;
        self.at = page.next;
        if page.next < page.head {
            self.ahead = Some(self.read());
        }
        Ok(page)
    }

    fn read(&self) -> JoinHandle<Result<Page, LogError>> {
        let log = Arc::clone(&self.log);
        let at = self.at;
        tokio::spawn(async move { log.read_all(at, PAGE).await })
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        if let Some(reading) = &self.ahead {
            reading.abort();
        }
    }
}
