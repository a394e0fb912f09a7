//! One connection that writes, and commits whatever is queued in one transaction: many writers share one fsync.

use std::sync::Arc;

use sqlx::{Connection, SqliteConnection};
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::task::JoinHandle;

use super::lock::OpenLock;
use crate::VaultError;
use crate::committed::Committed;

/// The most changes in one transaction.
const MAX_BATCH: usize = 64;
/// The most changes that wait; whoever comes later waits to be let in.
const MAX_QUEUE: usize = 1024;

/// A change of one database. It may be applied again after a transaction that was rolled back.
pub(crate) trait Change: Send + Sync + 'static {
    /// What came of it.
    type Outcome: Send + 'static;

    /// Which database it is for, in messages.
    const STORE: &'static str;

    /// Whether the commit may reach the disk only with a later one. It is still all or nothing.
    fn may_lag(&self) -> bool {
        false
    }

    /// Whether the write-ahead log is to be emptied afterwards, because what was there before must not be found again.
    fn truncates(&self) -> bool {
        false
    }

    /// Applies it inside the open transaction.
    fn apply(
        &self,
        connection: &mut SqliteConnection,
    ) -> impl Future<Output = Result<Self::Outcome, sqlx::Error>> + Send;
}

/// The queue to the connection that writes.
pub(crate) struct Writer<C: Change> {
    queue: mpsc::Sender<Message<C>>,
    task: Mutex<Option<JoinHandle<()>>>,
}

enum Message<C: Change> {
    Apply(Job<C>),
    Close,
}

struct Job<C: Change> {
    change: C,
    answer: oneshot::Sender<Result<Committed<C::Outcome>, VaultError>>,
}

impl<C: Change> Writer<C> {
    /// Starts the task that owns `connection`. It ends when the writer is closed or dropped and the queue is empty;
    /// until then it holds the lock.
    pub(crate) fn start(connection: SqliteConnection, lock: Arc<OpenLock>) -> Self {
        let (queue, messages) = mpsc::channel(MAX_QUEUE);
        let task = tokio::spawn(async move {
            run(connection, messages).await;
            drop(lock);
        });
        Self {
            queue,
            task: Mutex::new(Some(task)),
        }
    }

    /// Applies a change and waits until it is committed. When the caller stops waiting it is applied all the same.
    pub(crate) async fn submit(&self, change: C) -> Result<Committed<C::Outcome>, VaultError> {
        let (answer, outcome) = oneshot::channel();
        let stopped = || VaultError::Stopped("it was closed");
        self.queue
            .send(Message::Apply(Job { change, answer }))
            .await
            .map_err(|_| stopped())?;
        outcome.await.map_err(|_| stopped())?
    }

    /// Finishes what is queued, takes nothing more, and closes the connection.
    pub(crate) async fn close(&self) {
        // It has ended already when nobody receives.
        let _ = self.queue.send(Message::Close).await;
        if let Some(task) = self.task.lock().await.take() {
            let _ = task.await;
        }
    }
}

async fn run<C: Change>(mut connection: SqliteConnection, mut messages: mpsc::Receiver<Message<C>>) {
    let mut batch = Vec::new();
    while let Some(first) = messages.recv().await {
        let mut next = Some(first);
        while let Some(message) = next {
            match message {
                Message::Apply(job) => batch.push(job),
                Message::Close => messages.close(),
            }
            next = if batch.len() < MAX_BATCH {
                messages.try_recv().ok()
            } else {
                None
            };
        }
        commit(&mut connection, std::mem::take(&mut batch)).await;
    }
    // Nothing is lost when this fails: the next start takes up the write-ahead log.
    if let Err(error) = connection.close().await {
        tracing::debug!(store = C::STORE, %error, "the connection did not close in order");
    }
}

/// Commits a batch and answers everybody in it. When it fails, each change is tried by itself, so that one that cannot
/// be applied fails alone.
async fn commit<C: Change>(connection: &mut SqliteConnection, batch: Vec<Job<C>>) {
    if batch.is_empty() {
        return;
    }
    let changes: Vec<&C> = batch.iter().map(|job| &job.change).collect();
    let outcomes = match apply(connection, &changes).await {
        Ok(outcomes) => outcomes.into_iter().map(Ok).collect(),
        Err(error) if changes.len() == 1 => vec![Err(error)],
        Err(_) => {
            let mut outcomes = Vec::with_capacity(changes.len());
            for change in changes {
                outcomes.push(apply(connection, &[change]).await.map(|mut one| one.remove(0)));
            }
            outcomes
        }
    };
    let truncated = !batch.iter().any(|job| job.change.truncates()) || truncate(connection).await.unwrap_or(false);
    for (job, outcome) in batch.into_iter().zip(outcomes) {
        let kept = (job.change.truncates() && !truncated).then_some(C::STORE);
        let outcome = outcome.map(|outcome| Committed::new(outcome, kept));
        // Nobody listens when the caller was cancelled.
        let _ = job.answer.send(outcome.map_err(VaultError::of(C::STORE)));
    }
}

async fn apply<C: Change>(connection: &mut SqliteConnection, changes: &[&C]) -> Result<Vec<C::Outcome>, sqlx::Error> {
    // Under NORMAL a commit of the write-ahead log is not synced; the next one under FULL syncs all before it too.
    let lagging = changes.iter().all(|change| change.may_lag());
    let pragma = if lagging {
        "PRAGMA synchronous = NORMAL"
    } else {
        "PRAGMA synchronous = FULL"
    };
    sqlx::query(pragma).execute(&mut *connection).await?;

    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    let mut outcomes = Vec::with_capacity(changes.len());
    for change in changes {
        outcomes.push(change.apply(&mut transaction).await?);
    }
    transaction.commit().await?;
    Ok(outcomes)
}

/// Writes the log back into the database and cuts it to nothing. `false` when a reader stood in the way for longer than
/// the busy timeout.
async fn truncate(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    let (busy, _, _): (i64, i64, i64) = sqlx::query_as("PRAGMA wal_checkpoint(TRUNCATE)")
        .fetch_one(connection)
        .await?;
    Ok(busy == 0)
}
