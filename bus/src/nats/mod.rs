//! The bus over NATS JetStream, for an installation on several machines.

mod client;
mod error;
mod lease;
mod place;
mod publication;
mod stream;
mod subscription;
mod tls;
mod url;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream;
use async_trait::async_trait;
use domain::Position;
use tokio::sync::Mutex;
use uuid::Uuid;

use self::client::Connection;
use self::error::NatsError;
use self::lease::Lease;
use self::publication::publish;
use self::stream::{EventStream, Tail};
use self::subscription::NatsSubscription;
use self::url::NatsUrl;
use self::wire::Wire;
use crate::{Bus, BusError, Message, Subscription, Turn};

/// How long a relay that does not renew its lease keeps it.
const LEASE: Duration = Duration::from_secs(5);

/// The bus over NATS JetStream: one stream of bounded size, which any number of machines publish to by turns and follow.
///
/// It heals itself: it connects again, and makes the stream again when that is gone. What the server loses is no loss, since
/// readers find it in the log.
pub struct NatsBus {
    connection: Connection,
    stream: EventStream,
    lease: Lease,
    /// The end of the stream, as far as the publisher in this process knows it; also the lock under which one publication
    /// is made at a time.
    tail: Mutex<Option<Tail>>,
}

impl NatsBus {
    /// Connects to the servers of `url`, which deliver the events of the log with the id `log`.
    ///
    /// `url` is `nats://[user:password@|token@]host[:port][,host…][?parameters]`, or `tls://…`. Parameters: `creds` (a
    /// file with a user's JWT and key), `nkey` (a file with the seed of a user's nkey), `ca` (a PEM file with the certificate authorities to trust besides the machine's),
    /// `tls=true`, `replicas` (1, 3 or 5), `max_mb` (of the stream, 256) and `max_age_s` (of a message in seconds, a day).
    ///
    /// `holder` names this process to people who look at the relay's lease. It must be another one for each process and
    /// each start: a host's name and a fresh id, say.
    ///
    /// A server that is away now is waited for in the background: events are read from the log meanwhile.
    ///
    /// # Errors
    /// The URL cannot be used, the server refuses its credentials, is older than 2.9 or has no JetStream. What is said
    /// of that repeats no credentials.
    pub async fn connect(url: &str, log: Uuid, holder: &str) -> Result<Self, BusError> {
        let url = NatsUrl::parse(url)?;
        let connection = Connection::open(&url).await?;
        let context = connection.context();
        let stream = EventStream::new(context.clone(), Wire::new(log), &url.limits);
        let lease = Lease::new(context, holder, LEASE, url.limits.replicas);
        let bus = Self {
            connection,
            stream,
            lease,
            tail: Mutex::new(None),
        };
        if bus.connection.check()? {
            bus.connection.tell_durability();
            bus.stream.compare().await;
        }
        Ok(bus)
    }

    /// The same bus, whose relay loses its turn when it does not renew it for as long as `lease`. It must be the same
    /// for all machines. Meant for tests, which cannot wait for long.
    #[must_use]
    pub fn with_lease(mut self, lease: Duration) -> Self {
        self.lease = self.lease.lasting(lease);
        self
    }

    async fn take_turn(&self) -> Turn {
        loop {
            let held = self.lease.acquire().await;
            // Whatever was known of the stream is of an earlier turn. That it is this log's is seen to first: whoever holds
            // the lease may replace the stream of another log, since nobody publishes that any more.
            *self.tail.lock().await = None;
            match self.stream.claim().await {
                Ok(()) => return held.keep(),
                Err(error) => {
                    error.warn("the stream of events cannot be prepared yet");
                    held.release().await;
                    tokio::time::sleep(LEASE / 5).await;
                }
            }
        }
    }
}

#[async_trait]
impl Bus for NatsBus {
    async fn publish(&self, messages: Vec<Message>) -> Result<(), BusError> {
        self.connection.is_up()?;
        let mut tail = self.tail.lock().await;
        // It stays unknown if this fails or is cancelled.
        let known = match tail.take() {
            Some(tail) => tail,
            None => self.stream.tail().await?,
        };
        *tail = Some(publish(&self.stream, self.connection.max_payload(), known, messages).await?);
        Ok(())
    }

    async fn last(&self) -> Result<Position, BusError> {
        self.connection.is_up()?;
        Ok(self.stream.tail().await?.position)
    }

    async fn subscribe(&self, after: Position) -> Result<Box<dyn Subscription>, BusError> {
        self.connection.is_up()?;
        let disconnections = self.connection.disconnections();
        let subscription = NatsSubscription::open(&self.stream, &self.connection, disconnections, after).await?;
        Ok(Box::new(subscription))
    }

    async fn turn(&self) -> Turn {
        self.take_turn().await
    }

    async fn clear(&self) -> Result<(), BusError> {
        self.connection.is_up()?;
        let mut tail = self.tail.lock().await;
        *tail = None;
        Ok(self.stream.replace().await?)
    }
}

impl From<NatsError> for BusError {
    fn from(error: NatsError) -> Self {
        Self(Box::new(error))
    }
}

/// What the parts of the bus share of JetStream.
type Context = Arc<jetstream::Context>;
