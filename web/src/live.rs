use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use domain::Sha256Digest;
use domain::token::Role;
use futures::Stream;
use futures::stream::unfold;
use projections::ProjectionName;
use serde::Deserialize;

use crate::error::Failure;
use crate::session::{SessionKey, Viewer};
use crate::site::Site;

/// How often a line is sent that says nothing, so that nobody in between takes the stream for dead.
const SIGN_OF_LIFE: Duration = Duration::from_secs(15);

/// So many streams a session keeps open at most. Only pages that are looked at have one, and browsers have six connections
/// to a site over HTTP/1.1: this is more windows than a screen has room for.
const MOST: usize = 8;

/// How many streams each session keeps open.
#[derive(Default)]
struct Streams(Mutex<HashMap<SessionKey, usize>>);

/// An open stream, counted until it is dropped.
struct Open {
    streams: Arc<Streams>,
    session: SessionKey,
}

/// What a page shows already.
#[derive(Deserialize)]
struct Shown {
    seen: Option<String>,
}

pub(crate) fn routes() -> Router<Site> {
    Router::new()
        .route("/live/catalog", get(catalog))
        .layer(Extension(Arc::<Streams>::default()))
}

/// The state of the catalog as a viewer sees it. A page that follows the catalog says which one it shows, asked for before
/// what it shows: at worst it is read once more than it need be.
pub(crate) async fn edition(site: &Site, viewer: &Viewer) -> Result<Sha256Digest, Failure> {
    let editions = site.projections.catalog().editions().await?;
    // A draft is nothing that others see, and they are not to hear when somebody works on one.
    Ok(if viewer.is(&[Role::PlatformAdmin]) {
        editions.rows
    } else {
        editions.marketplace
    })
}

/// Tells open pages that the catalog has changed, as server-sent events (HTML, section 9.2). What has changed they read
/// from the page itself. The id of an event is the edition, so that nothing is missed while a connection is away. It ends
/// with the session.
async fn catalog(
    State(site): State<Site>,
    Extension(streams): Extension<Arc<Streams>>,
    viewer: Viewer,
    Query(shown): Query<Shown>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let Some(open) = Open::new(streams, viewer.session) else {
        // Browsers do not try again after this status: the page stays as it is, and asks again later (`live.js`).
        return Ok(StatusCode::NO_CONTENT.into_response());
    };
    let last = headers.get("last-event-id").and_then(|last| last.to_str().ok());
    let seen = match last.map(str::to_owned).or(shown.seen) {
        Some(seen) => seen,
        None => edition(&site, &viewer).await?.to_string(),
    };
    Ok(Sse::new(changes(site, open, headers, seen))
        .keep_alive(KeepAlive::new().interval(SIGN_OF_LIFE))
        .into_response())
}

/// An event for each edition that is not the one that was seen last.
fn changes(site: Site, open: Open, headers: HeaderMap, seen: String) -> impl Stream<Item = Result<Event, Infallible>> {
    unfold((site, open, headers, seen), |(site, open, headers, seen)| async move {
        let mut closing = site.closing();
        loop {
            let count = site.projections.changed(ProjectionName::Catalog);
            let viewer = Viewer::of(&headers, &site).await.ok().flatten()?;
            let now = edition(&site, &viewer).await.ok()?.to_string();
            if now != seen {
                let event = Event::default().event("catalog").id(&now).data("changed");
                return Some((Ok(event), (site, open, headers, now)));
            }
            tokio::select! {
                _ = site.projections.changed_since(ProjectionName::Catalog, count) => {}
                _ = closing.wait_for(|closing| *closing) => return None,
            }
        }
    })
}

impl Open {
    /// One stream more; none when the session has enough of them.
    fn new(streams: Arc<Streams>, session: SessionKey) -> Option<Self> {
        if streams.open(session) {
            Some(Self { streams, session })
        } else {
            None
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.streams.close(self.session);
    }
}

impl Streams {
    fn open(&self, session: SessionKey) -> bool {
        let mut streams = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = streams.entry(session).or_default();
        let room = *count < MOST;
        *count += usize::from(room);
        room
    }

    fn close(&self, session: SessionKey) {
        let mut streams = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = streams.get_mut(&session) {
            *count -= 1;
            if *count == 0 {
                streams.remove(&session);
            }
        }
    }
}
