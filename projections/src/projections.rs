use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bus::Bus;
use domain::Position;
use eventlog::EventLog;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::accounts::AccountsQuery;
use crate::ai_config::AiConfigQuery;
use crate::catalog::CatalogQuery;
use crate::history::{History, HistoryQuery};
use crate::integrations::IntegrationsQuery;
use crate::projector::Projector;
use crate::reader::Reader;
use crate::runner::{self, Feed, Verification, Worker};
use crate::shared::Shared;
use crate::store::{Checkpoint, Generation, ReadStore, Stage};
use crate::tokens::TokensQuery;
use crate::{Behind, ProjectionError, ProjectionName, State, Status};

/// How long [`Projections::settle`] waits.
const SETTLE: Duration = Duration::from_secs(30);

/// The read side: the read database, the projections that keep it up with the log, and the queries that read it.
pub struct Projections {
    store: ReadStore,
    path: PathBuf,
    catalog: Arc<CatalogQuery>,
    integrations: IntegrationsQuery,
    ai_config: AiConfigQuery,
    history: HistoryQuery,
    accounts: AccountsQuery,
    tokens: TokensQuery,
}

impl Projections {
    /// Opens the read database, and makes it when it is missing. Queries are answered from what it holds; nothing is applied
    /// before [`Projections::spawn`].
    ///
    /// # Errors
    /// [`ProjectionError::Database`] or [`ProjectionError::Migrate`].
    pub async fn open(path: &Path) -> Result<Self, ProjectionError> {
        let store = ReadStore::open(path).await?;
        let catalog = Arc::new(CatalogQuery::new(Reader::new(&store)));
        let projections = Self {
            path: path.to_owned(),
            integrations: IntegrationsQuery::new(Reader::new(&store), Arc::clone(&catalog)),
            ai_config: AiConfigQuery::new(Reader::new(&store)),
            history: HistoryQuery::new(&store),
            accounts: AccountsQuery::new(Reader::new(&store)),
            tokens: TokensQuery::new(Reader::new(&store)),
            catalog,
            store,
        };
        for name in ProjectionName::ALL {
            let shared = projections.shared(name);
            let live = Checkpoint::live(projections.store.readers(), name).await?;
            if let Some(live) = live.filter(|live| live.version == shared.version) {
                shared.show(&live);
            }
        }
        Ok(projections)
    }

    /// Starts applying: one task that reads the log and then the bus, and one per projection. They end, their checkpoints
    /// stored, when `shutdown` is true. A model that is missing, or was built from another log, is built first.
    ///
    /// # Errors
    /// [`ProjectionError::Database`] or [`ProjectionError::Log`].
    pub async fn spawn(
        &self,
        log: Arc<dyn EventLog>,
        bus: Arc<dyn Bus>,
        shutdown: watch::Receiver<bool>,
    ) -> Result<JoinSet<()>, ProjectionError> {
        let head = head_of(&*log).await?;
        let mut tasks = JoinSet::new();
        let mut projections = Vec::new();
        let mut from = head;
        for name in ProjectionName::ALL {
            let checkpoint = self.begin(name, &*log, head).await?;
            from = from.min(checkpoint.position);
            let worker = Worker::new(
                self.store.clone(),
                Arc::clone(&log),
                self.projector(name, true),
                checkpoint,
            );
            let (sender, batches) = mpsc::channel(runner::WAITING);
            projections.push(sender);
            tasks.spawn(runner::run(worker, Arc::clone(self.shared(name)), batches));
        }
        tasks.spawn(Feed { log, bus, projections }.run(from, shutdown));
        Ok(tasks)
    }

    /// The model that a projection goes on with: the live one, else one that is half built, else a new one.
    async fn begin(
        &self,
        name: ProjectionName,
        log: &dyn EventLog,
        head: Position,
    ) -> Result<Checkpoint, ProjectionError> {
        let shared = self.shared(name);
        let all = Checkpoint::all(self.store.readers(), name).await?;
        let usable = all.into_iter().filter(|c| {
            c.version == shared.version && c.stage != Stage::Retired && c.log_id == log.log_id() && c.position <= head
        });
        let found = usable.max_by_key(|c| (c.stage == Stage::Live, c.generation));
        let checkpoint = match found {
            Some(found) => found,
            None => Generation::start(&self.store, name, shared.version, log.log_id()).await?,
        };
        // Of this version, what is not gone on with is of no use to anybody: half built, of another log, or ahead of this one.
        let useless = |c: &Checkpoint| {
            let ours = c.version == shared.version && c.stage != Stage::Retired;
            (ours || c.stage == Stage::Building)
                && (c.version, c.generation) != (checkpoint.version, checkpoint.generation)
        };
        Generation::sweep(&self.store, name, useless).await?;
        shared.progress.send_modify(|progress| {
            progress.live = checkpoint.stage == Stage::Live;
            progress.state = if progress.live {
                State::Running
            } else {
                State::Rebuilding
            };
            progress.generation = checkpoint.generation;
            progress.position = checkpoint.position;
            progress.recorded_at = checkpoint.recorded_at;
        });
        Ok(checkpoint)
    }

