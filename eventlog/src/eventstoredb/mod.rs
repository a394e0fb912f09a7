//! EventStoreDB, through its client for gRPC.
//!
//! All streams of a log have names that start with its namespace, so that other applications may use the same server. What
//! does not belong to the log is passed over. Revisions count from 0 there and from 1 here; a position is the commit
//! position, a byte offset. `docs/adr/0013-eventstoredb-its-client-and-its-double.md` says what the client makes
//! necessary, and what was tested against what.

mod appending;
mod codec;
mod connection;
mod identity;
mod index;
mod provider;
mod reading;
mod settings;
mod tail;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::{Position, StreamId};
use tokio::sync::watch;
use tokio::time::sleep;
use uuid::Uuid;

use crate::random::random_id;
use crate::{Appended, Causes, EventLog, Expected, LogError, NewEvent, Page, StoredEvent, limits};
use codec::Codec;
use connection::Connection;
use index::Indexes;
use settings::Settings;
use tail::Tail;

/// How often the end of the log is looked at, for what other nodes append.
const LOOK: Duration = Duration::from_millis(50);
/// The longest pause between looks while the server cannot be reached.
const MAX_PAUSE: Duration = Duration::from_secs(2);

/// A log on a server, or a cluster, of EventStoreDB.
///
/// Any number of nodes may use it at the same time. It keeps the contract of [`EventLog`] with two limits, since the
/// server has no index of ids: a repeat is known as long as fewer than 4096 events came after it in its stream; and that
/// an id stands in another stream is known when this node has seen it there among the 65,536 events that it saw last.
///
/// The server must take appends of 8 MiB (`MaxAppendSize`), and the user must be allowed to read `$all`.
pub struct EventStoreDbLog {
    shared: Arc<Shared>,
    id: Uuid,
    stop: watch::Sender<bool>,
}

/// What appends, reads and looks share.
struct Shared {
    connection: Connection,
    codec: Codec,
    indexes: Indexes,
    tail: Tail,
    /// Where the log starts.
    birth: u64,
}

impl EventStoreDbLog {
    /// Connects to `esdb://[user:password@]host[:port][,host…][?tls=…&tlsCaFile=…&namespace=…]`, and creates the log when
    /// there is none in that namespace, which is `soconnective` unless the URL names another.
    ///
    /// # Errors
    /// [`LogError::Unavailable`] when the URL or a file that it names cannot be used, the server cannot be reached or
    /// refuses the credentials, or the process has chosen a provider for rustls before. No error repeats the URL.
    pub async fn connect(url: &str) -> Result<Self, LogError> {
        let settings = Settings::parse(url)?;
        let connection = Connection::open(settings).await?;
        let identity = identity::identify(&connection, random_id()).await?;
        let shared = Arc::new(Shared {
            codec: Codec::new(connection.namespace(), random_id()),
            connection,
            indexes: Indexes::new(),
            tail: Tail::new(identity.birth),
            birth: identity.birth,
        });
        shared.look().await?;
        let (stop, stopped) = watch::channel(false);
        tokio::spawn(watch_the_end(Arc::clone(&shared), stopped));
        Ok(Self {
            shared,
            id: identity.log_id,
            stop,
        })
    }
}

/// Looks at the end of the log again and again, until it is closed or dropped.
///
/// The client's subscriptions would tell at once, but must not be used: when the server ends one cleanly, its reader
/// never waits again, on whatever thread it runs, and nothing can stop it.
async fn watch_the_end(shared: Arc<Shared>, mut stopped: watch::Receiver<bool>) {
    let looking = async {
        let mut pause = LOOK;
        loop {
            sleep(pause).await;
            match shared.look().await {
                Ok(_) => pause = LOOK,
                Err(error) => {
                    if pause == LOOK {
                        tracing::warn!(cause = %Causes(&error), "the end of the log cannot be seen; it is tried again");
                    }
                    pause = (pause * 2).min(MAX_PAUSE);
                }
            }
        }
    };
    tokio::select! {
        () = looking => {}
        _ = stopped.wait_for(|stop| *stop) => {}
    }
}

#[async_trait]
impl EventLog for EventStoreDbLog {
    async fn append(&self, stream: &StreamId, expected: Expected, events: Vec<NewEvent>) -> Result<Appended, LogError> {
        limits::check(&events)?;
        self.shared.append_to(stream, expected, &events).await
    }

    async fn read_stream(&self, stream: &StreamId, from: u64, max: usize) -> Result<Vec<StoredEvent>, LogError> {
        self.shared.stream_from(stream, from, max).await
    }

    async fn read_all(&self, after: Position, max: usize) -> Result<Page, LogError> {
        self.shared.page(after, max).await
    }

    fn wakeups(&self) -> watch::Receiver<Position> {
        self.shared.tail.wakeups()
    }

    fn log_id(&self) -> Uuid {
        self.id
    }

    async fn close(&self) {
        self.stop.send_replace(true);
    }
}
