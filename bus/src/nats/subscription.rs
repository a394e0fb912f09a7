use std::time::Duration;

use async_nats::jetstream::consumer::push::Config;
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy};
use async_nats::{Client, Message as Received, StatusCode, Subscriber};
use async_trait::async_trait;
use bytes::Bytes;
use domain::Position;
use futures::{FutureExt, StreamExt};
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use super::client::Connection;
use super::error::NatsError;
use super::place::first_after;
use super::stream::EventStream;
use super::wire::Wire;
use crate::{BusError, Message, Subscription};

/// How often the server says that it is there when there is nothing else to say.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// How long it may be silent.
const SILENCE: Duration = Duration::from_secs(3);
/// After this long without a reader the server forgets a consumer.
const FORGOTTEN: Duration = Duration::from_secs(30);
/// How many messages are given at once.
const BATCH: usize = 512;

/// A reader of the stream: an ephemeral push consumer with flow control, in order and without acknowledgements, since a
/// reader knows its own place.
///
/// It does not mend itself: it is over when the connection is lost or the server forgets it, and [`crate::Follower`]
/// subscribes again from where it is then. A consumer that outlived its stream would wait for sequence numbers that the new
/// one reaches late, and be silent till then.
pub(super) struct NatsSubscription {
    client: Client,
    subscriber: Subscriber,
    disconnections: watch::Receiver<u64>,
    /// When something came last, be it a heartbeat. It outlives the calls of a reader that stops waiting sooner than the
    /// server is given up.
    heard: Instant,
    wire: Wire,
    /// What has come and was not given out yet, so that nothing is lost when a reader stops waiting.
    messages: Vec<Message>,
}

impl NatsSubscription {
    pub(super) async fn open(
        stream: &EventStream,
        connection: &Connection,
        disconnections: watch::Receiver<u64>,
        after: Position,
    ) -> Result<Self, NatsError> {
        let tail = stream.tail().await?;
        let start_sequence = first_after(stream, tail, after).await?;
        let client = connection.client().clone();
        let inbox = client.new_inbox();
        let subscriber = client.subscribe(inbox.clone()).await;
        let subscriber = subscriber.map_err(NatsError::of("take a subscription"))?;
        let config = Config {
            deliver_subject: inbox,
            deliver_policy: DeliverPolicy::ByStartSequence { start_sequence },
            ack_policy: AckPolicy::None,
            flow_control: true,
            idle_heartbeat: HEARTBEAT,
            inactive_threshold: FORGOTTEN,
            num_replicas: 1,
            memory_storage: true,
            ..Config::default()
        };
        let created = stream.handle().await?.create_consumer(config).await;
        created.map_err(NatsError::of("make a consumer"))?;
        Ok(Self {
            client,
            subscriber,
            disconnections,
            heard: Instant::now(),
            wire: Wire::new(stream.wire.log()),
            messages: Vec::new(),
        })
    }

    /// The next that the server sends; an error when nothing can come any more.
    async fn receive(&mut self) -> Result<Received, NatsError> {
        tokio::select! {
            biased;
            received = timeout_at(self.heard + SILENCE, self.subscriber.next()) => match received {
                Ok(Some(received)) => {
                    self.heard = Instant::now();
                    Ok(received)
                }
                Ok(None) => Err(NatsError::ConnectionLost),
                Err(_elapsed) => Err(NatsError::Silent(SILENCE)),
            },
            _ = self.disconnections.changed() => Err(NatsError::ConnectionLost),
        }
    }

    /// Takes a message that is an event; answers what is not.
    async fn take(&mut self, received: Received) -> Result<(), NatsError> {
        if received.status != Some(StatusCode::IDLE_HEARTBEAT) {
            self.messages.extend(self.wire.decode(&received.payload));
            return Ok(());
        }
        // Flow control asks in a message of its own, and again in a heartbeat when the answer was lost. NATS, ADR-9.
        let stalled = received
            .headers
            .as_ref()
            .and_then(|headers| headers.get("Nats-Consumer-Stalled"));
        let question = stalled.map(|subject| subject.as_str().to_owned());
        if let Some(question) = received.reply.map(|subject| subject.to_string()).or(question) {
            let answer = self.client.publish(question, Bytes::new()).await;
            answer.map_err(NatsError::of("take an answer"))?;
        }
        Ok(())
    }
}

#[async_trait]
impl Subscription for NatsSubscription {
    async fn next(&mut self) -> Result<Vec<Message>, BusError> {
        while self.messages.is_empty() {
            let received = self.receive().await?;
            self.take(received).await?;
        }
        while self.messages.len() < BATCH
            && let Some(Some(received)) = self.subscriber.next().now_or_never()
        {
            self.take(received).await?;
        }
        Ok(std::mem::take(&mut self.messages))
    }
}
