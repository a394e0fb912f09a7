use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use commands::{CommandError, Context, IfMatch, Receipt};
use domain::Position;
use domain::provider::{Provider, Revision};
use projections::ProjectionName;

use super::form_page::{Edited, FormPage, view_of};
use super::page_of;
use super::sent::{LogoChange, Sent};
use crate::error::Failure;
use crate::page::html;
use crate::session::{Notice, PlatformAdmin, Tone, Viewer};
use crate::site::Site;
use crate::upload::Upload;

/// Adds a row, as a draft or live at once.
pub(super) async fn add(
    State(site): State<Site>,
    PlatformAdmin(viewer): PlatformAdmin,
    upload: Upload,
) -> Result<Response, Failure> {
    let mut sent = Sent::read(upload, None, &site).await?;
    if !sent.problems.is_empty() {
        return again(sent, None, &site, &viewer).await;
    }
    let logo = match &sent.logo {
        LogoChange::Set(logo) => Some(logo.clone()),
        LogoChange::Keep | LogoChange::Remove => None,
    };
    let publish = sent.form.text("do") == "publish";
    let ctx = sent.form.context(&site, &viewer);
    match site.commands.add_provider(ctx, sent.row.clone(), logo, publish).await {
        Ok(receipt) => {
            let text = if publish {
                format!("{} is in the marketplace.", sent.row.name)
            } else {
                format!(
                    "{} is saved as a draft. Nobody else sees it until you publish it.",
                    sent.row.name
                )
            };
            done(&site, &viewer, receipt.position, text).await;
            Ok(Redirect::to(&page_of(&sent.row.key)).into_response())
        }
        Err(error) => {
            sent.refuse(error, None)?;
            again(sent, None, &site, &viewer).await
        }
    }
}

/// Saves a row that is there already, with its logo, and publishes it when that was asked for.
pub(super) async fn revise(
    State(site): State<Site>,
    PlatformAdmin(viewer): PlatformAdmin,
    Path(key): Path<String>,
    upload: Upload,
) -> Result<Response, Failure> {
    let view = view_of(&site, &key).await?;
    let mut sent = Sent::read(upload, Some(&view.row.key), &site).await?;
    if !sent.problems.is_empty() {
        let edited = Edited::new(&view).since(sent.revision());
        return again(sent, Some(edited), &site, &viewer).await;
    }
    match change(&site, &viewer, &sent).await {
        Ok(receipt) => {
            let name = &sent.row.name;
            let text = match receipt.value {
                Provider::Published(_) => format!("{name} is saved. The marketplace shows it as it is now."),
                _ => format!("{name} is saved. It is not in the marketplace."),
            };
            done(&site, &viewer, receipt.position, text).await;
            Ok(Redirect::to(&page_of(&sent.row.key)).into_response())
        }
        Err(Stopped { error, saved }) => {
            let now = view_of(&site, &key).await?;
            let conflict = matches!(error, CommandError::PreconditionFailed { .. });
            sent.refuse(error, Some(&now.row))?;
            let mut edited = Edited::new(&now);
            if saved.is_some() {
                sent.refused = Some(format!(
                    "The texts are saved; the logo or the publication is not. {}",
                    sent.refused.unwrap_or_default()
                ));
            } else if !conflict {
                // Whoever puts a mistake right has still not seen what others saved meanwhile.
                edited = edited.since(sent.revision());
            }
            again(sent, Some(edited), &site, &viewer).await
        }
    }
}

/// A save that did not get to its end.
struct Stopped {
    error: CommandError,
    /// The position of the texts, when they were saved before.
    saved: Option<Position>,
}

/// The steps of a save. Each insists on what the one before left.
async fn change(site: &Site, viewer: &Viewer, sent: &Sent) -> Result<Receipt<Provider>, Stopped> {
    let ctx = sent.form.context(site, viewer);
    let step = |name: &str| Context {
        command: ctx.command.step(name),
        ..ctx.clone()
    };
    let key = &sent.row.key;
    let revision = Revision::to(sent.row.clone());
    let mut receipt = site
        .commands
        .revise_provider(ctx.clone(), key.clone(), revision, sent.if_match())
        .await
        .map_err(|error| Stopped { error, saved: None })?;
    let saved = Some(receipt.position);
    let logo = match &sent.logo {
        LogoChange::Keep => None,
        LogoChange::Remove => Some(None),
        LogoChange::Set(logo) => Some(Some(logo.clone())),
    };
    if let Some(logo) = logo {
        let at = IfMatch::OneOf(vec![receipt.revision]);
        let done = site.commands.set_logo(step("logo"), key.clone(), logo, at).await;
        receipt = done.map_err(|error| Stopped { error, saved })?;
    }
    if sent.form.text("do") == "publish" {
        let at = IfMatch::OneOf(vec![receipt.revision]);
        let done = site.commands.publish(step("publish"), key.clone(), at).await;
        receipt = done.map_err(|error| Stopped { error, saved })?;
    }
    Ok(receipt)
}

/// The form again, with what is to be put right.
async fn again(sent: Sent, edited: Option<Edited>, site: &Site, viewer: &Viewer) -> Result<Response, Failure> {
    let page = FormPage::around(sent.filled(edited), site, viewer).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, html(&page)).into_response())
}

async fn done(site: &Site, viewer: &Viewer, position: Position, text: String) {
    site.shows(&[ProjectionName::Catalog], position).await;
    let notice = Notice { tone: Tone::Good, text };
    site.sessions().leave(viewer.session, notice);
}
