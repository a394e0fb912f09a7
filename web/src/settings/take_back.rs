use axum::extract::{Path, State};
use axum::response::Redirect;
use commands::{CommandError, Erasure, IfMatch, Receipt};
use domain::{ConnectionName, ProviderKey};

use super::connection::Integration;
use super::{changed_meanwhile, done, named, place, say};
use crate::error::{Failure, sentence};
use crate::form::{self, Form};
use crate::page::{Page, html};
use crate::session::{AccountAdmin, Notice, Tone, Viewer};
use crate::shell::{Here, Shell};
use crate::site::Site;

/// The hidden field that says which state of the integration somebody has seen.
const REVISION: &str = "revision";

/// Asks before a key is taken back.
#[derive(askama::Template)]
#[template(path = "settings/disconnect.html")]
struct DisconnectPage {
    shell: Shell,
    integration: Integration,
    connection: ConnectionName,
    once: String,
}

impl DisconnectPage {
    fn is_default(&self) -> bool {
        self.connection == ConnectionName::default()
    }
}

/// Asks before an integration is taken off the list.
#[derive(askama::Template)]
#[template(path = "settings/uninstall.html")]
struct UninstallPage {
    shell: Shell,
    integration: Integration,
    once: String,
}

pub(super) async fn ask_one(
    State(site): State<Site>,
    AccountAdmin { viewer, account }: AccountAdmin,
    Path((provider, connection)): Path<(String, String)>,
) -> Result<Page, Failure> {
    let connection: ConnectionName = named(&connection)?;
    let integration = Integration::find(&site, &account, &named(&provider)?).await?;
    let keyed = integration.connection(&connection).filter(|found| found.key.is_some());
    keyed.ok_or(Failure::NotFound)?;
    let title = format!("Disconnect {}", integration.view.name);
    Ok(html(&DisconnectPage {
        shell: Shell::new(&title, Here::Settings, &site, &viewer),
        integration,
        connection,
        once: form::once(&site, &viewer)?,
    }))
}

pub(super) async fn disconnect(
    State(site): State<Site>,
    AccountAdmin { viewer, account }: AccountAdmin,
    Path((provider, connection)): Path<(String, String)>,
    form: Form,
) -> Result<Redirect, Failure> {
    let (provider, connection): (ProviderKey, ConnectionName) = (named(&provider)?, named(&connection)?);
    let to = place(&provider);
    let (ctx, seen) = (form.context(&site, &viewer), seen(&form));
    let taken = site
        .commands
        .disconnect(ctx, account, provider, connection.clone(), seen)
        .await;
    let what = if connection == ConnectionName::default() {
        "The key was taken back".to_owned()
    } else {
        format!("The key of “{connection}” was taken back")
    };
    taken_back(&site, &viewer, taken, &what, (&to, &to)).await
}

pub(super) async fn ask_all(
    State(site): State<Site>,
    AccountAdmin { viewer, account }: AccountAdmin,
    Path(provider): Path<String>,
) -> Result<Page, Failure> {
    let integration = Integration::find(&site, &account, &named(&provider)?).await?;
    let title = format!("Uninstall {}", integration.view.name);
    Ok(html(&UninstallPage {
        shell: Shell::new(&title, Here::Settings, &site, &viewer),
        integration,
        once: form::once(&site, &viewer)?,
    }))
}

pub(super) async fn uninstall(
    State(site): State<Site>,
    AccountAdmin { viewer, account }: AccountAdmin,
    Path(provider): Path<String>,
    form: Form,
) -> Result<Redirect, Failure> {
    let provider: ProviderKey = named(&provider)?;
    let back = place(&provider);
    let found = site.projections.integrations().get(&account, &provider).await?;
    let name = found.map_or_else(|| provider.to_string(), |view| view.name);
    let (ctx, seen) = (form.context(&site, &viewer), seen(&form));
    let taken = site.commands.uninstall(ctx, account, provider, seen).await;
    let what = format!("{name} was uninstalled");
    taken_back(&site, &viewer, taken, &what, ("/settings/integrations", &back)).await
}

/// The revision that the form was made from. One that names none is of no page of ours: it fits no revision.
fn seen(form: &Form) -> IfMatch {
    IfMatch::OneOf(form.text(REVISION).parse().into_iter().collect())
}

/// Says what became of it: on the first page when it was done, on the second when it was not.
async fn taken_back(
    site: &Site,
    viewer: &Viewer,
    taken: Result<Receipt<Erasure>, CommandError>,
    what: &str,
    (after, back): (&str, &str),
) -> Result<Redirect, Failure> {
    match taken {
        Ok(receipt) => {
            let notice = erased(what, receipt.value);
            Ok(done(site, viewer, receipt.position, notice, after).await)
        }
        Err(CommandError::PreconditionFailed { .. }) => Ok(say(site, viewer, changed_meanwhile(), back)),
        // Somebody else did it already.
        Err(CommandError::Rejected {
            code: "not-installed", ..
        }) => Err(Failure::NotFound),
        Err(CommandError::Rejected { message, .. }) => {
            let notice = Notice {
                tone: Tone::Caution,
                text: sentence(&message),
            };
            Ok(say(site, viewer, notice, back))
        }
        Err(error) => Err(error.into()),
    }
}

fn erased(what: &str, erasure: Erasure) -> Notice {
    if erasure.complete {
        return Notice {
            tone: Tone::Good,
            text: format!("{what}, and what was saved is erased for good."),
        };
    }
    Notice {
        tone: Tone::Caution,
        text: format!(
            "{what}: nobody gets it any more. It could not be erased just now; that is made up for within minutes, and \
             the history says when."
        ),
    }
}
