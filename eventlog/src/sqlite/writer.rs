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
        let mut in_doubt = false;
        if let Err(Failure::Commit(error)) = &outcome
            && !is_certain(error)
        {
            tracing::error!(%error, "a commit of the log failed half-way; it is repeated to find out what is stored");
            in_doubt = true;
            outcome = self.attempt(&mut batch).await;
        }
        match outcome {
            Ok(answers) => self.answer(batch, answers),
            Err(Failure::Before(error) | Failure::Commit(error)) => fail(batch, error, in_doubt),
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

/// Tells a batch that nothing of it is known to be stored. `in_doubt`: a commit failed half-way, and whatever became of
/// its repetition says nothing about it.
fn fail(batch: Vec<Pending>, error: sqlx::Error, in_doubt: bool) {
    tracing::error!(%error, appends = batch.len(), in_doubt, "the log could not store a batch");
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use domain::StreamId;
    use tempfile::TempDir;
    use tokio::sync::oneshot;

    use super::*;
    use crate::contract::{events, stream};
    use crate::sqlite::open::{self, Opened};
    use crate::{Appended, Expected, NewEvent};

    struct Fixture {
        folder: TempDir,
        opened: Opened,
    }

    async fn fixture() -> Fixture {
        let folder = TempDir::new().unwrap();
        let opened = open::open(&folder.path().join("log.db")).await.unwrap();
        Fixture { folder, opened }
    }

    fn writer(opened: Opened) -> Writer {
        Writer::new(opened.writer, opened.options, watch::Sender::new(opened.head))
    }

    fn pending(name: &str) -> (Pending, oneshot::Receiver<Result<Appended, LogError>>) {
        let (reply, answer) = oneshot::channel();
        let stream: StreamId = stream("a");
        (
            Pending::new(stream, Expected::Any, events(name, 0..2), reply).unwrap(),
            answer,
        )
    }

    /// An event that takes more than the pages that a new file has.
    fn large() -> Vec<NewEvent> {
        let mut large = events("large", 0..1);
        large[0].data = format!(r#"{{"a":"{}"}}"#, "x".repeat(100_000));
        large
    }

    async fn append(writer: &mut Writer, name: &str) -> Result<Appended, LogError> {
        let (pending, answer) = pending(name);
        writer.store(vec![pending]).await;
        answer.await.unwrap()
    }

    async fn count(path: &Path) -> i64 {
        let mut connection = SqliteConnectOptions::new().filename(path).connect().await.unwrap();
        sqlx::query_scalar("SELECT count(*) FROM events")
            .fetch_one(&mut connection)
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn a_commit_that_fails_once_is_repeated() {
        let Fixture { mut opened, folder } = fixture().await;
        opened.writer.lock_handle().await.unwrap().set_commit_hook(|| false);
        let mut writer = writer(opened);

        let appended = append(&mut writer, "a").await.unwrap();

        assert_eq!((appended.revision, appended.duplicate), (2, false));
        assert_eq!(count(&folder.path().join("log.db")).await, 2);
        assert_eq!(append(&mut writer, "b").await.unwrap().revision, 4, "the log goes on");
    }

    #[tokio::test]
    async fn a_commit_that_cannot_be_looked_into_has_an_unknown_outcome() {
        let Fixture { mut opened, folder } = fixture().await;
        opened.writer.lock_handle().await.unwrap().set_commit_hook(|| false);
        // The second attempt finds no file.
        opened.options = opened.options.filename(folder.path().join("gone/log.db"));
        let mut writer = writer(opened);
        let ((one, first), (other, second)) = (pending("a"), pending("a"));

        writer.store(vec![one, other]).await;

        for answer in [first, second] {
            let outcome = answer.await.unwrap();
            assert!(matches!(outcome, Err(LogError::UnknownOutcome(_))), "{outcome:?}");
        }
        assert_eq!(*writer.head.borrow(), Position::START, "no reader is woken for it");
    }

    #[tokio::test]
    async fn a_disk_that_is_full_when_a_commit_is_repeated_does_not_make_its_outcome_known() {
        let Fixture { mut opened, folder } = fixture().await;
        opened.writer.lock_handle().await.unwrap().set_commit_hook(|| false);
        opened.options = opened.options.pragma("max_page_count", "1");
        let (reply, answer) = oneshot::channel();
        let large = Pending::new(stream("a"), Expected::Any, large(), reply).unwrap();

        writer(opened).store(vec![large]).await;

        let outcome = answer.await.unwrap();
        assert!(matches!(outcome, Err(LogError::UnknownOutcome(_))), "{outcome:?}");
        drop(folder);
    }

    #[tokio::test]
    async fn a_full_disk_stores_nothing_and_the_log_goes_on_when_there_is_room() {
        let Fixture { mut opened, folder } = fixture().await;
        sqlx::query("PRAGMA max_page_count = 1")
            .execute(&mut opened.writer)
            .await
            .unwrap();
        let mut writer = writer(opened);
        let (reply, answer) = oneshot::channel();
        let large = Pending::new(stream("a"), Expected::Any, large(), reply).unwrap();
        let (small, small_answer) = pending("small");

        writer.store(vec![small, large]).await;

        for answer in [answer, small_answer] {
            let outcome = answer.await.unwrap();
            assert!(matches!(outcome, Err(LogError::Unavailable(_))), "{outcome:?}");
        }
        assert_eq!(count(&folder.path().join("log.db")).await, 0);
        // The next connection has no such limit.
        assert_eq!(append(&mut writer, "b").await.unwrap().revision, 2);
    }

    #[tokio::test]
    async fn an_append_that_a_failed_commit_had_stored_after_all_is_no_duplicate() {
        let Fixture { mut opened, .. } = fixture().await;
        let (pending, _answer) = pending("a");
        let mut batch = vec![pending];
        let first = batch::store(&mut opened.writer, &mut batch).await.ok().unwrap();

        let again = batch::store(&mut opened.writer, &mut batch).await.ok().unwrap();

        assert_eq!(again[0].as_ref().unwrap(), first[0].as_ref().unwrap());
        assert!(!again[0].as_ref().unwrap().duplicate);
    }

    #[tokio::test]
    async fn appends_that_were_sent_twice_are_stored_once_in_one_commit() {
        let Fixture { opened, folder } = fixture().await;
        let mut writer = writer(opened);
        let ((one, first), (other, second)) = (pending("a"), pending("a"));

        writer.store(vec![one, other]).await;

        let (first, second) = (first.await.unwrap().unwrap(), second.await.unwrap().unwrap());
        assert_eq!((first.duplicate, second.duplicate), (false, true));
        assert_eq!(first.position, second.position);
        assert_eq!(count(&folder.path().join("log.db")).await, 2);
    }
}
