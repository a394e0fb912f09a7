use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use commands::{Clock, Commands, Ids};
use domain::Position;
use projections::{ProjectionName, Projections};
use tokio::sync::watch;
use url::Url;

use crate::backstage::Backstage;
use crate::session::Sessions;
use crate::sign_on::{Attempts, SignOn};
use crate::{admin, assets, audit, form, guard, live, marketplace, settings, sign_in, sign_on};

/// So long an answer waits for the read side, so that the next page shows what was done.
const PATIENCE: Duration = Duration::from_secs(2);

/// All pages over a running system. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Site(Arc<Inner>);

/// The parts that the pages need.
pub struct Parts {
    /// The write side.
    pub commands: Commands,
    /// The read side.
    pub projections: Arc<Projections>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// New ids.
    pub ids: Arc<dyn Ids>,
    /// Everything else.
    pub backstage: Arc<dyn Backstage>,
    /// How people sign in at their organisation, when that is configured.
    pub sign_on: Option<Arc<dyn SignOn>>,
    /// Where people reach the pages, when that is not where this process listens: behind a proxy with https.
    pub public_url: Option<Url>,
}

struct Inner {
    parts: Parts,
    sessions: Sessions,
    attempts: Attempts,
    /// True once no stream of changes is to be kept open any more.
    closing: watch::Sender<bool>,
}

impl Site {
    /// The pages over these parts.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(Inner {
            parts,
            sessions: Sessions::default(),
            attempts: Attempts::default(),
            closing: watch::Sender::new(false),
        }))
    }

    /// The routes of all pages.
    pub fn router(&self) -> Router {
        Router::new()
            .merge(sign_in::routes())
            .merge(sign_on::routes())
            .merge(marketplace::routes())
            .merge(settings::routes())
            .merge(admin::routes())
            .merge(audit::routes())
            .merge(live::routes())
            .merge(assets::routes())
            .layer(DefaultBodyLimit::max(form::MOST))
            .layer(from_fn_with_state(self.clone(), guard::guard))
            .with_state(self.clone())
    }

    /// Ends the streams of changes that browsers keep open, which would hold up the end of the process.
    pub fn close(&self) {
        self.0.closing.send_replace(true);
    }

    /// Waits until these read models show what was done there. One that is late shows it a little later.
    pub(crate) async fn shows(&self, models: &[ProjectionName], position: Position) {
        let _ = self.projections.wait_for(models, position, PATIENCE).await;
    }

    /// Who has signed in.
    pub(crate) fn sessions(&self) -> &Sessions {
        &self.0.sessions
    }

    /// Who was sent to the identity provider and is not back yet.
    pub(crate) fn attempts(&self) -> &Attempts {
        &self.0.attempts
    }

    /// True once the process is about to end.
    pub(crate) fn closing(&self) -> watch::Receiver<bool> {
        self.0.closing.subscribe()
    }

    /// Whether people reach the pages over https, so that cookies are kept to it.
    pub(crate) fn is_https(&self) -> bool {
        self.public_url.as_ref().is_some_and(|url| url.scheme() == "https")
    }
}

impl Deref for Site {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0.parts
    }
}
