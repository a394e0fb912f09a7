use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use commands::{CommandError, Context, KeyReport, Receipt};
use domain::integration::{ConnectionStatus, SaveOptions};
use domain::recipe::Problem;
use domain::{AccountId, ConnectionName};
use projections::{IntegrationView, ProjectionName};

use super::provider::{Provider, status};
use crate::error::Failure;
use crate::fields::{self, FormField};
use crate::form::{self, Form};
use crate::in_place::{Said, is_in_place};
use crate::page::html;
use crate::pasted::pasted;
use crate::session::{AccountAdmin, Tone, Viewer};
use crate::shell::{Here, Shell};
use crate::site::Site;
use crate::verdict::Words;

/// The button "I'll add it later".
const LATER: &str = "later";

/// The form by which an account connects a provider.
#[derive(askama::Template)]
#[template(path = "connect.html")]
struct ConnectPage {
    shell: Shell,
    provider: Provider,
    fields: Vec<FormField>,
    once: String,
    /// What the account has of it, and what becomes of that.
    standing: Option<&'static str>,
    /// What was wrong and belongs to no field; none while nothing was sent.
    refused: Option<Vec<String>>,
}

impl ConnectPage {
    fn has_secret(&self) -> bool {
        self.fields.iter().any(|field| field.spec.secret)
    }
}

pub(super) async fn ask(
    State(site): State<Site>,
    AccountAdmin { viewer, account }: AccountAdmin,
    Path(key): Path<String>,
) -> Result<Response, Failure> {
    let provider = Provider::find(&site, &key).await?;
    let page = connect_page(&site, &viewer, &account, provider).await?;
    Ok(html(&page).into_response())
}

pub(super) async fn connect(
    State(site): State<Site>,
    AccountAdmin { viewer, account }: AccountAdmin,
    Path(key): Path<String>,
    form: Form,
) -> Result<Response, Failure> {
    let provider = Provider::still_offered(&site, &key).await?;
    let ctx = form.context(&site, &viewer);
    match save(&site, ctx, &account, &provider, &form).await {
        Ok(receipt) => done(&site, &viewer, &provider, &form, receipt).await,
        Err(CommandError::Invalid(problems)) => {
            let mut page = connect_page(&site, &viewer, &account, provider).await?;
            page.refuse(&form, problems);
            Ok((StatusCode::UNPROCESSABLE_ENTITY, html(&page)).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

/// Installs the provider or, where it is installed, saves the key for its `default` connection.
///
/// The installation is tried first, whatever the read side says: what is on the list, the log knows best. The key is saved
/// as a step of its own, so that the same form sent twice finds its own steps again, whichever way it went.
async fn save(
    site: &Site,
    ctx: Context,
    account: &AccountId,
    provider: &Provider,
    form: &Form,
) -> Result<Receipt<Option<KeyReport>>, CommandError> {
    let with_key = !form.has(LATER);
    let fields = || pasted(site, form, provider.name());
    let (account, provider) = (account.clone(), provider.key().clone());
    let installed = site
        .commands
        .install(
            ctx.clone(),
            account.clone(),
            provider.clone(),
            with_key.then(fields).transpose()?,
        )
        .await;
    match installed {
        Err(CommandError::Rejected {
            code: "already-installed",
            ..
        }) if with_key => {
            let ctx = Context {
                command: ctx.command.step("connect"),
                ..ctx
            };
            let (connection, fields) = (ConnectionName::default(), fields()?);
            let options = SaveOptions::default();
            let saved = site
                .commands
                .save_credential(ctx, account, provider, connection, fields, options)
                .await;
            saved.map(|receipt| receipt.map(Some))
        }
        installed => installed.map(|receipt| receipt.map(|installed| installed.key)),
    }
}

async fn done(
    site: &Site,
    viewer: &Viewer,
    provider: &Provider,
    form: &Form,
    receipt: Receipt<Option<KeyReport>>,
) -> Result<Response, Failure> {
    let name = provider.name();
    let words = receipt
        .value
        .as_ref()
        .map_or_else(|| without_key(name), |report| Words::of(name, report));
    site.shows(&[ProjectionName::Integrations], receipt.position).await;
    if is_in_place(form) {
        let action = format!("/marketplace/{}/connect", provider.key());
        let said = Said::new(site, viewer, (provider.key(), name), words, action)?;
        return Ok(html(&said).into_response());
    }
    site.sessions().leave(viewer.session, words.notice());
    Ok(Redirect::to(&format!("/settings/integrations/{}", provider.key())).into_response())
}

fn without_key(provider: &str) -> Words {
    Words {
        tone: Tone::Good,
        title: format!("{provider} is on your list, without a key"),
        text: "Add the key under Integrations as soon as you have it.".to_owned(),
    }
}

async fn connect_page(
    site: &Site,
    viewer: &Viewer,
    account: &AccountId,
    provider: Provider,
) -> Result<ConnectPage, Failure> {
    let installed = provider.installed(site, account).await?;
    let title = format!("Connect {}", provider.name());
    Ok(ConnectPage {
        shell: Shell::new(&title, Here::Marketplace, site, viewer),
        fields: provider.fields(),
        once: form::once(site, viewer)?,
        standing: installed.map(|integration| standing(&integration, provider.has_test())),
        refused: None,
        provider,
    })
}

impl ConnectPage {
    fn refuse(&mut self, form: &Form, problems: Vec<Problem>) {
        self.refused = Some(fields::refuse(&mut self.fields, form, problems));
    }
}

/// What an account has of a provider, and what a new key does to that.
fn standing(integration: &IntegrationView, has_test: bool) -> &'static str {
    match status(integration) {
        ConnectionStatus::Disconnected => "It is on your list, without a key.",
        ConnectionStatus::Connected if has_test => {
            "It is connected. The key in use stays until a test accepts the new one; then the new one takes its place."
        }
        ConnectionStatus::Connected => {
            "It is connected. There is no test for its keys any more: the new one takes the place of the one in use at once."
        }
        ConnectionStatus::Unverified => {
            "A key is saved, which no test has verified. The new one takes its place at once."
        }
        ConnectionStatus::Rejected | ConnectionStatus::NeedsReauth => {
            "The key that is saved was refused. The new one takes its place at once."
        }
    }
}
