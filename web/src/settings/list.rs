use axum::extract::State;

use super::connection::Integration;
use crate::error::Failure;
use crate::page::{Page, html};
use crate::session::AccountMember;
use crate::shell::{Here, Shell};
use crate::site::Site;

/// What the account has installed.
#[derive(askama::Template)]
#[template(path = "settings/list.html")]
struct ListPage {
    shell: Shell,
    integrations: Vec<Integration>,
    may_change: bool,
}

pub(super) async fn list(
    State(site): State<Site>,
    AccountMember { viewer, account }: AccountMember,
) -> Result<Page, Failure> {
    let page = ListPage {
        integrations: Integration::all(&site, &account).await?,
        shell: Shell::new("Integrations", Here::Settings, &site, &viewer),
        may_change: viewer.may_connect(),
    };
    Ok(html(&page))
}
