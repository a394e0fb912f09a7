use axum::extract::{Path, State};
use axum::response::Html;

use super::connection::Integration;
use super::named;
use crate::error::Failure;
use crate::form;
use crate::session::AccountMember;
use crate::shell::{Here, Shell, html};
use crate::site::Site;

/// One integration with all its connections.
#[derive(askama::Template)]
#[template(path = "settings/integration.html")]
struct IntegrationPage {
    shell: Shell,
    integration: Integration,
    may_change: bool,
    once: String,
}

pub(super) async fn page(
    State(site): State<Site>,
    AccountMember { viewer, account }: AccountMember,
    Path(provider): Path<String>,
) -> Result<Html<String>, Failure> {
    let integration = Integration::find(&site, &account, &named(&provider)?).await?;
    let page = IntegrationPage {
        shell: Shell::new(&integration.view.name, Here::Settings, &site, &viewer),
        integration,
        may_change: viewer.may_connect(),
        once: form::once(&site, &viewer)?,
    };
    Ok(html(&page))
}
