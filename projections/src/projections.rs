use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bus::Bus;
use domain::{AccountId, Position};
use eventlog::EventLog;
use futures::future::BoxFuture;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::accounts::AccountsQuery;
use crate::ai_config::AiConfigQuery;
use crate::catalog::CatalogQuery;
use crate::history::{History, HistoryQuery};
use crate::integrations::IntegrationsQuery;
use crate::progress::Progress;
use crate::projector::Projector;
use crate::reader::Reader;
use crate::runner::{MakeProjector, Runner};
use crate::shared::Shared;
use crate::store::{Generation, PostgresStore, SqliteStore, Store};
use crate::tokens::TokensQuery;
use crate::{Behind, ProjectionError, ProjectionName, State, Status};

/// How long [`Projections::settle`] waits.
const SETTLE: Duration = Duration::from_secs(30);

/// The read side: the read database, the projections that keep it up with the log, and the queries that read it.
pub struct Projections {
    pub(crate) store: Arc<dyn Store>,
    catalog: Arc<CatalogQuery>,
    integrations: IntegrationsQuery,
    ai_config: AiConfigQuery,
    history: HistoryQuery,
    accounts: AccountsQuery,
    tokens: TokensQuery,
    set_backs: watch::Sender<u64>,
}

impl Projections {
    /// Opens the read database, and makes it when it is missing. Queries are answered from what it holds; nothing is applied
    /// before [`Projections::spawn`].
    ///
    /// # Errors
    /// [`ProjectionError::Database`] or [`ProjectionError::Migrate`].
    pub async fn open(path: &Path) -> Result<Self, ProjectionError> {
        let store = SqliteStore::open(path).await?;
        Self::over(Arc::new(store)).await
    }

    /// Opens the read database that a URL names: `sqlite:PATH`, for one process, or `postgres://…`, which any number of
    /// processes share. In PostgreSQL everything is in the schema `soconnective_read`, which is made when it is missing.
    ///
    /// # Errors
    /// [`ProjectionError::Url`], [`ProjectionError::PostgresUrl`], [`ProjectionError::PrivilegedRole`],
    /// [`ProjectionError::Database`] or [`ProjectionError::Migrate`]; no error repeats the URL.
    pub async fn connect(url: &str) -> Result<Self, ProjectionError> {
        match url.split_once(':') {
            Some(("sqlite", path)) => Self::open(Path::new(path.strip_prefix("//").unwrap_or(path))).await,
            Some(("postgres" | "postgresql", _)) => Self::on_server(url).await,
            _ => Err(ProjectionError::Url),
        }
    }

