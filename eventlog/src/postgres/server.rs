use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use tokio::time::Instant;

use super::failure::is_passing;
use super::{append, connect};
use crate::writer::{Answers, Failure, Pending, Storage};

/// For how long a batch is tried again while the server cannot be reached. A server that is restarted, or another one
/// that takes its place, is mostly there by then; who waits for an answer is told to come again if not.
const KEEP_TRYING: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(100);

/// The server, for the one task of this process that writes to it.
pub(super) struct Server {
    /// None after a failure: what state a connection is in then, nobody should have to know.
    connection: Option<PgConnection>,
    options: PgConnectOptions,
    /// Since when nothing has worked.
    failing_since: Option<Instant>,
}

impl Server {
    pub(super) const fn new(connection: PgConnection, options: PgConnectOptions) -> Self {
        Self {
            connection: Some(connection),
            options,
            failing_since: None,
        }
    }

    /// The connection, if there is one.
    pub(super) fn into_connection(self) -> Option<PgConnection> {
        self.connection
    }
}

impl Storage for Server {
    /// Stores a batch on a connection that has not failed before. One that has is closed without another word: whatever
    /// its session had locked, the server lets go of.
    async fn store(&mut self, batch: &mut [Pending]) -> Result<Answers, Failure> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => connect::connect(&self.options).await.map_err(Failure::Nothing)?,
        };
        let answers = append::store(&mut connection, batch).await?;
        self.connection = Some(connection);
        self.failing_since = None;
        Ok(answers)
    }

    /// While the connection is what fails, and not for long. Nothing can be stored twice by it: a commit that may still
    /// be under way holds the lock of the head, which the next attempt takes before it looks for the ids.
    async fn try_again(&mut self, failure: &Failure, _attempt: u32) -> bool {
        let since = *self.failing_since.get_or_insert_with(Instant::now);
        let (Failure::Nothing(error) | Failure::Unknown(error)) = failure;
        if !is_passing(error) || since.elapsed() > KEEP_TRYING {
            return false;
        }
        tokio::time::sleep(PAUSE).await;
        true
    }
}
