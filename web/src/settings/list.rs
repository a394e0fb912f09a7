use axum::extract::State;
use axum::response::Html;

use super::connection::Integration;
use crate::error::Failure;
use crate::session::AccountMember;
use crate::shell::{Here, Shell, html};
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
) -> Result<Html<String>, Failure> {
    let page = ListPage {
        integrations: Integration::all(&site, &account).await?,
        shell: Shell::new("Integrations", Here::Settings, &site, &viewer),
        may_change: viewer.may_connect(),
    };
    Ok(html(&page))
}
