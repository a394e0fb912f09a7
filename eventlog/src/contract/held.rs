use std::collections::HashSet;
use std::pin::Pin;
use std::time::Duration;

use domain::{EventId, Position, StreamId};
use tokio::time::timeout;

use super::Log;
use super::given::{events, ids, read_everything, stream};
use crate::{Expected, NewEvent, StoredEvent};

/// For how long a writer may show that it does not wait for one that is held up.
const GRACE: Duration = Duration::from_secs(1);

/// A log, and another writer of it that can be held up in the middle of an append.
pub struct HeldWriter {
    /// The log.
    pub log: Log,
    /// Has the other writer append these events to this stream, and is done when positions have been assigned to them
    /// and their commit is held up.
    pub hold: Hold,
}

/// Holds an append up. See [`HeldWriter::hold`].
pub type Hold = Box<dyn FnOnce(StreamId, Vec<NewEvent>) -> Pin<Box<dyn Future<Output = Release> + Send>> + Send>;
/// Lets a commit that was held up go on, and is done when it is.
pub type Release = Box<dyn FnOnce() -> Pin<Box<dyn Future<Output = ()> + Send>> + Send>;

/// Checks that no reader passes the events of a writer that has positions and has not committed yet: while it is held
/// up another one appends, and a reader goes from page to page. Gives the events that the reader has missed in the end;
/// there are none if the promise is kept.
///
/// It is for logs whose writers are apart from each other, such as those of several processes.
pub async fn events_missed_behind_a_held_writer(writer: HeldWriter) -> Vec<EventId> {
    let HeldWriter { log, hold } = writer;
    log.append(&stream("before"), Expected::NoStream, events("before", 0..1))
        .await
        .unwrap();
    let mut reader = Reader::default();
    reader.read(&log).await;
    let release = hold(stream("late"), events("late", 0..2)).await;
    let other = tokio::spawn({
        let log = log.clone();
        async move {
            let batch = events("other", 0..2);
            log.append(&stream("other"), Expected::NoStream, batch).await.unwrap()
        }
    });
    let reading = async {
        while !other.is_finished() {
            reader.read(&log).await;
            tokio::task::yield_now().await;
        }
        reader.read(&log).await;
    };
    // A log that keeps the promise has the other one wait, or shows its events to nobody.
    let _ = timeout(GRACE, reading).await;
    release().await;
    other.await.unwrap();
    while !reader.read(&log).await {}
    let truth = read_everything(&log, 100).await;
    assert_eq!(truth.len(), 5, "all that was appended is stored");
    let seen: HashSet<_> = ids(&reader.seen).into_iter().collect();
    ids(&truth).into_iter().filter(|id| !seen.contains(id)).collect()
}

/// It reads the log as projections do: page after page, and never back.
#[derive(Default)]
struct Reader {
    after: Position,
    seen: Vec<StoredEvent>,
}

impl Reader {
    /// Reads a page. Whether it was the last.
    async fn read(&mut self, log: &Log) -> bool {
        let page = log.read_all(self.after, 100).await.unwrap();
        self.after = page.next;
        self.seen.extend(page.events);
        page.next >= page.head
    }
}
