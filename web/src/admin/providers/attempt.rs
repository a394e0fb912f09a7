use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use commands::CommandError;
use domain::integration::{TestOutcome, Verdict};
use domain::recipe::has_test;
use projections::ProviderView;

use super::form_page::view_of;
use super::page_of;
use crate::error::Failure;
use crate::fields::{FormField, refuse};
use crate::form::Form;
use crate::page::{Page, html};
use crate::pasted::pasted;
use crate::session::{PlatformAdmin, Tone, Viewer};
use crate::shell::{Here, Shell};
use crate::site::Site;
use crate::verdict::who_limits;

/// Before the ids of the fields, which stand on the page of a row beside others.
const PREFIX: &str = "try-";

/// The form by which a row is tried with a key.
pub(super) struct Trial {
    pub(super) address: String,
    pub(super) fields: Vec<FormField>,
    pub(super) has_test: bool,
}

/// A row is tried with a key: the form, and what the test said.
#[derive(askama::Template)]
#[template(path = "admin/providers/try.html")]
struct TryPage {
    shell: Shell,
    name: String,
    trial: Trial,
    said: Option<Said>,
    /// What is wrong with what was sent, where no field stands for it.
    others: Vec<String>,
    is_refused: bool,
}

/// What a test says of a row, to the one who wrote it.
struct Said {
    tone: Tone,
    title: String,
    text: String,
}

impl Trial {
    pub(super) fn of(view: &ProviderView) -> Self {
        Self {
            address: page_of(&view.row.key),
            fields: FormField::of_row(&view.row, PREFIX),
            has_test: has_test(&view.row),
        }
    }
}

impl TryPage {
    fn new(view: &ProviderView, site: &Site, viewer: &Viewer) -> Self {
        let title = format!("Try {}", view.row.name);
        Self {
            shell: Shell::new(&title, Here::Providers, site, viewer),
            name: view.row.name.clone(),
            trial: Trial::of(view),
            said: None,
            others: Vec::new(),
            is_refused: false,
        }
    }
}

pub(super) async fn ask(
    State(site): State<Site>,
    PlatformAdmin(viewer): PlatformAdmin,
    Path(key): Path<String>,
) -> Result<Page, Failure> {
    let view = view_of(&site, &key).await?;
    Ok(html(&TryPage::new(&view, &site, &viewer)))
}

/// Tests the row as it was saved, with a key that is kept nowhere.
pub(super) async fn attempt(
    State(site): State<Site>,
    PlatformAdmin(viewer): PlatformAdmin,
    Path(key): Path<String>,
    form: Form,
) -> Result<Response, Failure> {
    let view = view_of(&site, &key).await?;
    let mut page = TryPage::new(&view, &site, &viewer);
    let tried = match pasted(&site, &form, &page.name) {
        Ok(fields) => {
            let actor = viewer.actor();
            site.commands.try_provider(&actor, &view.row.key, fields).await
        }
        Err(error) => Err(error),
    };
    let (status, problems) = match tried {
        Ok(outcome) => {
            page.said = Some(Said::of(&page.name, &outcome));
            (StatusCode::OK, Vec::new())
        }
        Err(CommandError::Invalid(problems)) => {
            page.is_refused = true;
            (StatusCode::UNPROCESSABLE_ENTITY, problems)
        }
        Err(error) => return Err(error.into()),
    };
    page.others = refuse(&mut page.trial.fields, &form, problems);
    Ok((status, html(&page)).into_response())
}

impl Said {
    fn of(provider: &str, outcome: &TestOutcome) -> Self {
        let code = outcome.code.as_deref().unwrap_or("no code").replace('_', " ");
        let (tone, title, text) = match outcome.verdict {
            Verdict::Accepted => (
                Tone::Good,
                outcome.identity.as_ref().map_or_else(
                    || format!("{provider} took the key"),
                    |identity| format!("{provider} took the key, which is that of {identity}"),
                ),
                "The row works. Try a wrong key, too: it has to be refused.".to_owned(),
            ),
            Verdict::AcceptedWithWarning => (
                Tone::Caution,
                format!("{provider} took the key, with a warning: {code}"),
                "One of the row’s rules for warnings fits the answer.".to_owned(),
            ),
            Verdict::Rejected => (
                Tone::Bad,
                format!("{provider} refused the key: {code}"),
                "For a wrong key that is right. If the key is good, look at how the row sends it.".to_owned(),
            ),
            Verdict::Unreachable => (
                Tone::Caution,
                format!("{provider} could not be reached: {code}"),
                "Check the base URL; if it is right, try again in a moment.".to_owned(),
            ),
            Verdict::RateLimited => (
                Tone::Caution,
                who_limits(provider, outcome.code.as_deref().unwrap_or_default()),
                "It says nothing of the row. Wait a minute and try again.".to_owned(),
            ),
            Verdict::Misconfigured => (
                Tone::Bad,
                format!("The row is wrong: {code}"),
                "Either the call could not be made as the row says, or the answer fits none of its rules. Look at the base \
                 URL, the path and the statuses."
                    .to_owned(),
            ),
            Verdict::Untestable => (
                Tone::Caution,
                "The row has no test".to_owned(),
                "Fill in a base URL and the path of a test, save the row, and try again.".to_owned(),
            ),
        };
        Self { tone, title, text }
    }
}
