use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use eventstore::{
    AppendToStreamOptions, Client, Error, EventData, ExpectedRevision, Position, ReadAllOptions, ReadStream,
    ReadStreamOptions, RecordedEvent, StreamPosition, WriteResult,
};
use tokio::time::{sleep, timeout};

use super::provider;
use super::settings::Settings;
use crate::{Causes, LogError};

/// The longest that an append may take before its outcome counts as unknown. The server gives up after 10 seconds.
const APPEND_TIME: Duration = Duration::from_secs(15);
/// The longest that one read may take.
const READ_TIME: Duration = Duration::from_secs(30);
/// The waits between attempts at what is known not to have been done.
const AGAIN: [Duration; 4] = [
    Duration::from_millis(5),
    Duration::from_millis(50),
    Duration::from_millis(200),
    Duration::from_millis(500),
];
/// A batch is cut short once it holds more than this many bytes.
const BATCH_BYTES: usize = 8 * 1024 * 1024;

/// The connection to the server, which comes back by itself.
///
/// A client that could not connect is dead for ever, and one that has lost its node asks the same one again, even where
/// there are others; so it is replaced after every such failure.
pub(super) struct Connection {
    settings: Settings,
    current: Mutex<Current>,
}

struct Current {
    client: Client,
    number: u64,
}

