use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use commands::{Clock, CommandError, Commands, Context, Ids, NewAccount, RawFields, ReleaseRequest};
use domain::integration::{IntegrationEvent, SaveOptions};
use domain::provider::ProviderRow;
use domain::{
    AccountId, Actor, ActorKind, CommandId, ConnectionName, CorrelationId, EventId, Metadata, Position, ProviderKey,
    RequestDigest, StreamId,
};
use egress::{Egress, EgressConfig};
use eventlog::{EventLog, Expected, NewEvent, SqliteLog, StoredEvent};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use tempfile::TempDir;
use uuid::Uuid;
use vault::{Vault, VaultPaths};

use crate::faulty_log::FaultyLog;
use crate::server::Server;

/// A clock that stands until it is moved.
pub(crate) struct StoppedClock(AtomicI64);

impl Clock for StoppedClock {
    fn now(&self) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(self.0.load(Ordering::SeqCst))
    }
}

/// Ids that count.
pub(crate) struct CountedIds(AtomicU64);

impl Ids for CountedIds {
    fn uuid(&self) -> Uuid {
        Uuid::from_u64_pair(0x0189_0a5d_ac96_774b, self.0.fetch_add(1, Ordering::SeqCst))
    }
}

/// Everything that the write side needs, in a folder of its own, with one account, a provider that can be tested and
/// one that cannot.
pub(crate) struct World {
    pub(crate) commands: Commands,
    pub(crate) log: Arc<FaultyLog>,
    pub(crate) vault: Arc<Vault>,
    pub(crate) server: Arc<Server>,
    clock: Arc<StoppedClock>,
    ids: Arc<CountedIds>,
    folder: Arc<TempDir>,
}

pub(crate) fn account() -> AccountId {
    "acme".parse().unwrap()
}

/// The provider that can be tested.
pub(crate) fn mock() -> ProviderKey {
    "mock".parse().unwrap()
}

/// The provider that cannot be tested.
pub(crate) fn plain() -> ProviderKey {
    "plain".parse().unwrap()
}

pub(crate) fn default_connection() -> ConnectionName {
    ConnectionName::default()
}

pub(crate) fn fields(key: &str) -> RawFields {
    BTreeMap::from([("api_key".to_owned(), SecretString::from(key))])
}

pub(crate) fn plain_row() -> ProviderRow {
    let row = json!({
        "key": "plain", "name": "Plain", "category": "Other", "description": "A provider without a test.",
        "auth": "api_key", "credential": { "label": "API Key", "hint": "" },
    });
    serde_json::from_value(row).unwrap()
}

fn mock_row(port: u16) -> ProviderRow {
    let row = json!({
        "key": "mock", "name": "Mock", "category": "AI", "description": "A provider on this machine.",
        "auth": "bearer", "credential": { "label": "API Key", "hint": "" },
        "recipe": {
            "request": { "base_url": format!("http://127.0.0.1:{port}"), "auth": { "bearer": "{api_key}" } },
            "test": {
                "method": "GET", "path": "/me",
                "accept": [{ "status": 200 }], "reject": [{ "status": 401 }],
                "identity": { "pointer": "/id" },
            },
        },
    });
    serde_json::from_value(row).unwrap()
}

async fn open_vault(folder: &Path) -> Arc<Vault> {
    let paths = VaultPaths {
        vault: folder.join("vault.db"),
        keystore: folder.join("keystore.db"),
        keyring: folder.join("keyring"),
    };
    Arc::new(Vault::open(&paths).await.unwrap())
}

async fn open_log(folder: &Path) -> Arc<FaultyLog> {
    Arc::new(FaultyLog::new(Arc::new(
        SqliteLog::open(&folder.join("log.db")).await.unwrap(),
    )))
}

impl World {
    /// A world where `acme` is open, and both providers are in the marketplace.
    pub(crate) async fn new() -> Self {
        let world = Self::empty().await;
        world
            .commands
            .add_provider(world.ctx(), mock_row(world.server.port), None, true)
            .await
            .unwrap();
        world
            .commands
            .add_provider(world.ctx(), plain_row(), None, true)
            .await
            .unwrap();
        world.open("acme", None).await.unwrap();
        world
    }

