use std::collections::BTreeSet;

use axum::extract::{Path, State};
use domain::ProviderKey;
use projections::ProviderView;

use super::attempt::Trial;
use super::diff::Diff;
use super::guided::How;
use super::preview::Preview;
use super::standing::Stand;
use super::typed::{AUTH_TYPES, By, Typed};
use super::{NEW, page_of};
use crate::admin::findings::Findings;
use crate::error::Failure;
use crate::form::once;
use crate::page::{Page, html};
use crate::session::{PlatformAdmin, Viewer};
use crate::shell::{Here, Shell};
use crate::site::Site;
use crate::time::Moment;

/// The form of a row, with what it will look like beside it.
#[derive(askama::Template)]
#[template(path = "admin/providers/form.html")]
pub(super) struct FormPage {
    shell: Shell,
    once: String,
    /// The row that is edited; none for a new one.
    row: Option<Edited>,
    typed: Typed,
    findings: Findings,
    categories: BTreeSet<String>,
    preview: Preview,
    /// Why it was not saved, when that has no field.
    refused: Option<String>,
    /// What differs between the row as somebody else has saved it meanwhile, and what was typed.
    theirs: Option<Diff>,
}

/// A row that is there already.
pub(super) struct Edited {
    pub(super) key: ProviderKey,
    name: String,
    address: String,
    stand: Stand,
    /// The revision that the form was filled from: saving it in place of another is refused.
    pub(super) revision: u64,
    changed: Moment,
    /// Where its logo is.
    pub(super) logo: Option<String>,
    trial: Trial,
}

/// What of a form page is not the same for all of them.
pub(super) struct Filled {
    pub(super) row: Option<Edited>,
    pub(super) typed: Typed,
    pub(super) findings: Findings,
    pub(super) preview: Preview,
    pub(super) refused: Option<String>,
    pub(super) theirs: Option<Diff>,
}

impl Edited {
    pub(super) fn new(view: &ProviderView) -> Self {
        Self {
            key: view.row.key.clone(),
            name: view.row.name.clone(),
            address: page_of(&view.row.key),
            stand: Stand::from(view.status),
            revision: view.revision,
            changed: Moment(view.changed_at),
            logo: view.logo.as_ref().map(|logo| logo.url.clone()),
            trial: Trial::of(view),
        }
    }

    /// The same, filled from an earlier revision.
    pub(super) fn since(self, revision: u64) -> Self {
        Self { revision, ..self }
    }
}

impl FormPage {
    /// The page around what was filled in.
    pub(super) async fn around(filled: Filled, site: &Site, viewer: &Viewer) -> Result<Self, Failure> {
        let title = filled.row.as_ref().map_or("Add a provider", |row| row.name.as_str());
        // A script that reads the preview, at every pause of typing, shows no suggestions.
        let rows = if viewer.navigates {
            site.projections.catalog().providers().await?
        } else {
            Vec::new()
        };
        Ok(Self {
            shell: Shell::new(title, Here::Providers, site, viewer),
            once: once(site, viewer)?,
            categories: rows.into_iter().map(|view| view.row.category).collect(),
            row: filled.row,
            typed: filled.typed,
            findings: filled.findings,
            preview: filled.preview,
            refused: filled.refused,
            theirs: filled.theirs,
        })
    }

    fn action(&self) -> &str {
        self.row.as_ref().map_or(NEW, |row| &row.address)
    }

    fn is_guided(&self) -> bool {
        self.typed.by == By::Guided
    }
}

pub(super) async fn blank(State(site): State<Site>, PlatformAdmin(viewer): PlatformAdmin) -> Result<Page, Failure> {
    let filled = Filled {
        row: None,
        typed: Typed::empty(),
        findings: Findings::default(),
        preview: Preview::empty(),
        refused: None,
        theirs: None,
    };
    Ok(html(&FormPage::around(filled, &site, &viewer).await?))
}

pub(super) async fn of_row(
    State(site): State<Site>,
    PlatformAdmin(viewer): PlatformAdmin,
    Path(key): Path<String>,
) -> Result<Page, Failure> {
    let view = view_of(&site, &key).await?;
    let row = Edited::new(&view);
    let filled = Filled {
        typed: Typed::of_row(&view.row),
        findings: Findings::default(),
        preview: Preview::new(&view.row, row.logo.clone(), Findings::default()),
        row: Some(row),
        refused: None,
        theirs: None,
    };
    Ok(html(&FormPage::around(filled, &site, &viewer).await?))
}

/// The row with the key of an address.
pub(super) async fn view_of(site: &Site, key: &str) -> Result<ProviderView, Failure> {
    let key: ProviderKey = key.parse().map_err(|_| Failure::NotFound)?;
    let view = site.projections.catalog().provider(&key).await?;
    view.ok_or(Failure::NotFound)
}
