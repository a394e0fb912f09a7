use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use commands::CommandError;
use domain::integration::{ConnectionStatus, Placement, SaveOptions};
use domain::recipe::Problem;
use domain::{AccountId, ConnectionName, ProviderKey};

use super::connection::Integration;
use super::{SEEN_IN, done, named, place};
use crate::error::Failure;
use crate::fields::{FormField, refuse};
use crate::form::{self, Form};
use crate::in_place::{Said, is_in_place};
use crate::page::html;
use crate::pasted::pasted;
use crate::session::{AccountAdmin, Viewer};
use crate::shell::{Here, Shell};
use crate::site::Site;
use crate::verdict::Words;

const OVERLAP: &str = "/overlap_seconds";

/// Asks for a key of a connection.
#[derive(askama::Template)]
#[template(path = "settings/key.html")]
struct KeyPage {
    shell: Shell,
    integration: Integration,
    asked: Asked,
    /// What becomes of the key in use; none where there is none.
    before: Option<Before>,
    fields: Vec<FormField>,
    once: String,
    /// Whether what was sent was refused.
    refused: bool,
    /// What was wrong and belongs to no field.
    others: Vec<String>,
}

/// For which connection a key is asked.
enum Asked {
    /// One that is there.
    Known(ConnectionName),
    /// A further one, of a name that is asked for.
    Further { name: String, wrong: Option<String> },
}

/// What is to become of the key in use.
struct Before {
    choice: Choice,
    minutes: String,
    wrong: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Choice {
    /// It is retired as soon as the new one works.
    Retire,
    /// It stays valid for some minutes then.
    Keep,
    /// It is retired now: it leaked.
    Now,
}

impl KeyPage {
    /// Where the form is sent.
    fn action(&self) -> String {
        match &self.asked {
            Asked::Known(connection) => key_of(&self.integration.view.provider, connection),
            Asked::Further { .. } => format!("{}/connections", self.integration.place()),
        }
    }

    /// Where a person finds the key, for `where_to_find.html`.
    const fn help(&self) -> &Integration {
        &self.integration
    }

    fn has_secret(&self) -> bool {
        self.fields.iter().any(|field| field.spec.secret)
    }

    /// What a refused form is shown with again: all that was sent, but for secrets.
    fn refuse(&mut self, form: &Form, problems: Vec<Problem>) {
        self.refused = true;
        let (overlap, rest): (Vec<_>, Vec<_>) = problems.into_iter().partition(|problem| problem.pointer == OVERLAP);
        if let Some(before) = &mut self.before {
            before.wrong = overlap.into_iter().next().map(|problem| problem.message);
        }
        self.others = refuse(&mut self.fields, form, rest);
    }
}

/// Where a key of a connection is asked for and sent.
fn key_of(provider: &ProviderKey, connection: &ConnectionName) -> String {
    format!("{}/connections/{connection}/key", place(provider))
}

impl Before {
    fn of(form: Option<&Form>) -> Self {
        let text = |name| form.map_or("", |form| form.text(name));
        Self {
            choice: match text("before") {
                "keep" => Choice::Keep,
                "now" => Choice::Now,
                _ => Choice::Retire,
            },
            minutes: Some(text("minutes"))
                .filter(|text| !text.is_empty())
                .unwrap_or("60")
                .to_owned(),
            wrong: None,
        }
    }

