use std::time::Duration;

use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::context::GetStreamErrorKind;
use async_nats::jetstream::stream::Stream;
use async_nats::jetstream::stream::{Config, DiscardPolicy, Info, RawMessageErrorKind, RetentionPolicy, StorageType};
use domain::Position;

use super::Context;
use super::error::NatsError;
use super::wire::{SUBJECTS, Wire};

/// The name of the stream.
pub(super) const STREAM: &str = "soconnective-events";
/// How long the server remembers the ids of messages. What is published late is refused by its expected sequence anyway,
/// so this need not be long, and the server keeps every id in memory.
const DUPLICATES: Duration = Duration::from_secs(10);

/// How much the stream keeps. It is bounded, since readers find what it has forgotten in the log.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) replicas: usize,
    pub(super) max_bytes: i64,
    pub(super) max_age: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            replicas: 1,
            max_bytes: 256 * 1024 * 1024,
            max_age: Duration::from_hours(24),
        }
    }
}

/// The end of the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tail {
    /// The sequence number of the newest message, be it there still or not.
    pub(super) sequence: u64,
    /// The sequence number of the oldest message that is there.
    pub(super) first: u64,
    /// The position of the newest message; the start when there is none, or none that is ours.
    pub(super) position: Position,
}

/// The stream of events in JetStream, which is made when it is not there.
pub(super) struct EventStream {
    pub(super) context: Context,
    pub(super) wire: Wire,
    config: Config,
}

impl EventStream {
    pub(super) fn new(context: Context, wire: Wire, limits: &Limits) -> Self {
        let config = Config {
            name: STREAM.to_owned(),
            // The one field of a 2.9 server's stream where a log can be named.
            description: Some(format!("Events of the log {}", wire.log())),
            subjects: vec![format!("{SUBJECTS}.>")],
            retention: RetentionPolicy::Limits,
            discard: DiscardPolicy::Old,
            storage: StorageType::File,
            max_bytes: limits.max_bytes,
            max_age: limits.max_age,
            max_messages: -1,
            max_messages_per_subject: -1,
            max_message_size: -1,
            max_consumers: -1,
            num_replicas: limits.replicas,
            duplicate_window: DUPLICATES.min(limits.max_age),
            ..Config::default()
        };
        Self { context, wire, config }
    }

    /// A handle on it, without asking the server.
    pub(super) async fn handle(&self) -> Result<Stream<()>, NatsError> {
        let handle = self.context.get_stream_no_info(STREAM).await;
        handle.map_err(NatsError::of("know the stream"))
    }

    /// The end of the stream.
    pub(super) async fn tail(&self) -> Result<Tail, NatsError> {
        let info = self.info().await?;
        if info.config.description != self.config.description {
            return Err(NatsError::OtherLog(STREAM));
        }
        let sequence = info.state.last_sequence;
        let position = match info.state.messages {
            0 => None,
            _ => self.position(sequence).await?,
        };
        Ok(Tail {
            sequence,
            first: info.state.first_sequence,
            position: position.unwrap_or(Position::START),
        })
    }

    /// The position of the event with this sequence number; none when it is gone or is not ours.
    pub(super) async fn position(&self, sequence: u64) -> Result<Option<Position>, NatsError> {
        match self.handle().await?.get_raw_message(sequence).await {
            Ok(message) => Ok(self.wire.position(&message.payload)),
            Err(error) if error.kind() == RawMessageErrorKind::NoMessageFound => Ok(None),
            Err(error) => Err(NatsError::of("show a message")(error)),
        }
    }

    /// Sees to it that there is a stream and that it is this log's. For the holder of the relay's lease alone: one of
    /// another log is replaced.
    pub(super) async fn claim(&self) -> Result<(), NatsError> {
        let info = self.info().await?;
        if info.config.description != self.config.description {
            tracing::warn!(
                stream = STREAM,
                found = info.config.description,
                "the stream of another log, which nobody publishes any more, is replaced"
            );
            self.replace().await?;
        }
        self.try_compare().await
    }

    /// Makes it again, with nothing in it: neither messages nor ids of messages that it knows.
    pub(super) async fn replace(&self) -> Result<(), NatsError> {
        let deleted = self.context.delete_stream(STREAM).await;
        deleted.map_err(NatsError::of("delete the stream"))?;
        self.create().await.map(drop)
    }

    /// Has the server change what differs from what is asked for, and says what it does not change.
    pub(super) async fn compare(&self) {
        if let Err(error) = self.try_compare().await {
            error.warn("it is not known yet how the stream of events is configured");
        }
    }

    async fn try_compare(&self) -> Result<(), NatsError> {
        let info = self.info().await?;
        if info.config.description != self.config.description || differences(&self.config, &info.config).is_empty() {
            return Ok(());
        }
        let outcome = self.context.update_stream(&self.config).await;
        let refused = outcome.as_ref().err().map(ToString::to_string);
        let echoed = outcome.map_or(info.config, |info| info.config);
        for difference in differences(&self.config, &echoed) {
            tracing::warn!(
                stream = STREAM,
                refused,
                "the stream is not as it should be: {difference}"
            );
        }
        Ok(())
    }

    async fn info(&self) -> Result<Info, NatsError> {
        match self.context.get_stream(STREAM).await {
            Ok(stream) => Ok(stream.cached_info().clone()),
            Err(error) => match error.kind() {
                GetStreamErrorKind::JetStream(error) if error.error_code() == ErrorCode::STREAM_NOT_FOUND => {
                    self.create().await
                }
                _ => Err(NatsError::of("show the stream")(error)),
            },
        }
    }

    async fn create(&self) -> Result<Info, NatsError> {
        tracing::info!(stream = STREAM, "the stream of events is made");
        let created = self.context.create_stream(&self.config).await;
        let info = created.map_err(NatsError::of("make the stream"))?.cached_info().clone();
        for difference in differences(&self.config, &info.config) {
            tracing::warn!(stream = STREAM, "the stream was not made as asked: {difference}");
        }
        Ok(info)
    }
}

/// A field of a configuration: its name as NATS spells it, and how it is read.
type Field = (&'static str, fn(&Config) -> String);

/// What the server has made of a configuration, as sentences for its operator.
fn differences(asked: &Config, echoed: &Config) -> Vec<String> {
    let fields: [Field; 14] = [
        ("subjects", |c| c.subjects.join(" ")),
        ("retention", |c| format!("{:?}", c.retention)),
        ("discard", |c| format!("{:?}", c.discard)),
        ("storage", |c| format!("{:?}", c.storage)),
        ("max_bytes", |c| c.max_bytes.to_string()),
        ("max_age", |c| format!("{:?}", c.max_age)),
        ("max_msgs", |c| c.max_messages.to_string()),
        ("max_msgs_per_subject", |c| c.max_messages_per_subject.to_string()),
        ("max_msg_size", |c| c.max_message_size.to_string()),
        ("num_replicas", |c| c.num_replicas.to_string()),
        ("duplicate_window", |c| format!("{:?}", c.duplicate_window)),
        ("no_ack", |c| c.no_ack.to_string()),
        ("sealed", |c| c.sealed.to_string()),
        ("deny_purge", |c| c.deny_purge.to_string()),
    ];
    fields
        .into_iter()
        .map(|(name, value)| (name, value(asked), value(echoed)))
        .filter(|(_, asked, echoed)| asked != echoed)
        .map(|(name, asked, echoed)| format!("{name} is {echoed}, and not {asked}"))
        .collect()
}
