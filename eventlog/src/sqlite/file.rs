use sqlx::ConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

use super::batch;
use crate::writer::{Answers, Failure, Pending, Storage};

/// The file, for the one task that writes to it.
pub(super) struct File {
    /// None after a failure: what state a connection is in then, nobody should have to know.
    connection: Option<SqliteConnection>,
    options: SqliteConnectOptions,
}

impl File {
    pub(super) const fn new(connection: SqliteConnection, options: SqliteConnectOptions) -> Self {
        Self {
            connection: Some(connection),
            options,
        }
    }

    /// The connection, if there is one.
    pub(super) fn into_connection(self) -> Option<SqliteConnection> {
        self.connection
    }
}

impl Storage for File {
    /// Stores a batch on a connection that has not failed before.
    async fn store(&mut self, batch: &mut [Pending]) -> Result<Answers, Failure> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.options.connect().await.map_err(Failure::Nothing)?,
        };
        let answers = batch::store(&mut connection, batch).await?;
        self.connection = Some(connection);
        Ok(answers)
    }

    /// Once, to find out what a commit that failed half-way has stored. A disk that is full does not empty itself.
    async fn try_again(&mut self, failure: &Failure, attempt: u32) -> bool {
        matches!(failure, Failure::Unknown(_)) && attempt == 1
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use domain::{Position, StreamId};
    use tempfile::TempDir;
    use tokio::sync::{oneshot, watch};

    use super::*;
    use crate::contract::{events, stream};
    use crate::sqlite::open::{self, Opened};
    use crate::writer::Writer;
    use crate::{Appended, Expected, LogError, NewEvent};

    struct Fixture {
        folder: TempDir,
        opened: Opened,
    }

    async fn fixture() -> Fixture {
        let folder = TempDir::new().unwrap();
        let opened = open::open(&folder.path().join("log.db")).await.unwrap();
        Fixture { folder, opened }
    }

    fn writer(opened: Opened) -> Writer<File> {
        Writer::new(
            File::new(opened.writer, opened.options),
            watch::Sender::new(opened.head),
        )
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

    async fn append(writer: &mut Writer<File>, name: &str) -> Result<Appended, LogError> {
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
        assert_eq!(writer.head(), Position::START, "no reader is woken for it");
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

        batch[0].doubt();
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