/// What is read.
#[derive(Clone, Copy)]
pub(super) enum Source<'a> {
    /// All streams, from the event at this position; none for the first. The event itself comes, too.
    Forwards(Option<u64>),
    /// All streams, from the event before this position; none for the last.
    Backwards(Option<u64>),
    /// One stream, from this revision, counted from 0.
    Stream(&'a str, u64),
    /// One stream, from its last event back.
    StreamBackwards(&'a str),
}

/// What was read.
pub(super) struct Batch {
    pub(super) events: Vec<RecordedEvent>,
    /// Whether there is nothing beyond it.
    pub(super) ended: bool,
}

/// Why an append is not known to be stored.
pub(super) enum Refused {
    /// The stream is at another revision.
    WrongVersion,
    /// For another reason.
    Failed(LogError),
}

/// Says what is wrong.
pub(super) fn unavailable(reason: &str) -> LogError {
    LogError::Unavailable(reason.into())
}

impl Connection {
    pub(super) async fn open(settings: Settings) -> Result<Self, LogError> {
        let make = || Client::new(settings.client.clone()).map_err(LogError::unavailable);
        let client = provider::first_client(make).await?;
        Ok(Self {
            settings,
            current: Mutex::new(Current { client, number: 0 }),
        })
    }

    pub(super) fn namespace(&self) -> &str {
        &self.settings.namespace
    }

    /// Reads at most `count` events. Tries again while the server cannot be reached, for a second.
    pub(super) async fn read(&self, source: Source<'_>, count: usize) -> Result<Batch, LogError> {
        let mut pauses = AGAIN.into_iter();
        loop {
            let (client, number) = self.client();
            let outcome = timeout(READ_TIME, self.read_with(&client, source, count)).await;
            let error = match outcome {
                Ok(Ok(batch)) => return Ok(batch),
                Ok(Err(error)) => error,
                Err(_too_long) => Error::DeadlineExceeded,
            };
            self.lost(number, &error);
            match pauses.next() {
                Some(pause) if passes(&error) => sleep(pause).await,
                _ => return Err(LogError::unavailable(error)),
            }
        }
    }

    async fn read_with(&self, client: &Client, source: Source<'_>, count: usize) -> Result<Batch, Error> {
        let mut reading = match self.start(client, source, count).await {
            Err(Error::ResourceNotFound) => return Ok(Batch::empty()),
            started => started?,
        };
        let mut batch = Batch::empty();
        let mut bytes = 0;
        while bytes < BATCH_BYTES {
            match reading.next().await {
                Ok(Some(resolved)) => {
                    // Links are not resolved, so there is always an event.
                    let Some(event) = resolved.event else { continue };
                    bytes += event.data.len() + event.custom_metadata.len();
                    batch.events.push(event);
                }
                Ok(None) => {
                    batch.ended = batch.events.len() < count;
                    return Ok(batch);
                }
                Err(Error::ResourceNotFound) => return Ok(Batch::empty()),
                Err(error) => return Err(error),
            }
        }
        batch.ended = false;
        Ok(batch)
    }

    async fn start(&self, client: &Client, source: Source<'_>, count: usize) -> Result<ReadStream, Error> {
        let all = ReadAllOptions::default().max_count(count).requires_leader(true);
        let one = ReadStreamOptions::default().max_count(count).requires_leader(true);
        // Every event has a commit position of its own; the server takes it for both of the pair.
        let place = |position| {
            StreamPosition::Position(Position {
                commit: position,
                prepare: position,
            })
        };
        match source {
            Source::Forwards(from) => {
                let from = from.map_or(StreamPosition::Start, place);
                client.read_all(&self.for_all(all.position(from).forwards())).await
            }
            Source::Backwards(before) => {
                let before = before.map_or(StreamPosition::End, place);
                client.read_all(&self.for_all(all.position(before).backwards())).await
            }
            Source::Stream(stream, from) => {
                let options = one.position(StreamPosition::Position(from)).forwards();
                client.read_stream(stream, &self.for_one(options)).await
            }
            Source::StreamBackwards(stream) => {
                let options = one.position(StreamPosition::End).backwards();
                client.read_stream(stream, &self.for_one(options)).await
            }
        }
    }

    fn for_all(&self, options: ReadAllOptions) -> ReadAllOptions {
        match &self.settings.credentials {
            Some(credentials) => options.authenticated(credentials.clone()),
            None => options,
        }
    }

    fn for_one(&self, options: ReadStreamOptions) -> ReadStreamOptions {
        match &self.settings.credentials {
            Some(credentials) => options.authenticated(credentials.clone()),
            None => options,
        }
    }

    /// Appends. Tries again only while it is certain that nothing was stored.
    pub(super) async fn append(
        &self,
        stream: &str,
        expected: ExpectedRevision,
        events: &[EventData],
    ) -> Result<WriteResult, Refused> {
        let mut options = AppendToStreamOptions::default()
            .expected_revision(expected)
            .requires_leader(true);
        if let Some(credentials) = &self.settings.credentials {
            options = options.authenticated(credentials.clone());
        }
        let mut pauses = AGAIN.into_iter();
        loop {
            let (client, number) = self.client();
            let sent = timeout(APPEND_TIME, client.append_to_stream(stream, &options, events.to_vec())).await;
            let error = match sent {
                Ok(Ok(result)) => return Ok(result),
                Ok(Err(error)) => error,
                Err(_too_long) => Error::DeadlineExceeded,
            };
            self.lost(number, &error);
            match (judge(error), pauses.next()) {
                (Verdict::NotSent(_), Some(pause)) => sleep(pause).await,
                (Verdict::NotSent(error), None) => return Err(Refused::Failed(LogError::unavailable(error))),
                (Verdict::Refused(refused), _) => return Err(refused),
            }
        }
    }

    fn client(&self) -> (Client, u64) {
        let current = self.lock();
        (current.client.clone(), current.number)
    }

    /// Replaces the client with this number, if the error says that it is of no more use.
    fn lost(&self, number: u64, error: &Error) {
        let useless = matches!(
            error,
            Error::ConnectionClosed | Error::GrpcConnectionError(_) | Error::ServerError(_) | Error::DeadlineExceeded
        );
        let mut current = self.lock();
        if useless && current.number == number {
            match Client::new(self.settings.client.clone()) {
                Ok(client) => {
                    *current = Current {
                        client,
                        number: number + 1,
                    }
                }
                Err(error) => tracing::warn!(cause = %Causes(&error), "no new connection to EventStoreDB can be made"),
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Batch {
    const fn empty() -> Self {
        Self {
            events: Vec::new(),
            ended: true,
        }
    }
}

/// Whether a read that failed so may succeed in a moment.
const fn passes(error: &Error) -> bool {
    matches!(
        error,
        Error::ConnectionClosed | Error::GrpcConnectionError(_) | Error::ServerError(_) | Error::NotLeaderException(_)
    )
}

enum Verdict {
    NotSent(Error),
    Refused(Refused),
}

/// What an error says of the append that it answers.
fn judge(error: Error) -> Verdict {
    let failed = |error| Verdict::Refused(Refused::Failed(error));
    match error {
        Error::WrongExpectedVersion { .. } => Verdict::Refused(Refused::WrongVersion),
        // There was no node to send it to, or one that passes nothing on.
        Error::ConnectionClosed | Error::GrpcConnectionError(_) | Error::NotLeaderException(_) => {
            Verdict::NotSent(error)
        }
        Error::AccessDenied | Error::ResourceDeleted | Error::UnsupportedFeature => {
            failed(LogError::unavailable(error))
        }
        Error::Grpc { ref message, .. } if message.starts_with("Maximum Append Size") => failed(LogError::Invalid(
            "it is larger than the server takes: set its option MaxAppendSize to 8388608",
        )),
        other => failed(LogError::UnknownOutcome(Box::new(other))),
    }
}