    /// Boxed, since the compiler does not see otherwise that it may be awaited on any thread.
    fn on_server(url: &str) -> BoxFuture<'_, Result<Self, ProjectionError>> {
        Box::pin(async move { Self::over(Arc::new(PostgresStore::open(url).await?)).await })
    }

    /// Closes the connections to the read database.
    pub async fn close(&self) {
        self.store.close().await;
    }

    fn over(store: Arc<dyn Store>) -> BoxFuture<'static, Result<Self, ProjectionError>> {
        Box::pin(Self::load(store))
    }

    async fn load(store: Arc<dyn Store>) -> Result<Self, ProjectionError> {
        let catalog = Arc::new(CatalogQuery::new(Reader::new(Arc::clone(&store))));
        let projections = Self {
            integrations: IntegrationsQuery::new(Reader::new(Arc::clone(&store)), Arc::clone(&catalog)),
            ai_config: AiConfigQuery::new(Reader::new(Arc::clone(&store))),
            history: HistoryQuery::new(Arc::clone(&store)),
            accounts: AccountsQuery::new(Reader::new(Arc::clone(&store))),
            tokens: TokensQuery::new(Reader::new(Arc::clone(&store))),
            set_backs: watch::Sender::new(0),
            catalog,
            store,
        };
        for name in ProjectionName::ALL {
            let shared = projections.shared(name);
            let mut live = Generation::live(&*projections.store, name).await?;
            live.retain(|part| part.version == shared.version && !part.log_id.is_nil());
            shared.show(&live);
            // As the bookkeeping has it: a tool that starts nothing shows where it stands still.
            for stop in projections.store.stops(name, shared.version).await? {
                let part = live.iter().find(|part| part.part.index() == stop.part);
                if part.is_some() || stop.part == 0 {
                    let state = State::Stopped {
                        at: stop.position,
                        reason: stop.reason,
                    };
                    shared.follow(part, state);
                }
            }
        }
        Ok(projections)
    }

    /// Starts applying, in a task that ends, all checkpoints stored, when `shutdown` is true. A model that is missing, was built
    /// from another log, or from this one before it was set back, is built first.
    ///
    /// # Errors
    /// [`ProjectionError::Database`] or [`ProjectionError::Log`].
    pub async fn spawn(
        &self,
        log: Arc<dyn EventLog>,
        bus: Arc<dyn Bus>,
        shutdown: watch::Receiver<bool>,
    ) -> Result<JoinSet<()>, ProjectionError> {
        let runner = Runner {
            store: Arc::clone(&self.store),
            log,
            bus,
            projections: ProjectionName::ALL.map(|name| (Arc::clone(self.shared(name)), self.projectors(name))),
            set_backs: self.set_backs.clone(),
        };
        let running = runner.start().await?;
        let mut tasks = JoinSet::new();
        tasks.spawn(runner.run(running, shutdown));
        Ok(tasks)
    }

    /// Counts how often the log was found to have been set back while it was followed: restored from a backup, or with a standby
    /// in its place that lacked the newest events. Whatever else remembers what the log said is to forget it then.
    #[must_use]
    pub fn set_backs(&self) -> watch::Receiver<u64> {
        self.set_backs.subscribe()
    }

    /// Waits until these have applied the log up to `position`, so that whoever wrote something reads it back.
    ///
    /// # Errors
    /// [`Behind`] when `limit` has passed, or at once when one of them has stopped.
    pub async fn wait_for(&self, names: &[ProjectionName], position: Position, limit: Duration) -> Result<(), Behind> {
        self.wait(names, None, position, limit).await
    }

    /// The same for whoever reads the rows of one account alone: in a model that is split, the parts of other accounts are not
    /// waited for.
    ///
    /// # Errors
    /// As [`Projections::wait_for`].
    pub async fn wait_for_account(
        &self,
        account: &AccountId,
        names: &[ProjectionName],
        position: Position,
        limit: Duration,
    ) -> Result<(), Behind> {
        self.wait(names, Some(account), position, limit).await
    }

    async fn wait(
        &self,
        names: &[ProjectionName],
        account: Option<&AccountId>,
        position: Position,
        limit: Duration,
    ) -> Result<(), Behind> {
        let reached = |name: &ProjectionName| self.shared(*name).reached(account, position);
        let wait = async {
            for name in names {
                let mut progress = self.shared(*name).progress.subscribe();
                let there = |p: &Progress| p.has_reached(account, position) || p.is_stuck(account, position);
                // The sender lives as long as `self`.
                let _ = progress.wait_for(there).await;
                reached(name)?;
            }
            Ok(())
        };
        match timeout(limit, wait).await {
            Ok(outcome) => outcome,
            Err(_) => names.iter().try_for_each(reached),
        }
    }

    /// Waits until all of them have applied all that is in the log now. For tests and for tools.
    ///
    /// # Errors
    /// [`Behind`] when that takes more than 30 s or one of them has stopped; [`ProjectionError::Log`].
    pub async fn settle(&self, log: &dyn EventLog) -> Result<(), ProjectionError> {
        let head = head_of(log).await?;
        Ok(self.wait_for(&ProjectionName::ALL, head, SETTLE).await?)
    }

    /// How each of them is.
    #[must_use]
    pub fn status(&self) -> Vec<Status> {
        ProjectionName::ALL.map(|name| self.status_of(name)).to_vec()
    }

    /// How one of them is.
    #[must_use]
    pub fn status_of(&self, name: ProjectionName) -> Status {
        self.shared(name).status()
    }

    /// Counts the commits that changed a model: while it stands still, so does every answer of that model's queries. Read it
    /// before the query whose answer is to be kept.
    #[must_use]
    pub fn changed(&self, name: ProjectionName) -> u64 {
        self.shared(name).changes.count()
    }

    /// Waits until there have been other than `seen` commits that changed a model, and counts them: for whoever shows the
    /// model and wants to show it anew.
    pub async fn changed_since(&self, name: ProjectionName, seen: u64) -> u64 {
        let mut progress = self.shared(name).progress.subscribe();
        // The sender lives as long as `self`.
        let _ = progress.wait_for(|_| self.changed(name) != seen).await;
        self.changed(name)
    }

    /// Questions about the marketplace.
    #[must_use]
    pub fn catalog(&self) -> &CatalogQuery {
        &self.catalog
    }

    /// Questions about what accounts have installed and connected.
    #[must_use]
    pub const fn integrations(&self) -> &IntegrationsQuery {
        &self.integrations
    }

    /// Questions about whose key an AI service gets.
    #[must_use]
    pub const fn ai_config(&self) -> &AiConfigQuery {
        &self.ai_config
    }

    /// Questions about what happened.
    #[must_use]
    pub const fn history(&self) -> &HistoryQuery {
        &self.history
    }

    /// Questions about accounts.
    #[must_use]
    pub const fn accounts(&self) -> &AccountsQuery {
        &self.accounts
    }

    /// Questions about API tokens.
    #[must_use]
    pub const fn tokens(&self) -> &TokensQuery {
        &self.tokens
    }

    pub(crate) fn shared(&self, name: ProjectionName) -> &Arc<Shared> {
        match name {
            ProjectionName::Catalog => &self.catalog.reader().shared,
            ProjectionName::Integrations => &self.integrations.reader().shared,
            ProjectionName::AiConfig => &self.ai_config.reader().shared,
            ProjectionName::History => self.history.shared(),
            ProjectionName::Accounts => &self.accounts.reader().shared,
            ProjectionName::Tokens => &self.tokens.reader().shared,
        }
    }

    /// A projector of this model: for the one that queries read, or for another beside it.
    pub(crate) fn projector(&self, name: ProjectionName, live: bool) -> Box<dyn Projector> {
        if live {
            return self.projectors(name)();
        }
        match name {
            ProjectionName::Catalog => self.catalog.reader().aside(),
            ProjectionName::Integrations => self.integrations.reader().aside(),
            ProjectionName::AiConfig => self.ai_config.reader().aside(),
            ProjectionName::History => Box::new(History::new(Arc::default())),
            ProjectionName::Accounts => self.accounts.reader().aside(),
            ProjectionName::Tokens => self.tokens.reader().aside(),
        }
    }

    /// Makes projectors of the model that queries read.
    fn projectors(&self, name: ProjectionName) -> MakeProjector {
        match name {
            ProjectionName::Catalog => self.catalog.reader().projectors(),
            ProjectionName::Integrations => self.integrations.reader().projectors(),
            ProjectionName::AiConfig => self.ai_config.reader().projectors(),
            ProjectionName::History => {
                let changes = Arc::clone(&self.history.shared().changes);
                Arc::new(move || Box::new(History::new(Arc::clone(&changes))))
            }
            ProjectionName::Accounts => self.accounts.reader().projectors(),
            ProjectionName::Tokens => self.tokens.reader().projectors(),
        }
    }
}

/// The position of the log's newest event.
async fn head_of(log: &dyn EventLog) -> Result<Position, ProjectionError> {
    Ok(log.read_all(Position::START, 1).await?.head)
}
