use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use api::{AppState, Metrics, Parts};
use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::response::Response;
use bus::{Bus, LocalBus, Relay};
use commands::{Commands, Context, Ids, NewToken};
use domain::token::{AccountScope, Role};
use domain::{Actor, CommandId, CorrelationId};
use egress::{Egress, EgressConfig};
use eventlog::{EventLog, SqliteLog};
use projections::Projections;
use secrecy::ExposeSecret;
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::watch;
use tower::ServiceExt;
use vault::{Vault, VaultPaths};

use crate::answer::Answer;
use crate::mock_provider::MockProvider;
use crate::time::{CountedIds, StillClock};
use crate::{conformance, log_lines};

/// A whole system in this process, over files of its own, with a provider of its own, a clock that stands still and ids
/// that are counted.
pub(crate) struct TestApp {
    pub(crate) clock: Arc<StillClock>,
    pub(crate) provider: MockProvider,
    pub(crate) state: AppState,
    router: Router,
    ids: Arc<CountedIds>,
    folder: Arc<TempDir>,
    stop: watch::Sender<bool>,
    /// A platform admin's token.
    pub(crate) admin: String,
}

impl TestApp {
    pub(crate) async fn new() -> Self {
        log_lines::keep();
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let (clock, ids) = (Arc::new(StillClock::new()), Arc::new(CountedIds::default()));
        let mut app = Self::open(folder, clock, ids, MockProvider::start().await).await;
        app.admin = app.token(Role::PlatformAdmin, None).await;
        app
    }

    /// The same files, opened anew: everything that was only in memory is gone.
    pub(crate) async fn restarted(self) -> Self {
        let app = self.reopened().await;
        app.settle().await;
        app
    }

    /// The same, for read models that need not get as far as the log.
    pub(crate) async fn reopened(self) -> Self {
        self.stop.send(true).unwrap();
        let (folder, clock, ids) = (Arc::clone(&self.folder), Arc::clone(&self.clock), Arc::clone(&self.ids));
        let (provider, admin) = (self.provider.clone(), self.admin.clone());
        drop(self);
        let mut app = Self::open(folder, clock, ids, provider).await;
        app.admin = admin;
        app
    }

    async fn open(folder: Arc<TempDir>, clock: Arc<StillClock>, ids: Arc<CountedIds>, provider: MockProvider) -> Self {
        let at = |name: &str| folder.path().join(name);
        let log: Arc<dyn EventLog> = Arc::new(SqliteLog::open(&at("log.db")).await.unwrap());
        let paths = VaultPaths {
            vault: at("vault.db"),
            keystore: at("keystore.db"),
            keyring: at("keyring"),
        };
        let vault = Arc::new(Vault::open(&paths).await.unwrap());
        let allow = vec![provider.address().to_string().parse().unwrap()];
        let egress = Arc::new(
            Egress::new(EgressConfig {
                allow,
                ..EgressConfig::default()
            })
            .unwrap(),
        );
        let commands = Commands::new(Arc::clone(&log), Arc::clone(&vault), egress, clock.clone(), ids.clone());
        let projections = Arc::new(Projections::open(&at("read.db")).await.unwrap());
        let (stop, stopped) = watch::channel(false);
        let bus: Arc<dyn Bus> = Arc::new(LocalBus::new());
        tokio::spawn(Relay::new(Arc::clone(&log), Arc::clone(&bus)).run(stopped.clone()));
        let mut applying = projections.spawn(Arc::clone(&log), bus, stopped).await.unwrap();
        tokio::spawn(async move { while applying.join_next().await.is_some() {} });
        let metrics = Metrics::new().unwrap();
        let parts = Parts {
            commands,
            projections,
            log,
            vault,
            clock: clock.clone(),
            ids: ids.clone(),
            metrics,
        };
        let state = AppState::new(parts).await.unwrap();
        let router = api::router(state.clone(), api::site(&state, None, None).router());
        let admin = String::new();
        Self {
            clock,
            provider,
            state,
            router,
            ids,
            folder,
            stop,
            admin,
        }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A new id.
    pub(crate) fn ids(&self) -> uuid::Uuid {
        self.ids.uuid()
    }

    /// Waits until the read models have seen all that is in the log.
    pub(crate) async fn settle(&self) {
        self.state.projections.settle(&*self.state.log).await.unwrap();
    }

    /// Makes a token without a request.
    pub(crate) async fn token(&self, role: Role, account: Option<&str>) -> String {
        let text = api::token_format::generate().unwrap();
        let id = self.ids.uuid();
        let accounts = account.map(|id| AccountScope::Only(BTreeSet::from([id.parse().unwrap()])));
        let new = NewToken {
            name: format!("{} of a test", role.as_str()),
            sha256: api::token_format::digest_of(&text),
            role,
            accounts: accounts.unwrap_or(AccountScope::All),
            expires_at: None,
        };
        let (command, correlation) = (CommandId::new(id), CorrelationId::new(id));
        let ctx = Context {
            actor: Actor::system("test"),
            command,
            correlation,
            request: None,
        };
        self.state.commands.issue_token(ctx, new).await.unwrap();
        self.settle().await;
        text.expose_secret().to_owned()
    }

    /// Sends a request as it is, and holds the answer against the OpenAPI document.
    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let answer = Answer::read(self.router.clone().oneshot(request).await.unwrap()).await;
        conformance::check(method.as_str(), &path, &answer);
        answer
    }

    /// Sends a request for a page as it is.
    pub(crate) async fn visit(&self, request: Request<Body>) -> Answer {
        Answer::read(self.stream(request).await).await
    }

    /// Sends a request as it is. The body of the answer is still to come.
    pub(crate) async fn stream(&self, request: Request<Body>) -> Response {
        self.router.clone().oneshot(request).await.unwrap()
    }

    /// Sends a request with a token, a JSON body and further headers.
    pub(crate) async fn call(
        &self,
        token: &str,
        method: &str,
        path: &str,
        body: Option<&Value>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = match body {
            Some(body) => request
                .header("content-type", "application/json")
                .body(body.to_string().into()),
            None => request.body(Body::empty()),
        };
        self.send(request.unwrap()).await
    }

    pub(crate) async fn get(&self, token: &str, path: &str) -> Answer {
        self.call(token, "GET", path, None, &[]).await
    }

    /// A query that must see an earlier write.
    pub(crate) async fn get_after(&self, token: &str, path: &str, write: &Answer) -> Answer {
        self.call(
            token,
            "GET",
            path,
            None,
            &[("soconnective-min-position", write.position())],
        )
        .await
    }

    pub(crate) async fn post(&self, token: &str, path: &str, body: &Value) -> Answer {
        self.call(token, "POST", path, Some(body), &[]).await
    }

    pub(crate) async fn put(&self, token: &str, path: &str, body: &Value) -> Answer {
        self.call(token, "PUT", path, Some(body), &[]).await
    }

    pub(crate) async fn delete(&self, token: &str, path: &str) -> Answer {
        self.call(token, "DELETE", path, None, &[]).await
    }
}
