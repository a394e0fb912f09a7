//! What an account has connected, and how it looks after it.

mod ai;
mod connection;
mod history;
mod integration;
mod list;
mod save;
mod take_back;
mod testing;

use std::str::FromStr;

use axum::Router;
use axum::response::Redirect;
use axum::routing::{get, post};
use domain::{Position, ProviderKey};
use projections::ProjectionName;

use crate::error::Failure;
use crate::session::{Notice, Tone, Viewer};
use crate::site::Site;

/// Where what is done here is seen.
const SEEN_IN: &[ProjectionName] = &[
    ProjectionName::Integrations,
    ProjectionName::Accounts,
    ProjectionName::History,
];

pub(crate) fn routes() -> Router<Site> {
    let one = "/settings/integrations/{provider}";
    let connection = "/settings/integrations/{provider}/connections/{connection}";
    Router::new()
        .route("/settings/integrations", get(list::list))
        .route(one, get(integration::page))
        .route(&format!("{one}/history"), get(history::page))
        .route(
            &format!("{one}/connections"),
            get(save::ask_further).post(save::further),
        )
        .route(
            &format!("{one}/uninstall"),
            get(take_back::ask_all).post(take_back::uninstall),
        )
        .route(&format!("{connection}/key"), get(save::ask).post(save::save))
        .route(&format!("{connection}/test"), post(testing::test))
        .route(
            &format!("{connection}/disconnect"),
            get(take_back::ask_one).post(take_back::disconnect),
        )
        .route("/settings/ai", get(ai::page).post(ai::choose))
}

/// A part of an address. What cannot be one names nothing.
fn named<T: FromStr>(text: &str) -> Result<T, Failure> {
    text.parse().map_err(|_| Failure::NotFound)
}

/// Where an integration is looked after.
fn place(provider: &ProviderKey) -> String {
    format!("/settings/integrations/{provider}")
}

/// Goes on to a page that shows what was done, and says it.
async fn done(site: &Site, viewer: &Viewer, position: Position, notice: Notice, to: &str) -> Redirect {
    site.shows(SEEN_IN, position).await;
    say(site, viewer, notice, to)
}

/// Goes on to a page, and says something there.
fn say(site: &Site, viewer: &Viewer, notice: Notice, to: &str) -> Redirect {
    site.sessions().leave(viewer.session, notice);
    Redirect::to(to)
}

/// Somebody else changed what a form was made from.
fn changed_meanwhile() -> Notice {
    Notice {
        tone: Tone::Caution,
        text: "Nothing was done: it was changed meanwhile. Here is how it is now; look at it, and do it again if you \
               still want to."
            .to_owned(),
    }
}
