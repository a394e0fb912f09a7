use axum::extract::{Path, Query, State};
use domain::{Position, ProviderKey};
use projections::AuditFilter;
use serde::Deserialize;

use super::named;
use crate::error::Failure;
use crate::history::{Happening, position};
use crate::page::{Page, html};
use crate::session::AccountMember;
use crate::shell::{Here, Shell};
use crate::site::Site;

/// So many events stand on a page.
const EVENTS: u32 = 50;

/// Which part is wanted.
#[derive(Deserialize)]
pub(super) struct Part {
    #[serde(default)]
    before: String,
}

/// What happened to an account's connections to one provider, the newest first.
#[derive(askama::Template)]
#[template(path = "settings/history.html")]
struct HistoryPage {
    shell: Shell,
    provider: ProviderKey,
    name: String,
    /// Whether it is on the account's list.
    installed: bool,
    happenings: Vec<Happening>,
    /// Whether newer ones were left out.
    is_later_part: bool,
    older: Option<Position>,
}

pub(super) async fn page(
    State(site): State<Site>,
    AccountMember { viewer, account }: AccountMember,
    Path(provider): Path<String>,
    Query(Part { before }): Query<Part>,
) -> Result<Page, Failure> {
    let provider: ProviderKey = named(&provider)?;
    let before = position(&before)?;
    let filter = AuditFilter {
        account: Some(account.clone()),
        provider: Some(provider.clone()),
        limit: EVENTS,
        ..AuditFilter::default()
    };
    let found = site.projections.history().newest(&filter, before).await?;
    // An integration that never was has no history; one that is off the list keeps its own.
    if found.events.is_empty() && before.is_none() {
        return Err(Failure::NotFound);
    }
    let installed = site.projections.integrations().get(&account, &provider).await?;
    let known = site.projections.catalog().provider(&provider).await?;
    let name = known.map_or_else(|| provider.to_string(), |known| known.row.name);
    let page = HistoryPage {
        shell: Shell::new(&format!("History of {name}"), Here::Settings, &site, &viewer),
        older: found.more.then_some(found.next),
        happenings: Happening::all(&site, found.events).await?,
        is_later_part: before.is_some(),
        installed: installed.is_some(),
        provider,
        name,
    };
    Ok(html(&page))
}
