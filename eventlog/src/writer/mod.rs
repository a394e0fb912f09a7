//! The one task that writes, for adapters over a database: whatever is queued goes into one transaction, so that many
//! writers share one commit, and a single one waits for nobody. No timer holds anybody up.

mod pending;
mod queue;

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use domain::Position;
use tokio::sync::watch;

use crate::{Causes, LogError, Outage};
pub(crate) use pending::{Answers, Pending, Write, plan};
pub(crate) use queue::{Queue, Work, queue};

/// Where the writer stores what was queued.
pub(crate) trait Storage: Send + 'static {
    /// Decides and stores a batch in one transaction, which holds the lock of the log from before the first look on: no
    /// other writer, of any process, comes between. The answers are only good when this gives them.
    fn store(&mut self, batch: &mut [Pending]) -> impl Future<Output = Result<Answers, Failure>> + Send;

    /// Whether a batch that has failed for the `attempt`th time is to be tried once more. Waits before, where that helps.
    fn try_again(&mut self, failure: &Failure, attempt: u32) -> impl Future<Output = bool> + Send;
}

/// Why nothing of a batch is known to be stored.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Nothing was stored.
    Nothing(sqlx::Error),
    /// The commit itself failed: all of it may be stored, or nothing.
    Unknown(sqlx::Error),
}

/// The one task that writes.
pub(crate) struct Writer<S> {
    storage: S,
    head: watch::Sender<Position>,
    /// That batches cannot be stored.
    outage: Outage,
}

impl<S: Storage> Writer<S> {
    pub(crate) const fn new(storage: S, head: watch::Sender<Position>) -> Self {
        Self {
            storage,
            head,
            outage: Outage::new(),
        }
    }

    /// Stores what comes, until the queue is stopped and empty. Gives the storage back.
    pub(crate) async fn run(mut self, mut work: Work) -> S {
        while let Some(batch) = work.next().await {
            self.store(batch).await;
        }
        self.storage
    }

    pub(crate) async fn store(&mut self, mut batch: Vec<Pending>) {
        let mut in_doubt = false;
        let mut attempt = 1;
        loop {
            let failure = match self.storage.store(&mut batch).await {
                Ok(answers) => return self.answer(batch, answers),
                Err(failure) => failure,
            };
            self.complain(&failure);
            if let Failure::Unknown(error) = &failure {
                tracing::error!(cause = %Causes(error), "a commit of the log failed half-way; it is repeated to find out what is stored");
                in_doubt = true;
                batch.iter_mut().for_each(Pending::doubt);
            }
            if !self.storage.try_again(&failure, attempt).await {
                let (Failure::Nothing(error) | Failure::Unknown(error)) = failure;
                return fail(batch, error, in_doubt);
            }
            attempt += 1;
        }
    }

    /// Says that batches cannot be stored: once, however many callers there are, and however often it is tried.
    fn complain(&mut self, failure: &Failure) {
        let (Failure::Nothing(error) | Failure::Unknown(error)) = failure;
        if self.outage.is_news() {
            tracing::warn!(cause = %Causes(error), "the log cannot store events now; whoever waits for it is told");
        }
    }

    fn answer(&mut self, batch: Vec<Pending>, answers: Answers) {
        if let Some(lasted) = self.outage.over() {
            tracing::info!(?lasted, "the log stores events again");
        }
        if let Some(newest) = answers.iter().flatten().map(|appended| appended.position).max() {
            raise(&self.head, newest);
        }
        for (pending, answer) in batch.into_iter().zip(answers) {
            // A caller that has gone away finds out by its ids.
            let _ = pending.reply.send(answer);
        }
    }

    #[cfg(test)]
    pub(crate) fn head(&self) -> Position {
        *self.head.borrow()
    }
}

/// Wakes readers if `newest` is news.
pub(crate) fn raise(head: &watch::Sender<Position>, newest: Position) {
    head.send_if_modified(|head| {
        let newer = newest > *head;
        *head = newest.max(*head);
        newer
    });
}

/// Tells a batch that nothing of it is known to be stored. `in_doubt`: a commit failed half-way, and whatever became of
/// its repetition says nothing about it.
fn fail(batch: Vec<Pending>, error: sqlx::Error, in_doubt: bool) {
    let error = Shared(Arc::new(error));
    for pending in batch {
        let error = Box::new(error.clone());
        // The whole batch shares the doubt: the ids of one append may be among those of another.
        let error = if in_doubt {
            LogError::UnknownOutcome(error)
        } else {
            LogError::Unavailable(error)
        };
        let _ = pending.reply.send(Err(error));
    }
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