    /// A world where nothing has happened.
    pub(crate) async fn empty() -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let server = Arc::new(Server::start().await);
        let clock = Arc::new(StoppedClock(AtomicI64::new(1_800_000_000)));
        let ids = Arc::new(CountedIds(AtomicU64::new(1)));
        Self::over(folder, server, clock, ids).await
    }

    /// A world with `mock` installed.
    pub(crate) async fn installed() -> Self {
        let world = Self::new().await;
        world
            .commands
            .install(world.ctx(), account(), mock(), None)
            .await
            .unwrap();
        world
    }

    async fn over(folder: Arc<TempDir>, server: Arc<Server>, clock: Arc<StoppedClock>, ids: Arc<CountedIds>) -> Self {
        let (log, vault) = (open_log(folder.path()).await, open_vault(folder.path()).await);
        let commands = write_side(&log, &vault, &server, &clock, &ids);
        Self {
            commands,
            log,
            vault,
            server,
            clock,
            ids,
            folder,
        }
    }

    /// The same files, opened anew: nothing in memory is left.
    pub(crate) async fn restarted(self) -> Self {
        let Self {
            commands,
            log,
            vault,
            server,
            clock,
            ids,
            folder,
        } = self;
        drop((commands, log, vault));
        Self::over(folder, server, clock, ids).await
    }

    /// Another write side over the same log and vault, as after a crash: what the old one was doing it does no more.
    pub(crate) fn another(&self) -> Commands {
        write_side(&self.log, &self.vault, &self.server, &self.clock, &self.ids)
    }

    pub(crate) async fn open(&self, id: &str, parent: Option<&str>) -> Result<(), CommandError> {
        let new = NewAccount {
            id: id.parse().unwrap(),
            name: id.to_owned(),
            parent: parent.map(|parent| parent.parse().unwrap()),
        };
        self.commands.open_account(self.ctx(), new).await.map(drop)
    }

    /// A command that was never sent before.
    pub(crate) fn ctx(&self) -> Context {
        let id = self.ids.uuid();
        Context {
            actor: Actor {
                kind: ActorKind::User,
                id: "admin".to_owned(),
            },
            command: CommandId::new(id),
            correlation: CorrelationId::new(id),
            request: None,
        }
    }

    /// The command of an idempotency key, with the digest of what it asks for.
    pub(crate) fn keyed(&self, key: &str, request: u8) -> Context {
        Context {
            command: CommandId::of("acme", key),
            request: Some(RequestDigest::new([request; 16])),
            ..self.ctx()
        }
    }

    pub(crate) async fn save(&self, key: &str) -> Result<commands::Receipt<commands::KeyReport>, CommandError> {
        self.save_with(key, SaveOptions::default()).await
    }

    pub(crate) async fn save_with(
        &self,
        key: &str,
        options: SaveOptions,
    ) -> Result<commands::Receipt<commands::KeyReport>, CommandError> {
        let ctx = self.ctx();
        self.commands
            .save_credential(ctx, account(), mock(), default_connection(), fields(key), options)
            .await
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Moves the clock.
    pub(crate) fn wait(&self, seconds: i64) {
        self.clock.0.fetch_add(seconds, Ordering::SeqCst);
    }

    /// The key that a service is given now.
    pub(crate) async fn released(&self) -> Result<String, CommandError> {
        let released = self.commands.release(|| self.ctx(), &request(&mock())).await?;
        Ok(released.fields.get("api_key").unwrap().expose_secret().to_owned())
    }

    /// Puts an event into the stream of `mock`, as another node does.
    pub(crate) async fn append(&self, event: IntegrationEvent) {
        let ctx = self.ctx();
        let metadata = Metadata {
            actor: ctx.actor,
            account: Some(account()),
            command_id: ctx.command,
            correlation_id: ctx.correlation,
            request: ctx.request,
        };
        let event = NewEvent::new(EventId::of(ctx.command, 0), &event.into(), self.now(), metadata).unwrap();
        let stream = StreamId::Integration(account(), mock());
        self.log.append(&stream, Expected::Any, vec![event]).await.unwrap();
    }

    pub(crate) async fn events(&self) -> Vec<StoredEvent> {
        self.log.read_all(Position::START, 10_000).await.unwrap().events
    }

    /// The types of all events but those that opened the world.
    pub(crate) async fn kinds(&self) -> Vec<String> {
        let events = self.events().await;
        let of_the_world = ["ProviderAdded", "AccountOpened", "IntegrationInstalled"];
        let kinds = events.iter().map(|event| event.kind.to_string());
        kinds.filter(|kind| !of_the_world.contains(&kind.as_str())).collect()
    }

    /// The versions whose secrets the vault holds.
    pub(crate) async fn versions(&self) -> Vec<u32> {
        let secrets = self.vault.secrets_of(&account()).await.unwrap();
        let mut versions: Vec<u32> = secrets.iter().map(|secret| secret.version).collect();
        versions.sort_unstable();
        versions
    }

    /// How many secrets are pending.
    pub(crate) async fn pending(&self) -> usize {
        self.vault
            .pending(self.clock.now() + TimeDelta::days(1))
            .await
            .unwrap()
            .len()
    }
}

fn write_side(
    log: &Arc<FaultyLog>,
    vault: &Arc<Vault>,
    server: &Server,
    clock: &Arc<StoppedClock>,
    ids: &Arc<CountedIds>,
) -> Commands {
    let config = EgressConfig {
        allow: vec![format!("127.0.0.1:{}", server.port).parse().unwrap()],
        ..EgressConfig::default()
    };
    let egress = Arc::new(Egress::new(config).unwrap());
    let (log, clock, ids) = (Arc::clone(log), Arc::clone(clock), Arc::clone(ids));
    Commands::new(log, Arc::clone(vault), egress, clock, ids)
}

/// What a service asks for.
pub(crate) fn request(provider: &ProviderKey) -> ReleaseRequest {
    ReleaseRequest {
        account: account(),
        provider: provider.clone(),
        connection: default_connection(),
        principal: "ai-service".to_owned(),
        purpose: None,
        on_behalf_of: None,
    }
}

/// Fails a test that would wait for ever.
pub(crate) async fn soon<F: Future>(what: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(20), what).await.unwrap()
}

/// The code of a refusal.
#[track_caller]
pub(crate) fn code<T>(result: Result<T, CommandError>) -> String {
    match result {
        Ok(_) => panic!("not refused"),
        Err(CommandError::Rejected { code, .. }) => code.to_owned(),
        Err(CommandError::Invalid(problems)) => format!("{}: {}", problems[0].pointer, problems[0].code),
        Err(CommandError::NotFound(what)) => format!("no {what}"),
        Err(other) => other.to_string(),
    }
}
