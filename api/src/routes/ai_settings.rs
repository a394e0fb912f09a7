use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use domain::ProviderKey;
use domain::account::{Account, AiSettings as Chosen};
use projections::{AiSettingsView, ProjectionName};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::written::Written;
use crate::auth::{AccountReader, AccountWriter};
use crate::extract::{IfMatch, MinPosition, Write, etag_of_revision};
use crate::problem::Problem;
use crate::state::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_ai_settings, put_ai_settings))
}

/// Which AI providers an account's services use.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"providers": ["anthropic", "openai"], "model": null, "inherit": true}))]
pub(super) struct AiSettings {
    /// The providers in order of preference: the first with a usable key is taken. Without any, the AI providers that
    /// are installed are tried in the order of their keys.
    #[serde(default)]
    #[schema(value_type = Vec<String>, required = false)]
    providers: Vec<ProviderKey>,
    /// The model, where the provider's own default is not wanted.
    #[serde(default)]
    model: Option<String>,
    /// Whether a key of the account above may be used where this account has connected none. It never hides a rejected
    /// key.
    #[serde(default)]
    #[schema(default = false)]
    inherit: bool,
}

impl From<AiSettingsView> for AiSettings {
    fn from(view: AiSettingsView) -> Self {
        Self {
            providers: view.providers,
            model: view.model,
            inherit: view.inherit,
        }
    }
}

impl From<Chosen> for AiSettings {
    fn from(chosen: Chosen) -> Self {
        Self {
            providers: chosen.providers,
            model: chosen.model,
            inherit: chosen.inherit,
        }
    }
}

impl From<AiSettings> for Chosen {
    fn from(settings: AiSettings) -> Self {
        Self {
            providers: settings.providers,
            model: settings.model,
            inherit: settings.inherit,
        }
    }
}

/// Read an account's AI settings.
#[utoipa::path(get, path = "/v1/accounts/{account}/ai-settings", tag = "AI config",
    params(("account" = String, Path, description = "The account's id.")),
    responses((status = 200, description = "The settings, with an `ETag`.", body = AiSettings)))]
async fn get_ai_settings(
    State(app): State<AppState>,
    AccountReader { account, .. }: AccountReader,
    min: MinPosition,
) -> Result<Response, Problem> {
    app.reached(ProjectionName::Accounts, min).await?;
    let found = app
        .projections
        .accounts()
        .get(&account)
        .await?
        .ok_or_else(Problem::not_found)?;
    let mut headers = HeaderMap::new();
    headers.insert(header::ETAG, etag_of_revision(found.account.revision));
    Ok((headers, Json(AiSettings::from(found.account.ai_settings))).into_response())
}

/// Choose an account's AI settings.
///
/// All of them at once; what is left out gets its default.
#[utoipa::path(put, path = "/v1/accounts/{account}/ai-settings", tag = "AI config", request_body = AiSettings,
    params(
        ("account" = String, Path, description = "The account's id."),
        ("If-Match" = Option<String>, Header, description = "Only if the settings are still as this `ETag` says."),
    ),
    responses((status = 200, description = "The settings.", body = AiSettings)))]
async fn put_ai_settings(
    State(app): State<AppState>,
    AccountWriter { caller, account }: AccountWriter,
    IfMatch(if_match): IfMatch,
    write: Write<AiSettings>,
) -> Result<Response, Problem> {
    let ctx = write.context(&app, &caller).await;
    let receipt = app
        .commands
        .choose_ai_settings(ctx, account, write.body.into(), if_match)
        .await?;
    app.visible(&[ProjectionName::Accounts, ProjectionName::AiConfig], receipt.position)
        .await;
    let revision = receipt.revision;
    let settings = match &receipt.value {
        Account::Open(profile) => AiSettings::from(profile.ai.clone()),
        Account::Unknown | Account::Closed => return Err(Problem::not_found()),
    };
    Ok(Written::ok(receipt.map(|_| settings)).tagged(revision).into_response())
}
