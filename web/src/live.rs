use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::routing::get;
use futures::Stream;
use futures::stream::unfold;
use projections::ProjectionName;

use crate::error::Failure;
use crate::session::Viewer;
use crate::site::Site;

/// How often a line is sent that says nothing, so that nobody in between takes the stream for dead.
const SIGN_OF_LIFE: Duration = Duration::from_secs(15);

pub(crate) fn routes() -> Router<Site> {
    Router::new().route("/live/catalog", get(catalog))
}

/// Tells open pages that the catalog has changed, as server-sent events (HTML, section 9.2). What has changed they read
/// from the page itself. It ends with the session.
async fn catalog(
    State(site): State<Site>,
    _viewer: Viewer,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Failure> {
    let seen = site.projections.changed(ProjectionName::Catalog);
    let changes = unfold((site, headers, seen), |(site, headers, seen)| async move {
        let mut closing = site.closing();
        let changed = tokio::select! {
            changed = site.projections.changed_since(ProjectionName::Catalog, seen) => changed,
            _ = closing.wait_for(|closing| *closing) => return None,
        };
        Viewer::of(&headers, &site).await.ok().flatten()?;
        let event = Event::default().event("catalog").data(changed.to_string());
        Some((Ok(event), (site, headers, changed)))
    });
    Ok(Sse::new(changes).keep_alive(KeepAlive::new().interval(SIGN_OF_LIFE)))
}
