use axum::extract::{Path, State};

use super::connection::Integration;
use super::named;
use crate::error::Failure;
use crate::form;
use crate::page::{Page, html};
use crate::session::AccountMember;
use crate::shell::{Here, Shell};
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
) -> Result<Page, Failure> {
    let integration = Integration::find(&site, &account, &named(&provider)?).await?;
    let page = IntegrationPage {
        shell: Shell::new(&integration.view.name, Here::Settings, &site, &viewer),
        integration,
        may_change: viewer.may_connect(),
        once: form::once(&site, &viewer)?,
    };
    Ok(html(&page))
}
