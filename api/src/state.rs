//! What every handler works with.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use commands::{Clock, Commands, Ids};
use domain::{AccountId, Position};
use eventlog::{EventLog, LogError};
use projections::{ProjectionName, Projections};
use vault::Vault;

use crate::auth::Standing;
use crate::docs::Reference;
use crate::extract::MinPosition;
use crate::metrics::Metrics;
use crate::problem::Problem;
use crate::routes::CatalogCache;

/// How long a query waits for the position that its caller names.
const QUERY_WAIT: Duration = Duration::from_secs(2);

/// How long the answer to a write waits until the write can be read. It is a courtesy: the write is safe either way.
const WRITE_WAIT: Duration = Duration::from_millis(500);

/// A running system, as the handlers see it. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct AppState(Arc<App>);

/// The parts that a running system is made of.
pub struct Parts {
    /// The write side.
    pub commands: Commands,
    /// The read side.
    pub projections: Arc<Projections>,
    /// The log.
    pub log: Arc<dyn EventLog>,
    /// The vault.
    pub vault: Arc<Vault>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// New ids.
    pub ids: Arc<dyn Ids>,
    /// What is counted.
    pub metrics: Metrics,
}

/// A running system.
pub struct App {
    parts: Parts,
    /// The log's newest position when the system started.
    pub(crate) start: Position,
    /// Which tokens were revoked since the read model was as it is.
    pub(crate) standing: Standing,
    /// Rendered pages of the catalog.
    pub(crate) catalog: CatalogCache,
    /// The OpenAPI document as JSON.
    pub(crate) openapi: Bytes,
    /// The readable reference.
    pub(crate) reference: Reference,
}

impl AppState {
    /// A system of these parts.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn new(parts: Parts) -> Result<Self, LogError> {
        let start = parts.log.read_all(Position::START, 1).await?.head;
        let document = serde_json::to_value(crate::openapi::document()).unwrap_or_default();
        let standing = Standing::new(parts.log.wakeups());
        Ok(Self(Arc::new(App {
            parts,
            standing,
            start,
            catalog: CatalogCache::default(),
            openapi: document.to_string().into(),
            reference: Reference::of(&document),
        })))
    }
}

impl Deref for AppState {
    type Target = App;

    fn deref(&self) -> &App {
        &self.0
    }
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.parts
    }
}

impl App {
    /// Waits until a read model has seen the position that the caller names.
    ///
    /// # Errors
    /// A problem to come back with when it takes too long: never a silently stale answer.
    pub(crate) async fn reached(&self, name: ProjectionName, min: MinPosition) -> Result<(), Problem> {
        match min.0 {
            Some(position) => Ok(self.projections.wait_for(&[name], position, QUERY_WAIT).await?),
            None => Ok(()),
        }
    }

    /// The same for several read models of which rows of one account alone are read: other accounts' parts of a
    /// model that is split do not matter.
    pub(crate) async fn reached_for(
        &self,
        account: &AccountId,
        names: &[ProjectionName],
        min: MinPosition,
    ) -> Result<(), Problem> {
        match min.0 {
            Some(position) => {
                let waited = self.projections.wait_for_account(account, names, position, QUERY_WAIT);
                Ok(waited.await?)
            }
            None => Ok(()),
        }
    }

    /// Waits a little until a write can be read, so that most callers need no position to read their own writes.
    pub(crate) async fn visible(&self, names: &[ProjectionName], position: Position) {
        // Behind is no error here: the write is in the log, and a query that must see it can name its position.
        let _ = self.projections.wait_for(names, position, WRITE_WAIT).await;
    }
}
