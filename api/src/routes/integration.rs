use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use commands::CommandError;
use domain::ProviderKey;
use projections::{AsOf, ProjectionName};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::integration_view::{Integration, with_hints};
use super::key_report::KeyReport;
use super::written::{Done, Written};
use crate::auth::{AccountReader, AccountWriter, At};
use crate::extract::{Act, IfMatch, MinPosition, Query, Write, etag_of_revision, moment};
use crate::problem::{Code, Problem};
use crate::schema::SecretFields;
use crate::state::AppState;

/// Where a change of an integration is seen.
pub(super) const SEEN_IN: &[ProjectionName] = &[ProjectionName::Integrations, ProjectionName::AiConfig];

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(install, list_integrations))
        .routes(routes!(get_integration, uninstall))
}

/// A provider to install, with its key or without.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"provider": "mailchimp", "credential": {"api_key": "0123456789abcdef0123456789abcdef-us19"}}))]
struct InstallRequest {
    /// The provider's key.
    #[schema(value_type = String)]
    provider: ProviderKey,
    /// The fields of the connect form; left out for "I'll add it later".
    #[serde(default)]
    credential: Option<SecretFields>,
}

/// What an installation did.
#[derive(Serialize, ToSchema)]
struct Installed {
    /// The provider.
    #[schema(value_type = String)]
    provider: ProviderKey,
    /// What became of the key; none for "I'll add it later".
    key: Option<KeyReport>,
}

/// The integrations of an account.
#[derive(Serialize, ToSchema)]
struct Integrations {
    /// What is installed, in the order of the providers' names.
    items: Vec<Integration>,
}

/// When to look.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Moment {
    /// As it was at this time (RFC 3339) or position. Masked hints are not part of the past: they are erased with their
    /// keys.
    #[serde(default, deserialize_with = "moment")]
    #[param(value_type = Option<String>)]
    pub(super) as_of: Option<AsOf>,
}

/// Install an integration.
///
/// With a key it is saved and tested at once; without one the connection waits as *disconnected*. A key that the provider
/// refuses is saved all the same, as *rejected*.
#[utoipa::path(post, path = "/v1/accounts/{account}/integrations", tag = "Integrations", request_body = InstallRequest,
    params(("account" = String, Path, description = "The account's id.")),
    responses((status = 201, description = "It is installed.", body = Installed)))]
async fn install(
    State(app): State<AppState>,
    AccountWriter { caller, account }: AccountWriter,
    write: Write<InstallRequest>,
) -> Result<Response, Problem> {
    let ctx = write.context(&app, &caller).await;
    let InstallRequest { provider, credential } = write.body;
    let fields = credential.map(SecretFields::keys).transpose().map_err(refused)?;
    let installed = app
        .commands
        .install(ctx, account, provider.clone(), fields)
        .await
        .map_err(refused)?;
    app.visible(SEEN_IN, installed.position).await;
    let receipt = installed.map(|installed| Installed {
        provider,
        key: installed.key.map(KeyReport::from),
    });
    Ok(Written::created(receipt).into_response())
}

/// A provider that is missing or not live is a fault of the body, and drafts are nobody's business.
fn refused(error: CommandError) -> Problem {
    match error {
        CommandError::NotFound("provider")
        | CommandError::Rejected {
            code: "provider-not-published",
            ..
        } => {
            let message = "there is no such provider in the catalog";
            Problem::field(Code::InvalidRequest, "/provider", "provider-unknown", message)
        }
        CommandError::Invalid(problems) => {
            // The fields stand under another name in this body.
            let moved = problems.into_iter().map(|mut problem| {
                if let Some(rest) = problem.pointer.strip_prefix("/fields") {
                    problem.pointer = format!("/credential{rest}");
                }
                problem
            });
            Problem::of_command(CommandError::Invalid(moved.collect()), Code::CredentialInvalid)
        }
        other => other.into(),
    }
}

/// List an account's integrations.
///
/// What Settings shows: connections, their state and masked hints of their keys, never a key.
#[utoipa::path(get, path = "/v1/accounts/{account}/integrations", tag = "Integrations",
    params(("account" = String, Path, description = "The account's id."), Moment),
    responses((status = 200, description = "The integrations.", body = Integrations)))]
async fn list_integrations(
    State(app): State<AppState>,
    AccountReader { account, .. }: AccountReader,
    min: MinPosition,
    Query(Moment { as_of }): Query<Moment>,
) -> Result<Json<Integrations>, Problem> {
    app.reached_for(&account, &[ProjectionName::Integrations, ProjectionName::Accounts], min)
        .await?;
    app.projections
        .accounts()
        .get(&account)
        .await?
        .ok_or_else(Problem::not_found)?;
    let queries = app.projections.integrations();
    let views = match as_of {
        None => queries.list(&account).await?,
        Some(as_of) => queries.list_as_of(&*app.log, &account, as_of).await?,
    };
    let items = with_hints(&app, &account, views, as_of.is_none()).await?;
    Ok(Json(Integrations { items }))
}

/// Read one of an account's integrations.
#[utoipa::path(get, path = "/v1/accounts/{account}/integrations/{provider}", tag = "Integrations",
    params(
        ("account" = String, Path, description = "The account's id."),
        ("provider" = String, Path, description = "The provider's key."),
        Moment,
    ),
    responses((status = 200, description = "The integration, with an `ETag`.", body = Integration)))]
async fn get_integration(
    State(app): State<AppState>,
    AccountReader { account, .. }: AccountReader,
    At(provider): At<ProviderKey>,
    min: MinPosition,
    Query(Moment { as_of }): Query<Moment>,
) -> Result<Response, Problem> {
    app.reached_for(&account, &[ProjectionName::Integrations], min).await?;
    let queries = app.projections.integrations();
    let view = match as_of {
        None => queries.get(&account, &provider).await?,
        Some(as_of) => queries.get_as_of(&*app.log, &account, &provider, as_of).await?,
    };
    let view = view.ok_or_else(Problem::not_found)?;
    let mut headers = HeaderMap::new();
    headers.insert(header::ETAG, etag_of_revision(view.revision));
    let mut shown = with_hints(&app, &account, vec![view], as_of.is_none()).await?;
    let integration = shown.pop().ok_or_else(Problem::not_found)?;
    Ok((headers, Json(integration)).into_response())
}

/// Uninstall an integration.
///
/// Every key of it is erased.
#[utoipa::path(delete, path = "/v1/accounts/{account}/integrations/{provider}", tag = "Integrations",
    params(
        ("account" = String, Path, description = "The account's id."),
        ("provider" = String, Path, description = "The provider's key."),
        ("If-Match" = Option<String>, Header, description = "Only if the integration is still as this `ETag` says."),
    ),
    responses((status = 204, description = "It is off the account's list.")))]
async fn uninstall(
    State(app): State<AppState>,
    AccountWriter { caller, account }: AccountWriter,
    At(provider): At<ProviderKey>,
    IfMatch(if_match): IfMatch,
    act: Act,
) -> Result<Done, Problem> {
    let ctx = act.context(&app, &caller).await;
    let receipt = app.commands.uninstall(ctx, account, provider, if_match).await?;
    app.visible(SEEN_IN, receipt.position).await;
    Ok(Done(receipt.position))
}
