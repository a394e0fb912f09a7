//! A log that tells a story, and a read side that follows it.

use std::sync::Arc;
use std::time::Duration;

use bus::{LocalBus, Relay};
use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    AccountId, Actor, ActorKind, CommandId, ConnectionName, CorrelationId, CredentialId, Event, EventId, Metadata,
    Position, ProviderKey, StreamId,
};
use eventlog::{EventLog, Expected, MemoryLog, NewEvent};
use projections::{ProjectionName, Projections};
use tokio::sync::watch;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::home::Home;

/// When the first event of every story was recorded; each that follows came a second later.
pub(crate) fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000, 0).unwrap()
}

pub(crate) fn account(id: &str) -> AccountId {
    id.parse().unwrap()
}

pub(crate) fn provider(key: &str) -> ProviderKey {
    key.parse().unwrap()
}

pub(crate) fn connection(name: &str) -> ConnectionName {
    name.parse().unwrap()
}

pub(crate) fn credential(number: u64) -> CredentialId {
    CredentialId::new(Uuid::from_u64_pair(7, number))
}

/// Appends events, one command each.
pub(crate) struct Writer {
    pub(crate) log: Arc<dyn EventLog>,
    pub(crate) events: u64,
}

impl Writer {
    pub(crate) fn new() -> Self {
        Self::on(Arc::new(MemoryLog::new()))
    }

    pub(crate) fn on(log: Arc<dyn EventLog>) -> Self {
        Self { log, events: 0 }
    }

    /// The next event of the log, encoded.
    pub(crate) fn next(&mut self, stream: &StreamId, event: &Event) -> NewEvent {
        let number = self.events;
        self.events += 1;
        let command = CommandId::new(Uuid::from_u64_pair(1, number));
        let account = match stream {
            StreamId::Account(id) | StreamId::Access(id) | StreamId::Integration(id, _) => Some(id.clone()),
            StreamId::Provider(_) | StreamId::Token(_) | StreamId::Keyring | StreamId::Operations => None,
        };
        let metadata = Metadata {
            actor: Actor {
                kind: ActorKind::User,
                id: "ada".to_owned(),
            },
            account,
            command_id: command,
            correlation_id: CorrelationId::new(Uuid::from_u64_pair(2, number)),
            request: None,
        };
        let recorded_at = start() + TimeDelta::seconds(i64::try_from(number).unwrap());
        NewEvent::new(EventId::of(command, 0), event, recorded_at, metadata).unwrap()
    }

    pub(crate) async fn append(&mut self, stream: &StreamId, event: impl Into<Event>) -> Position {
        let event = self.next(stream, &event.into());
        self.append_raw(stream, event).await
    }

    pub(crate) async fn append_raw(&mut self, stream: &StreamId, event: NewEvent) -> Position {
        self.log
            .append(stream, Expected::Any, vec![event])
            .await
            .unwrap()
            .position
    }
}

/// A read side that runs on a database of its own.
pub(crate) struct Reading {
    pub(crate) projections: Arc<Projections>,
    pub(crate) log: Arc<dyn EventLog>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Reading {
    /// Starts everything: the relay, the feed and the projections.
    pub(crate) async fn start(home: &Home, log: &Arc<dyn EventLog>) -> Self {
        let projections = Arc::new(Projections::connect(home.url()).await.unwrap());
        let bus = Arc::new(LocalBus::new());
        let (stop, stopped) = watch::channel(false);
        let mut tasks = projections
            .spawn(Arc::clone(log), bus.clone(), stopped.clone())
            .await
            .unwrap();
        tasks.spawn(Relay::new(Arc::clone(log), bus).run(stopped));
        Self {
            projections,
            log: Arc::clone(log),
            stop,
            tasks,
        }
    }

    pub(crate) async fn settle(&self) {
        self.projections.settle(&*self.log).await.unwrap();
    }

    /// Stops as a service does.
    pub(crate) async fn stop(mut self) {
        self.stop.send_replace(true);
        while let Some(task) = self.tasks.join_next().await {
            task.unwrap();
        }
    }

    /// Drops everything where it stands.
    pub(crate) async fn kill(mut self) {
        self.tasks.shutdown().await;
    }

    /// The live model of every projection is what the log says.
    pub(crate) async fn assert_verified(&self) {
        for name in ProjectionName::ALL {
            let outcome = self.projections.verify(name, Arc::clone(&self.log)).await.unwrap();
            assert!(outcome.holds(), "{name} is not what the log says");
        }
    }
}

/// Long enough for a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
