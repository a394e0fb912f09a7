//! What platform admins look after.

mod accounts;
mod findings;
mod providers;
mod tokens;

use std::time::Duration;

use axum::Router;
use domain::Position;
use projections::ProjectionName;

use crate::site::Site;

/// How long the next page waits for what was just done.
const PATIENCE: Duration = Duration::from_secs(2);

pub(crate) fn routes() -> Router<Site> {
    Router::new()
        .merge(providers::routes())
        .merge(accounts::routes())
        .merge(tokens::routes())
}

/// Waits a moment until the next page can show a change. If it takes longer, that page shows what was before.
async fn visible(site: &Site, names: &[ProjectionName], position: Position) {
    let _ = site.projections.wait_for(names, position, PATIENCE).await;
}
