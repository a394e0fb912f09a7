use std::time::Duration;

use async_nats::jetstream::kv;
use async_nats::jetstream::stream::{Config, DiscardPolicy};
use eventlog::Causes;
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, timeout_at};

use super::Context;
use super::error::NatsError;
use crate::Turn;

const BUCKET: &str = "soconnective-relay";
const KEY: &str = "lease";

/// The lease of the relay: one entry in a key-value bucket, which is changed by compare-and-set alone.
///
/// No clock of one machine is ever compared with that of another. Its holder renews it four times in its duration, and
/// gives up when three quarters have passed since it sent the last renewal that succeeded. Whoever wants it must have seen
/// it unchanged for its whole duration. Both measure by their own monotonic clocks, so that a wall clock that jumps does no
/// harm. A process that is paused may still think that it holds it; then the stream refuses what it publishes.
#[derive(Clone)]
pub(super) struct Lease {
    context: Context,
    holder: String,
    duration: Duration,
    replicas: usize,
}

/// The lease in the hands of this process.
pub(super) struct Held {
    lease: Lease,
    term: u64,
    revision: u64,
    /// When the last write that succeeded was sent.
    confirmed: Instant,
}

/// What the entry says. No `holder`: whoever comes may have it.
#[derive(Serialize, Deserialize, Default, PartialEq, Eq)]
struct Claim {
    holder: Option<String>,
    term: u64,
}

impl Lease {
    pub(super) fn new(context: Context, holder: &str, duration: Duration, replicas: usize) -> Self {
        Self {
            context,
            holder: holder.to_owned(),
            duration,
            replicas,
        }
    }

    pub(super) fn lasting(self, duration: Duration) -> Self {
        Self { duration, ..self }
    }

    /// Waits until the lease can be had, and takes it.
    pub(super) async fn acquire(&self) -> Held {
        let mut seen = None;
        let mut told = false;
        loop {
            match self.try_acquire(&mut seen).await {
                Ok(Some(held)) => {
                    tracing::info!(
                        holder = self.holder,
                        term = held.term,
                        "this process relays the log to NATS now"
                    );
                    return held;
                }
                Ok(None) if told => {}
                Ok(None) => {
                    tracing::info!("another process relays the log to NATS; this one takes over when that one stops");
                    told = true;
                }
                Err(error) if told => tracing::debug!(cause = %Causes(&error), "the relay's lease cannot be had"),
                Err(error) => {
                    error.warn("the relay's lease cannot be had yet");
                    told = true;
                }
            }
            sleep(self.duration / 10).await;
        }
    }

    /// Takes it if it is free. `seen` is the revision that was seen last, and when it was seen first.
    async fn try_acquire(&self, seen: &mut Option<(u64, Instant)>) -> Result<Option<Held>, NatsError> {
        let store = self.bucket().await?;
        let (revision, claim) = read(&store).await?;
        let since = match *seen {
            Some((known, since)) if known == revision => since,
            _ => seen.insert((revision, Instant::now())).1,
        };
        if claim.holder.is_some() && since.elapsed() < self.duration {
            return Ok(None);
        }
        let sent = Instant::now();
        let term = claim.term + 1;
        let taken = write(&store, Some(&self.holder), term, revision).await?;
        Ok(Some(Held {
            lease: self.clone(),
            term,
            revision: taken,
            confirmed: sent,
        }))
    }

    /// The bucket, made if it is not there. It is made as a stream, which is what a bucket is: what the client offers for
    /// it asks for an account's API level, and servers before 2.10 do not tell that. Without `allow_direct` it is always
    /// the leader that is read.
    async fn bucket(&self) -> Result<kv::Store, NatsError> {
        if let Ok(store) = self.context.get_key_value(BUCKET).await {
            return Ok(store);
        }
        let config = Config {
            name: format!("KV_{BUCKET}"),
            description: Some("Which process relays the log".to_owned()),
            subjects: vec![format!("$KV.{BUCKET}.>")],
            max_messages_per_subject: 1,
            max_messages: -1,
            max_bytes: -1,
            num_replicas: self.replicas,
            discard: DiscardPolicy::New,
            allow_rollup: true,
            deny_delete: true,
            ..Config::default()
        };
        let made = self.context.create_stream(config).await;
        made.map_err(NatsError::of("make the bucket of the relay's lease"))?;
        let store = self.context.get_key_value(BUCKET).await;
        store.map_err(NatsError::of("show the bucket of the relay's lease"))
    }
}

impl Held {
    /// A turn that lasts for as long as the lease can be renewed.
    pub(super) fn keep(self) -> Turn {
        Turn::kept(|asked_back| self.renew(asked_back))
    }

    /// Lets whoever comes have it.
    pub(super) async fn release(self) {
        let Ok(store) = self.lease.bucket().await else {
            return;
        };
        if let Err(error) = write(&store, None, self.term, self.revision).await {
            tracing::debug!(cause = %Causes(&error), "the relay's lease was not given back; it runs out");
        }
    }

    async fn renew(mut self, mut asked_back: oneshot::Receiver<()>) {
        loop {
            tokio::select! {
                _ = &mut asked_back => return self.release().await,
                () = sleep(self.lease.duration / 4) => {}
            }
            let end = self.confirmed + self.lease.duration * 3 / 4;
            match timeout_at(end, self.try_renew()).await {
                Ok(Ok(true)) => {}
                Ok(Ok(false)) => {
                    tracing::warn!(term = self.term, "another process relays the log now");
                    return;
                }
                Ok(Err(error)) => tracing::debug!(cause = %Causes(&error), "the relay's lease could not be renewed"),
                Err(_elapsed) => {}
            }
            if Instant::now() >= self.confirmed + self.lease.duration * 3 / 4 {
                tracing::warn!(
                    term = self.term,
                    "the relay's lease could not be renewed in time and is given up"
                );
                return;
            }
        }
    }

    /// Renews it. Whether it is still this process's.
    async fn try_renew(&mut self) -> Result<bool, NatsError> {
        let store = self.lease.bucket().await?;
        let sent = Instant::now();
        match write(&store, Some(&self.lease.holder), self.term, self.revision).await {
            Ok(revision) => {
                self.revision = revision;
                self.confirmed = sent;
                Ok(true)
            }
            // It may have been taken, or an earlier renewal has succeeded without our being told.
            Err(_refused) => {
                let (revision, claim) = read(&store).await?;
                self.revision = revision;
                Ok(claim.holder.as_ref() == Some(&self.lease.holder) && claim.term == self.term)
            }
        }
    }
}

async fn read(store: &kv::Store) -> Result<(u64, Claim), NatsError> {
    let entry = store
        .entry(KEY)
        .await
        .map_err(NatsError::of("show the relay's lease"))?;
    let Some(entry) = entry else {
        return Ok((0, Claim::default()));
    };
    // What somebody else has written there, or removed, is free for whoever comes.
    let claim = serde_json::from_slice(&entry.value).unwrap_or_default();
    Ok((entry.revision, claim))
}

async fn write(store: &kv::Store, holder: Option<&str>, term: u64, revision: u64) -> Result<u64, NatsError> {
    let claim = Claim {
        holder: holder.map(ToOwned::to_owned),
        term,
    };
    let value = serde_json::to_vec(&claim).map_err(NatsError::of("take a lease as JSON"))?;
    let written = store.update(KEY, value.into(), revision).await;
    written.map_err(NatsError::of("change the relay's lease"))
}
