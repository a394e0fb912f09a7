use std::error::Error;
use std::fmt;
use std::sync::Arc;

use domain::Position;
use sqlx::ConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use tokio::sync::{mpsc, watch};

use super::batch::{self, Answers, Failure, Pending};
use crate::LogError;

/// One commit takes no more appends once it holds this many events or bytes, so that nobody waits long for others.
const MAX_EVENTS: usize = 512;
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// The one task that writes.
pub(super) struct Writer {
    /// None after a failure: what state a connection is in then, nobody should have to know.
    connection: Option<SqliteConnection>,
    options: SqliteConnectOptions,
    head: watch::Sender<Position>,
}

/// An error that several writers are told of.
#[derive(Debug, Clone)]
struct Shared(Arc<sqlx::Error>);

impl fmt::Display for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for Shared {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

impl Writer {
    pub(super) const fn new(
        connection: SqliteConnection,
        options: SqliteConnectOptions,
        head: watch::Sender<Position>,
    ) -> Self {
        Self {
            connection: Some(connection),
            options,
            head,
        }
    }

    /// Stores what comes through `queue`, until it is closed and empty. Gives its connection back.
    pub(super) async fn run(
        mut self,
        mut queue: mpsc::Receiver<Pending>,
        mut stop: watch::Receiver<bool>,
    ) -> Option<SqliteConnection> {
        let mut open = true;
        loop {
            let first = tokio::select! {
                biased;
                first = queue.recv() => first,
                _ = stop.wait_for(|stop| *stop), if open => {
                    open = false;
                    queue.close();
                    continue;
                }
            };
            let Some(first) = first else {
                return self.connection;
            };
            let mut batch = vec![first];
            gather(&mut batch, &mut queue).await;
            self.store(batch).await;
        }
    }

    async fn store(&mut self, mut batch: Vec<Pending>) {
        let mut outcome = self.attempt(&mut batch).await;
        if let Err(Failure::Commit(error)) = &outcome
            && !is_certain(error)
        {
            tracing::error!(%error, "a commit of the log failed half-way; it is repeated to find out what is stored");
            outcome = self.attempt(&mut batch).await.map_err(|again| match again {
                // The first attempt may still have stored it.
                Failure::Before(error) | Failure::Commit(error) => Failure::Commit(error),
            });
        }
        match outcome {
            Ok(answers) => self.answer(batch, answers),
            Err(failure) => fail(batch, failure),
        }
    }

    /// Stores a batch on a connection that has not failed before.
    async fn attempt(&mut self, batch: &mut [Pending]) -> Result<Answers, Failure> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.options.connect().await.map_err(Failure::Before)?,
        };
        let answers = batch::store(&mut connection, batch).await?;
        self.connection = Some(connection);
        Ok(answers)
    }

    fn answer(&self, batch: Vec<Pending>, answers: Answers) {
        let newest = answers.iter().flatten().map(|appended| appended.position).max();
        if let Some(newest) = newest {
            self.head.send_if_modified(|head| {
                let newer = newest > *head;
                *head = newest.max(*head);
                newer
            });
        }
        for (pending, answer) in batch.into_iter().zip(answers) {
            // A caller that has gone away finds out by its ids.
            let _ = pending.reply.send(answer);
        }
    }
}

/// Takes what else is queued. The callers that the last commit woke up come first: without that, they would queue just
/// behind a commit of one.
async fn gather(batch: &mut Vec<Pending>, queue: &mut mpsc::Receiver<Pending>) {
    let mut events = batch.iter().map(|pending| pending.events.len()).sum::<usize>();
    let mut bytes = batch.iter().map(|pending| pending.bytes).sum::<usize>();
    loop {
        tokio::task::yield_now().await;
        let before = batch.len();
        while events < MAX_EVENTS && bytes < MAX_BYTES {
            let Ok(pending) = queue.try_recv() else {
                break;
            };
            events += pending.events.len();
            bytes += pending.bytes;
            batch.push(pending);
        }
        if batch.len() == before {
            return;
        }
    }
}

/// Whether a commit that failed in this way has certainly stored nothing: the disk was full, or another process held the
/// file, before the record of the commit was written.
fn is_certain(error: &sqlx::Error) -> bool {
    const BUSY: i32 = 5;
    const FULL: i32 = 13;
    let code = error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code)
        .and_then(|code| code.parse::<i32>().ok());
    // The low byte of an extended result code is the primary one.
    matches!(code.map(|code| code & 0xff), Some(BUSY | FULL))
}

fn fail(batch: Vec<Pending>, failure: Failure) {
    let (error, known) = match failure {
        Failure::Before(error) => (error, true),
        Failure::Commit(error) => {
            let known = is_certain(&error);
            (error, known)
        }
    };
    tracing::error!(%error, appends = batch.len(), "the log could not store a batch");
    let error = Shared(Arc::new(error));
    for pending in batch {
        let error = Box::new(error.clone());
        let error = if known || !pending.written {
            LogError::Unavailable(error)
        } else {
            LogError::UnknownOutcome(error)
        };
        let _ = pending.reply.send(Err(error));
    }
}
