use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use commands::{CommandError, Context, ReleaseRequest};
use domain::integration::ConnectionStatus;
use domain::recipe::{FieldValues, Pairs};
use domain::{AccountId, CommandId, ConnectionName, Position, ProviderKey};
use projections::{ProjectionName, Refusal, Resolution, Source};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::key_report::StatusName;
use crate::auth::{At, ServiceFor};
use crate::extract::{MinPosition, Query};
use crate::problem::{Code, Problem};
use crate::state::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(get_ai_config))
        .routes(routes!(get_ai_config_of))
}

/// The headers of an answer, those that are added on its way out included.
const HEADERS: usize = 6;

/// Which key is wanted, and what for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct AiConfigQuery {
    /// The connection; `default` when left out.
    #[param(value_type = Option<String>)]
    connection: Option<ConnectionName>,
    /// What for, in the caller's words, for the history: at most 200 characters.
    purpose: Option<String>,
}

/// The account's key, ready to use. It is the one answer of this API that holds a secret.
#[derive(ToSchema)]
#[schema(example = json!({
    "account": "acme", "provider": "anthropic", "connection": "default", "credential_version": 2, "source": "account",
    "status": "connected",
    "request": {
        "base_url": "https://api.anthropic.com",
        "headers": {"anthropic-version": "2023-06-01", "x-api-key": "sk-ant-…"},
        "query": {}
    },
    "fields": {"api_key": "sk-ant-…"}, "model": null, "position": "1742"
}))]
pub(super) struct AiConfig<'a> {
    /// The account that it is for.
    #[schema(value_type = String)]
    pub(super) account: &'a AccountId,
    /// The provider.
    #[schema(value_type = String)]
    pub(super) provider: &'a ProviderKey,
    /// The connection.
    #[schema(value_type = String)]
    pub(super) connection: &'a ConnectionName,
    /// The version of the key.
    pub(super) credential_version: u32,
    /// Whose key it is: `account`, or `inherited:` and the id of the account above.
    #[schema(value_type = String)]
    pub(super) source: &'a str,
    /// How the connection is: `connected` or `unverified`.
    #[schema(value_type = StatusName)]
    pub(super) status: ConnectionStatus,
    /// Everything that a client needs for its next call; none for a provider whose row has no request.
    pub(super) request: Option<RequestParts<'a>>,
    /// The values of all fields.
    #[schema(value_type = BTreeMap<String, String>)]
    pub(super) fields: &'a FieldValues,
    /// The model to use, where the account chose one or the provider's row names one.
    #[schema(value_type = Option<String>)]
    pub(super) model: Option<&'a str>,
    /// Up to where the answer knows the log.
    #[schema(value_type = String)]
    pub(super) position: Position,
}

/// The ready parts of a request to the provider.
#[derive(ToSchema)]
pub(super) struct RequestParts<'a> {
    /// Scheme, host and the part of the path that all calls share.
    #[schema(value_type = String)]
    pub(super) base_url: &'a str,
    /// Headers to send.
    #[schema(value_type = BTreeMap<String, String>)]
    pub(super) headers: &'a Pairs,
    /// Query parameters to send, not encoded yet.
    #[schema(value_type = BTreeMap<String, String>)]
    pub(super) query: &'a Pairs,
}

