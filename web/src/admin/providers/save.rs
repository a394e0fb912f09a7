use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use commands::{CommandError, Context, IfMatch, Receipt};
use domain::Position;
use domain::provider::{Provider, Revision};
use projections::{ProjectionName, ProviderView};

use super::address;
use super::form_page::{Edited, FormPage, view_of};
use super::sent::{LogoChange, Sent};
use crate::admin::visible;
use crate::error::Failure;
use crate::session::{Notice, PlatformAdmin, Tone, Viewer};
use crate::shell::html;
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
            Ok(Redirect::to(&address(&sent.row.key)).into_response())
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
        return again(sent, Some(&view), &site, &viewer).await;
    }
    match change(&site, &viewer, &sent).await {
        Ok(receipt) => {
            let name = &sent.row.name;
            let text = match receipt.value {
                Provider::Published(_) => format!("{name} is saved. The marketplace shows it as it is now."),
                _ => format!("{name} is saved. It is not in the marketplace."),
            };
            done(&site, &viewer, receipt.position, text).await;
            Ok(Redirect::to(&address(&sent.row.key)).into_response())
        }
        Err(error) => {
            let now = view_of(&site, &key).await?;
            sent.refuse(error, Some(&now.row))?;
            again(sent, Some(&now), &site, &viewer).await
        }
    }
}

/// The steps of a save. Each insists on what the one before left.
async fn change(site: &Site, viewer: &Viewer, sent: &Sent) -> Result<Receipt<Provider>, CommandError> {
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
        .await?;
    let logo = match &sent.logo {
        LogoChange::Keep => None,
        LogoChange::Remove => Some(None),
        LogoChange::Set(logo) => Some(Some(logo.clone())),
    };
    if let Some(logo) = logo {
        let at = IfMatch::OneOf(vec![receipt.revision]);
        receipt = site.commands.set_logo(step("logo"), key.clone(), logo, at).await?;
    }
    if sent.form.text("do") == "publish" {
        let at = IfMatch::OneOf(vec![receipt.revision]);
        receipt = site.commands.publish(step("publish"), key.clone(), at).await?;
    }
    Ok(receipt)
}

/// The form again, with what is to be put right. `view` is the row as it is now.
async fn again(sent: Sent, view: Option<&ProviderView>, site: &Site, viewer: &Viewer) -> Result<Response, Failure> {
    let edited = view.map(Edited::new);
    let page = FormPage::around(sent.filled(edited), site, viewer).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, html(&page)).into_response())
}

async fn done(site: &Site, viewer: &Viewer, position: Position, text: String) {
    visible(site, &[ProjectionName::Catalog], position).await;
    let notice = Notice { tone: Tone::Good, text };
    site.sessions().leave(viewer.session, notice);
}