    /// Waits until these have applied the log up to `position`, so that whoever wrote something reads it back.
    ///
    /// # Errors
    /// [`Behind`] when `limit` has passed, or at once when one of them has stopped.
    pub async fn wait_for(&self, names: &[ProjectionName], position: Position, limit: Duration) -> Result<(), Behind> {
        let wait = async {
            for name in names {
                let mut progress = self.shared(*name).progress.subscribe();
                let there = progress
                    .wait_for(|p| (p.live && p.position >= position) || matches!(p.state, State::Stopped { .. }));
                // The sender lives as long as `self`.
                let _ = there.await;
                self.reached(*name, position)?;
            }
            Ok(())
        };
        match timeout(limit, wait).await {
            Ok(outcome) => outcome,
            Err(_) => names.iter().try_for_each(|name| self.reached(*name, position)),
        }
    }

    fn reached(&self, name: ProjectionName, wanted: Position) -> Result<(), Behind> {
        let status = self.status_of(name);
        if status.live && status.position >= wanted {
            return Ok(());
        }
        Err(Behind {
            name,
            applied: status.position,
            wanted,
            stopped: matches!(status.state, State::Stopped { .. }),
        })
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

    /// Builds new models of these projections from the log, beside the live ones, and puts each in its place in one step.
    /// Readers notice nothing. `progress` is told how far the reading is, and where the log ends.
    ///
    /// # Errors
    /// The first that could not be built; its live model stays.
    pub async fn rebuild(
        &self,
        names: &[ProjectionName],
        log: Arc<dyn EventLog>,
        progress: impl FnMut(Position, Position) + Send,
    ) -> Result<(), ProjectionError> {
        let mut workers = Vec::with_capacity(names.len());
        let mut started = Vec::with_capacity(names.len());
        for name in names {
            let version = self.shared(*name).version;
            let checkpoint = Generation::start(&self.store, *name, version, log.log_id()).await?;
            started.push(checkpoint.generation);
            workers.push(Worker::new(
                self.store.clone(),
                Arc::clone(&log),
                self.projector(*name, false),
                checkpoint,
            ));
        }
        let outcome = runner::build(&log, workers, progress).await;
        for (name, generation) in names.iter().zip(started) {
            let failed = |c: &Checkpoint| c.stage == Stage::Building && c.generation == generation;
            Generation::sweep(&self.store, *name, failed).await?;
            let shared = self.shared(*name);
            shared.replaced.send_modify(|count| *count += 1);
            let live = Checkpoint::live(self.store.readers(), *name).await?;
            if let Some(live) = live.filter(|_| shared.status().state == State::Idle) {
                shared.show(&live);
            }
        }
        outcome
    }

    /// Compares the live model of a projection with a fresh fold of the log.
    ///
    /// # Errors
    /// [`ProjectionError`]; a difference is no error, see [`Verification::holds`].
    pub async fn verify(&self, name: ProjectionName, log: Arc<dyn EventLog>) -> Result<Verification, ProjectionError> {
        let folder = self
            .path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        let version = self.shared(name).version;
        runner::verify(&self.store, folder, &log, (name, version), self.projector(name, false)).await
    }

    /// Drops the models of older versions, which stay beside the live ones for an older program.
    ///
    /// # Errors
    /// [`ProjectionError::Database`].
    pub async fn drop_retired(&self, name: ProjectionName) -> Result<(), ProjectionError> {
        Generation::sweep(&self.store, name, |c| c.stage == Stage::Retired).await
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

    fn shared(&self, name: ProjectionName) -> &Arc<Shared> {
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
    fn projector(&self, name: ProjectionName, live: bool) -> Box<dyn Projector> {
        match name {
            ProjectionName::Catalog => self.catalog.reader().projector(live),
            ProjectionName::Integrations => self.integrations.reader().projector(live),
            ProjectionName::AiConfig => self.ai_config.reader().projector(live),
            ProjectionName::History if live => Box::new(History::new(Arc::clone(&self.history.shared().changes))),
            ProjectionName::History => Box::new(History::new(Arc::default())),
            ProjectionName::Accounts => self.accounts.reader().projector(live),
            ProjectionName::Tokens => self.tokens.reader().projector(live),
        }
    }
}

/// The position of the log's newest event.
async fn head_of(log: &dyn EventLog) -> Result<Position, ProjectionError> {
    Ok(log.read_all(Position::START, 1).await?.head)
}