/// Get the AI config.
///
/// For the first provider of the account's preference that has a usable key. The release stands in the history before
/// the key leaves, once per caller, key, purpose and 60 seconds. It is refused with `not-installed`, `disconnected`,
/// `credential-rejected`, `needs-reauth` or `account-closed`.
#[utoipa::path(get, path = "/v1/accounts/{account}/ai-config", tag = "AI config",
    params(("account" = String, Path, description = "The account's id."), AiConfigQuery),
    responses((status = 200, description = "The key, ready to use.", body = AiConfig<'_>)))]
async fn get_ai_config(
    State(app): State<AppState>,
    who: ServiceFor,
    min: MinPosition,
    Query(query): Query<AiConfigQuery>,
) -> Result<Response, Problem> {
    release(&app, who, None, min, query).await
}

/// Get the AI config of one provider.
///
/// As above, for this provider and no other.
#[utoipa::path(get, path = "/v1/accounts/{account}/ai-config/{provider}", tag = "AI config",
    params(
        ("account" = String, Path, description = "The account's id."),
        ("provider" = String, Path, description = "The provider's key."),
        AiConfigQuery,
    ),
    responses((status = 200, description = "The key, ready to use.", body = AiConfig<'_>)))]
async fn get_ai_config_of(
    State(app): State<AppState>,
    who: ServiceFor,
    At(provider): At<ProviderKey>,
    min: MinPosition,
    Query(query): Query<AiConfigQuery>,
) -> Result<Response, Problem> {
    release(&app, who, Some(provider), min, query).await
}

async fn release(
    app: &AppState,
    ServiceFor {
        caller,
        account,
        correlation,
    }: ServiceFor,
    provider: Option<ProviderKey>,
    min: MinPosition,
    query: AiConfigQuery,
) -> Result<Response, Problem> {
    app.reached(ProjectionName::AiConfig, min).await?;
    let queries = app.projections.ai_config();
    let resolved = queries
        .resolve(&account, provider.as_ref(), query.connection.as_ref())
        .await?;
    let Resolution {
        owner,
        provider,
        connection,
        source,
        model,
        position,
        ..
    } = resolved.map_err(refused)?;
    let on_behalf_of = (owner != account).then(|| account.clone());
    let request = ReleaseRequest {
        account: owner,
        provider,
        connection,
        principal: caller.principal(),
        purpose: query.purpose,
        on_behalf_of,
    };
    let ctx = || Context {
        actor: caller.actor(),
        command: CommandId::new(app.ids.uuid()),
        correlation,
        request: None,
    };
    let released = app.commands.release(ctx, &request).await.map_err(not_released)?;
    let inherited;
    answer(&AiConfig {
        account: &account,
        provider: &request.provider,
        connection: &request.connection,
        credential_version: released.version,
        source: match source {
            Source::Account => "account",
            Source::Inherited(_) => {
                inherited = source.to_string();
                &inherited
            }
        },
        status: released.status,
        request: released.request.as_ref().map(|parts| RequestParts {
            base_url: &parts.base_url,
            headers: &parts.headers,
            query: &parts.query,
        }),
        fields: &released.fields,
        model: model.as_deref(),
        position: position.max(released.position),
    })
}

fn refused(refusal: Refusal) -> Problem {
    let next = match refusal {
        Refusal::UnknownAccount => return Problem::not_found(),
        Refusal::AccountClosed => "Its keys are erased.",
        Refusal::NotInstalled => "Install it under Settings → Integrations, or choose another provider.",
        Refusal::Disconnected => "Save a key under Settings → Integrations.",
        Refusal::CredentialRejected => "Save another key under Settings → Integrations.",
        Refusal::NeedsReauth => "Do so under Settings → Integrations.",
    };
    Problem::refused(
        StatusCode::CONFLICT,
        refusal.code(),
        format!("No key is given: {refusal}. {next}"),
    )
}

fn not_released(error: CommandError) -> Problem {
    match error {
        CommandError::Invalid(problems) => {
            let message = problems
                .first()
                .map_or("it cannot be used", |problem| problem.message.as_str());
            Problem::field(Code::InvalidParameter, "/query/purpose", "invalid-purpose", message)
        }
        other => other.into(),
    }
}

/// The answer with its headers.
fn answer(config: &AiConfig<'_>) -> Result<Response, Problem> {
    let body = config.json().map_err(|error| Problem::internal(&error))?;
    let mut response = Response::new(Body::from(body));
    let headers = response.headers_mut();
    headers.reserve(HEADERS);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
