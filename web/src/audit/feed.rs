use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::AccountId;

use super::kinds::{GROUPS, words};
use super::search::{Search, Wrong};
use crate::address::address;
use crate::error::Failure;
use crate::history::Happening;
use crate::page::html;
use crate::session::{LogReader, Viewer};
use crate::shell::{Here, Shell};
use crate::site::Site;

/// So many events stand on a page.
const EVENTS: u32 = 50;

/// The feed of events, the newest first.
#[derive(askama::Template)]
#[template(path = "audit/feed.html")]
struct FeedPage {
    shell: Shell,
    search: Search,
    wrong: Wrong,
    /// The one account that the viewer may read, unless it is all.
    only: Option<AccountId>,
    events: Vec<Happening>,
    /// The address of the older ones.
    older: Option<String>,
}

impl FeedPage {
    const fn groups() -> &'static [(&'static str, &'static [&'static str])] {
        GROUPS
    }

    fn words(kind: &str) -> String {
        words(kind)
    }

    /// The feed with one condition alone.
    fn only_with(name: &'static str, value: &impl ToString) -> String {
        address("/audit", [(name, value.to_string().as_str())])
    }

    /// Whether nothing was looked for, since what to look for cannot be read.
    fn is_unread(&self) -> bool {
        self.wrong != Wrong::default()
    }

    fn is_searched(&self) -> bool {
        self.search.is_narrowed()
    }
}

pub(super) async fn feed(
    State(site): State<Site>,
    LogReader { viewer, only }: LogReader,
    Query(search): Query<Search>,
) -> Result<Response, Failure> {
    let search = search.trimmed();
    let before = search.place()?;
    match search.filter(only.as_ref(), EVENTS)? {
        Ok(filter) => {
            let found = site.projections.history().newest(&filter, before).await?;
            let page = FeedPage {
                older: found.more.then(|| search.before(found.next)),
                events: Happening::all(&site, found.events).await?,
                ..empty(&site, &viewer, only, search)
            };
            Ok(html(&page).into_response())
        }
        Err(wrong) => {
            let page = FeedPage {
                wrong,
                ..empty(&site, &viewer, only, search)
            };
            Ok((StatusCode::UNPROCESSABLE_ENTITY, html(&page)).into_response())
        }
    }
}

fn empty(site: &Site, viewer: &Viewer, only: Option<AccountId>, search: Search) -> FeedPage {
    FeedPage {
        shell: Shell::new("Audit", Here::Audit, site, viewer),
        search,
        wrong: Wrong::default(),
        only,
        events: Vec::new(),
        older: None,
    }
}