    /// As the command takes it; else what is wrong.
    fn options(&self) -> Result<SaveOptions, Problem> {
        let most = SaveOptions::MAX_OVERLAP_SECONDS / 60;
        let options = |placement, overlap_seconds| SaveOptions {
            placement,
            overlap_seconds,
        };
        match self.choice {
            Choice::Retire => Ok(options(Placement::WhenAccepted, 0)),
            Choice::Now => Ok(options(Placement::Now, 0)),
            Choice::Keep => {
                let minutes = self.minutes.parse().ok().filter(|minutes| (1..=most).contains(minutes));
                let message = format!("Give a whole number of minutes from 1 to {most} (30 days).");
                let minutes: u32 = minutes.ok_or_else(|| Problem::new(OVERLAP, "overlap-invalid", message))?;
                Ok(options(Placement::WhenAccepted, minutes * 60))
            }
        }
    }
}

pub(super) async fn ask(
    State(site): State<Site>,
    AccountAdmin { viewer, account }: AccountAdmin,
    Path((provider, connection)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let asked = Asked::Known(named(&connection)?);
    let page = made(&site, &viewer, (&account, &named(&provider)?), asked, None).await?;
    Ok(html(&page).into_response())
}

pub(super) async fn save(
    State(site): State<Site>,
    AccountAdmin { viewer, account }: AccountAdmin,
    Path((provider, connection)): Path<(String, String)>,
    form: Form,
) -> Result<Response, Failure> {
    let (provider, connection) = (named(&provider)?, named::<ConnectionName>(&connection)?);
    let asked = Asked::Known(connection.clone());
    let page = made(&site, &viewer, (&account, &provider), asked, Some(&form)).await?;
    saved(&site, &viewer, (account, provider, connection), page, &form).await
}

pub(super) async fn ask_further(
    State(site): State<Site>,
    AccountAdmin { viewer, account }: AccountAdmin,
    Path(provider): Path<String>,
) -> Result<Response, Failure> {
    let asked = Asked::Further {
        name: String::new(),
        wrong: None,
    };
    let page = made(&site, &viewer, (&account, &named(&provider)?), asked, None).await?;
    Ok(html(&page).into_response())
}

pub(super) async fn further(
    State(site): State<Site>,
    AccountAdmin { viewer, account }: AccountAdmin,
    Path(provider): Path<String>,
    form: Form,
) -> Result<Response, Failure> {
    let provider = named(&provider)?;
    let name = form.text("connection");
    let integration = Integration::find(&site, &account, &provider).await?;
    let wrong = match name.parse::<ConnectionName>() {
        Err(_) => Some("Use 1 to 63 small letters a-z, digits and hyphens, without a hyphen at either end.".to_owned()),
        Ok(name) if integration.connection(&name).is_some_and(|found| found.key.is_some()) => {
            Some("There is a connection of this name. Choose another name, or save a new key for that one.".to_owned())
        }
        Ok(connection) => {
            let asked = Asked::Further {
                name: name.to_owned(),
                wrong: None,
            };
            let page = made(&site, &viewer, (&account, &provider), asked, Some(&form)).await?;
            return saved(&site, &viewer, (account, provider, connection), page, &form).await;
        }
    };
    let asked = Asked::Further {
        name: name.to_owned(),
        wrong,
    };
    let mut page = made(&site, &viewer, (&account, &provider), asked, Some(&form)).await?;
    page.refuse(&form, Vec::new());
    Ok((StatusCode::UNPROCESSABLE_ENTITY, html(&page)).into_response())
}

/// Saves what was sent; `page` is shown again when it is refused.
async fn saved(
    site: &Site,
    viewer: &Viewer,
    (account, provider, connection): (AccountId, ProviderKey, ConnectionName),
    mut page: KeyPage,
    form: &Form,
) -> Result<Response, Failure> {
    // The first try may have made a connection: the next one is for that.
    let next = key_of(&provider, &connection);
    let options = page.before.as_ref().map_or(Ok(SaveOptions::default()), Before::options);
    let options = options.map_err(|problem| CommandError::Invalid(vec![problem]));
    let fields = pasted(site, form, &page.integration.view.name);
    let saved = match options.and_then(|options| Ok((options, fields?))) {
        Err(error) => Err(error),
        Ok((options, fields)) => {
            let ctx = form.context(site, viewer);
            site.commands
                .save_credential(ctx, account, provider.clone(), connection, fields, options)
                .await
        }
    };
    match saved {
        Ok(receipt) => {
            let name = &page.integration.view.name;
            let words = Words::of(name, &receipt.value);
            if is_in_place(form) {
                site.shows(SEEN_IN, receipt.position).await;
                return Ok(html(&Said::new(site, viewer, (&provider, name), words, next)?).into_response());
            }
            let to = place(&provider);
            Ok(done(site, viewer, receipt.position, words.notice(), &to)
                .await
                .into_response())
        }
        Err(CommandError::Invalid(problems)) => {
            page.refuse(form, problems);
            Ok((StatusCode::UNPROCESSABLE_ENTITY, html(&page)).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

async fn made(
    site: &Site,
    viewer: &Viewer,
    (account, provider): (&AccountId, &ProviderKey),
    asked: Asked,
    form: Option<&Form>,
) -> Result<KeyPage, Failure> {
    let integration = Integration::find(site, account, provider).await?;
    let row = integration.row.as_ref().ok_or(Failure::NotFound)?;
    let fields = FormField::of_row(row, "key-");
    // Where nothing works, the new key is in use at once, and there is nothing to choose.
    let in_use = match &asked {
        Asked::Known(connection) => integration.connection(connection).is_some_and(|found| {
            let works = found.status == ConnectionStatus::Connected || !integration.is_testable();
            found.key.is_some() && works
        }),
        Asked::Further { .. } => false,
    };
    let title = format!("A key for {}", integration.view.name);
    Ok(KeyPage {
        shell: Shell::new(&title, Here::Settings, site, viewer),
        before: in_use.then(|| Before::of(form)),
        integration,
        asked,
        fields,
        once: form::once(site, viewer)?,
        refused: false,
        others: Vec::new(),
    })
}
