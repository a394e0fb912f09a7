use axum::extract::State;
use domain::provider::ProviderRow;
use domain::recipe::has_test;

use super::form_page::{Edited, FormPage, view_of};
use super::sent::Sent;
use crate::admin::findings::Findings;
use crate::error::Failure;
use crate::fields::FormField;
use crate::icons::Logo;
use crate::markdown;
use crate::page::{Page, html};
use crate::session::PlatformAdmin;
use crate::site::Site;
use crate::upload::Upload;

/// What a row looks like in the marketplace: its card and its connect form. And what the linter says of it.
pub(super) struct Preview {
    pub(super) name: String,
    pub(super) category: String,
    pub(super) description: String,
    pub(super) logo: Option<String>,
    pub(super) is_untested: bool,
    pub(super) is_for_ai: bool,
    pub(super) fields: Vec<FormField>,
    pub(super) help_url: Option<String>,
    /// Harmless HTML.
    pub(super) instructions: String,
    /// What is to be put right before it can be saved; none while nothing was looked at.
    pub(super) findings: Option<Findings>,
}

impl Preview {
    /// Before anything is typed.
    pub(super) const fn empty() -> Self {
        Self {
            name: String::new(),
            category: String::new(),
            description: String::new(),
            logo: None,
            is_untested: true,
            is_for_ai: false,
            fields: Vec::new(),
            help_url: None,
            instructions: String::new(),
            findings: None,
        }
    }

    pub(super) fn new(row: &ProviderRow, logo: Option<String>, findings: Findings) -> Self {
        Self {
            name: row.name.clone(),
            category: row.category.clone(),
            description: row.description.clone(),
            logo,
            is_untested: !has_test(row),
            is_for_ai: row.recipe.ai.is_some(),
            fields: FormField::of_row(row, "preview-"),
            help_url: row.help.url.clone(),
            instructions: markdown::rendered(&row.help.instructions),
            findings: Some(findings),
        }
    }

    pub(super) fn logo(&self) -> Logo<'_> {
        Logo {
            url: self.logo.as_deref(),
            name: &self.name,
        }
    }
}

/// The same page with what was typed, and what it would look like. Nothing is saved.
pub(super) async fn preview(
    State(site): State<Site>,
    PlatformAdmin(viewer): PlatformAdmin,
    upload: Upload,
) -> Result<Page, Failure> {
    let view = match upload.form.optional("of") {
        Some(key) => Some(view_of(&site, key).await?),
        None => None,
    };
    let sent = Sent::read(upload, view.as_ref().map(|view| &view.row.key), &site).await?;
    let edited = view.as_ref().map(|view| Edited::new(view).since(sent.revision()));
    Ok(html(&FormPage::around(sent.filled(edited), &site, &viewer).await?))
}
