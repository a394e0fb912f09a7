use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use domain::provider::Logo;
use domain::{ProviderKey, Sha256Digest};
use projections::ProjectionName;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::provider::written;
use super::provider_body::Provider;
use crate::auth::{At, PlatformAdmin};
use crate::extract::{IfMatch, Upload};
use crate::logo::{self, LogoError};
use crate::problem::{Code, Problem};
use crate::state::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(put_logo)).routes(routes!(get_logo))
}

/// Where a logo is served.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct LogoRef {
    /// The digest of the image.
    #[schema(value_type = String)]
    sha256: Sha256Digest,
    /// Its path. What is there never changes.
    #[schema(example = "/v1/logos/9f2c…")]
    url: String,
}

impl From<Sha256Digest> for LogoRef {
    fn from(sha256: Sha256Digest) -> Self {
        projections::LogoRef::new(sha256).into()
    }
}

impl From<projections::LogoRef> for LogoRef {
    fn from(logo: projections::LogoRef) -> Self {
        Self {
            sha256: logo.sha256,
            url: logo.url,
        }
    }
}

/// The logo of a data URL, refused with the pointer of its field.
pub(super) async fn decoded(url: String) -> Result<Logo, Problem> {
    in_background(move || logo::from_data_url(&url))
        .await?
        .map_err(|error| refused("/logo", error))
}

/// Decoding may take a while: it does not hold up the other requests of this thread.
async fn in_background<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Problem::internal(&error))
}

fn refused(pointer: &str, error: LogoError) -> Problem {
    let detail = format!("The logo cannot be used: {error}.");
    Problem::field(Code::LogoInvalid, pointer, error.code(), detail)
}

/// Set a provider's logo.
///
/// A PNG, JPEG or WebP file of 512 KiB at most. It is decoded, scaled to 256 pixels at most and encoded anew.
#[utoipa::path(put, path = "/v1/providers/{provider}/logo", tag = "Providers",
    request_body(content((Vec<u8> = "image/png"), (Vec<u8> = "image/jpeg"), (Vec<u8> = "image/webp"))),
    params(
        ("provider" = String, Path, description = "The provider's key."),
        ("If-Match" = Option<String>, Header, description = "Only if the row is still as this `ETag` says."),
    ),
    responses((status = 200, description = "The row, with its new logo.", body = Provider)))]
async fn put_logo(
    State(app): State<AppState>,
    PlatformAdmin(caller): PlatformAdmin,
    At(key): At<ProviderKey>,
    IfMatch(if_match): IfMatch,
    upload: Upload,
) -> Result<Response, Problem> {
    let ctx = upload.context(&app, &caller).await;
    let bytes = upload.bytes;
    let logo = in_background(move || logo::from_file(&bytes))
        .await?
        .map_err(|error| refused("", error))?;
    let receipt = app.commands.set_logo(ctx, key, Some(logo), if_match).await?;
    written(&app, receipt).await
}

/// Read a logo.
///
/// Open to everybody, so that a page can show it. What stands at a digest never changes.
#[utoipa::path(get, path = "/v1/logos/{sha256}", tag = "Catalog", security(()),
    params(("sha256" = String, Path, description = "The digest of the image.")),
    responses(
        (status = 200, description = "The image.", body = Vec<u8>, content_type = "image/png"),
        (status = 404, description = "There is no such logo."),
    ))]
async fn get_logo(State(app): State<AppState>, At(sha256): At<Sha256Digest>) -> Result<Response, Problem> {
    let png = app
        .projections
        .catalog()
        .logo(sha256)
        .await?
        .ok_or_else(Problem::not_found)?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("image/png")),
        (
            header::CACHE_CONTROL,
            HeaderValue::from_static("public, max-age=31536000, immutable"),
        ),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("default-src 'none'; sandbox"),
        ),
    ];
    Ok((headers, png).into_response())
}

/// Where a change of a row is seen.
pub(super) const SEEN_IN: &[ProjectionName] = &[ProjectionName::Catalog];
