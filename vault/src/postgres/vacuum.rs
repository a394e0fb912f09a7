use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::timeout;

use super::Server;

/// How long an erasure waits for it.
const LIMIT: Duration = Duration::from_secs(5);

/// Has the server clear away the versions of rows that were deleted, once for all erasures that wait at the same moment.
///
/// It is done as well as it can be and promises nothing: the server keeps what an older transaction may still see, and
/// the bytes of a version that was cleared away stand in its page until the room is used again. What destroys a secret is
/// that its key is gone; `SECURITY.md` says what is left where.
pub(crate) struct Vacuum {
    statement: &'static str,
    asked: AtomicU64,
    done: Mutex<u64>,
}

impl Vacuum {
    /// With a `VACUUM` of the table in question.
    pub(crate) const fn new(statement: &'static str) -> Self {
        Self {
            statement,
            asked: AtomicU64::new(0),
            done: Mutex::const_new(0),
        }
    }

    /// To be called after a commit that took rows away.
    pub(crate) async fn run(&self, server: &Server) {
        let ticket = self.asked.fetch_add(1, Ordering::AcqRel) + 1;
        match timeout(LIMIT, self.run_for(server, ticket)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(store = server.store, %error, "what was deleted is cleared away later"),
            Err(_) => tracing::debug!(store = server.store, "what was deleted is cleared away later"),
        }
    }

    async fn run_for(&self, server: &Server, ticket: u64) -> Result<(), sqlx::Error> {
        let mut done = self.done.lock().await;
        if *done >= ticket {
            return Ok(());
        }
        let covered = self.asked.load(Ordering::Acquire);
        sqlx::query(self.statement).execute(&server.pool).await?;
        *done = covered;
        Ok(())
    }
}
