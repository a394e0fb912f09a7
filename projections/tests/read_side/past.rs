//! What it costs to ask about the past.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use domain::{Position, StreamId};
use eventlog::{Appended, EventLog, Expected, LogError, MemoryLog, NewEvent, Page, StoredEvent};
use projections::{AsOf, CatalogFilter};
use tokio::sync::watch;

use crate::home::Home;
use crate::story::{added, row};
use crate::support::{Reading, Writer, provider};

/// A log that counts how often a stream of it is read.
struct Counting {
    inner: MemoryLog,
    reads: AtomicUsize,
}

#[async_trait::async_trait]
impl EventLog for Counting {
    async fn append(&self, stream: &StreamId, expected: Expected, events: Vec<NewEvent>) -> Result<Appended, LogError> {
        self.inner.append(stream, expected, events).await
    }

    async fn read_stream(&self, stream: &StreamId, from: u64, max: usize) -> Result<Vec<StoredEvent>, LogError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.inner.read_stream(stream, from, max).await
    }

    async fn read_all(&self, after: Position, max: usize) -> Result<Page, LogError> {
        self.inner.read_all(after, max).await
    }

    fn wakeups(&self) -> watch::Receiver<Position> {
        self.inner.wakeups()
    }

    fn log_id(&self) -> uuid::Uuid {
        self.inner.log_id()
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_of_the_past_reads_one_stream_for_each_row_and_once_what_is_passed_by() {
    const ROWS: usize = 50;
    let home = Home::new();
    let counting = Arc::new(Counting {
        inner: MemoryLog::new(),
        reads: AtomicUsize::new(0),
    });
    let log: Arc<dyn EventLog> = counting.clone();
    let mut writer = Writer::on(Arc::clone(&log));
    for number in 0..ROWS {
        let key = provider(&format!("row-{number}"));
        let stream = StreamId::Provider(key.clone());
        writer.append(&stream, added(row(&key))).await;
    }
    let reading = Reading::start(&home, &log).await;
    reading.settle().await;
    let filter = CatalogFilter {
        limit: 50,
        ..CatalogFilter::default()
    };
    let now = AsOf::Position(Position::from_stored(writer.events));
    let before = counting.reads.load(Ordering::Relaxed);
    let catalog = reading.projections.catalog();
    let page = catalog.list_as_of(&*log, &filter, now).await.unwrap();
    let reads = counting.reads.load(Ordering::Relaxed) - before;
    assert_eq!(page, catalog.list(&filter).await.unwrap());
    assert_eq!(reads, ROWS + 1);
    reading.stop().await;
}
