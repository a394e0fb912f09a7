use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use commands::{CommandError, Receipt};
use domain::ProviderKey;
use domain::provider::{Entry, Provider as Standing};
use domain::recipe::has_test;
use projections::{ProjectionName, ProviderStatus as Status, ProviderView};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::logo::{self, LogoRef, SEEN_IN};
use super::page::Page;
use super::provider_body::{Provider, ProviderChange, ProviderStatus};
use super::written::Written;
use crate::auth::{At, PlatformAdmin};
use crate::extract::{Act, IfMatch, MinPosition, PageQuery, Query, Write, cursor, etag_of_revision, page_size};
use crate::problem::{Code, Problem};
use crate::row_file::NewProvider;
use crate::state::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(add_provider, list_providers))
        .routes(routes!(get_provider, revise_provider))
        .routes(routes!(publish_provider))
        .routes(routes!(retire_provider))
        .routes(routes!(reinstate_provider))
}

/// The answer to a change of a row, once the change can be read.
pub(super) async fn written(app: &AppState, receipt: Receipt<Standing>) -> Result<Response, Problem> {
    answer(app, receipt, StatusCode::OK).await
}

async fn answer(app: &AppState, receipt: Receipt<Standing>, status: StatusCode) -> Result<Response, Problem> {
    app.visible(SEEN_IN, receipt.position).await;
    let revision = receipt.revision;
    let body = match &receipt.value {
        Standing::Absent => return Err(Problem::not_found()),
        Standing::Draft(entry) => shown(entry, ProviderStatus::Draft, revision),
        Standing::Published(entry) => shown(entry, ProviderStatus::Published, revision),
        Standing::Retired(entry) => shown(entry, ProviderStatus::Retired, revision),
    };
    let mut answer = Written::ok(receipt.map(|_| body)).tagged(revision);
    answer.status = status;
    Ok(answer.into_response())
}

fn shown(entry: &Entry, status: ProviderStatus, revision: u64) -> Provider {
    let row = &*entry.row;
    Provider {
        key: row.key.clone(),
        name: row.name.clone(),
        category: row.category.clone(),
        description: row.description.clone(),
        auth: row.auth,
        credential: row.credential.clone(),
        help: row.help.clone(),
        recipe: row.recipe.clone(),
        logo: entry.logo.map(LogoRef::from),
        status,
        tested: has_test(row),
        revision,
        added_at: None,
        changed_at: None,
    }
}

impl From<ProviderView> for Provider {
    fn from(view: ProviderView) -> Self {
        let row = view.row;
        Self {
            tested: has_test(&row),
            key: row.key,
            name: row.name,
            category: row.category,
            description: row.description,
            auth: row.auth,
            credential: row.credential,
            help: row.help,
            recipe: row.recipe,
            logo: view.logo.map(LogoRef::from),
            status: match view.status {
                Status::Draft => ProviderStatus::Draft,
                Status::Published => ProviderStatus::Published,
                Status::Retired => ProviderStatus::Retired,
            },
            revision: view.revision,
            added_at: Some(view.added_at),
            changed_at: Some(view.changed_at),
        }
    }
}

fn refused(error: CommandError) -> Problem {
    Problem::of_command(error, Code::ProviderInvalid)
}

/// Add a provider.
///
/// It is live in the marketplace within a second, with no code and no deploy. `publish: false` keeps a draft. The linter
/// refuses a row that could send a key anywhere but to its provider, and names the fields.
#[utoipa::path(post, path = "/v1/providers", tag = "Providers", request_body = NewProvider,
    responses((status = 201, description = "The row, with its `ETag`.", body = Provider)))]
async fn add_provider(
    State(app): State<AppState>,
    PlatformAdmin(caller): PlatformAdmin,
    write: Write<NewProvider>,
) -> Result<Response, Problem> {
    let ctx = write.context(&app, &caller).await;
    let (row, logo, publish) = write.body.into_parts();
    let logo = match logo {
        Some(url) => Some(logo::decoded(url).await?),
        None => None,
    };
    let receipt = app
        .commands
        .add_provider(ctx, row, logo, publish)
        .await
        .map_err(refused)?;
    answer(&app, receipt, StatusCode::CREATED).await
}

/// List the rows.
///
/// Drafts and retired ones too, in the order of their keys.
#[utoipa::path(get, path = "/v1/providers", tag = "Providers", params(PageQuery),
    responses((status = 200, description = "A page of rows.", body = Page<Provider>)))]
async fn list_providers(
    State(app): State<AppState>,
    _: PlatformAdmin,
    min: MinPosition,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Provider>>, Problem> {
    app.reached(ProjectionName::Catalog, min).await?;
    let after = cursor::<ProviderKey>(page.cursor.as_deref())?;
    let limit = page_size(page.limit)? as usize;
    let all = app.projections.catalog().providers().await?;
    let mut rest = all
        .into_iter()
        .filter(|view| after.as_ref().is_none_or(|after| view.row.key > *after));
    let items: Vec<_> = rest.by_ref().take(limit).map(Provider::from).collect();
    let next_cursor = rest.next().and(items.last()).map(|last| last.key.to_string());
    Ok(Json(Page { items, next_cursor }))
}

/// Read a row.
#[utoipa::path(get, path = "/v1/providers/{provider}", tag = "Providers",
    params(("provider" = String, Path, description = "The provider's key.")),
    responses((status = 200, description = "The row, with its `ETag`.", body = Provider)))]
async fn get_provider(
    State(app): State<AppState>,
    _: PlatformAdmin,
    At(key): At<ProviderKey>,
    min: MinPosition,
) -> Result<Response, Problem> {
    app.reached(ProjectionName::Catalog, min).await?;
    let view = app
        .projections
        .catalog()
        .provider(&key)
        .await?
        .ok_or_else(Problem::not_found)?;
    let mut headers = HeaderMap::new();
    headers.insert(header::ETAG, etag_of_revision(view.revision));
    Ok((headers, Json(Provider::from(view))).into_response())
}

/// Revise a row.
///
/// What is left out stays as it is. The key never changes. Connections keep working through a change of the recipe.
#[utoipa::path(patch, path = "/v1/providers/{provider}", tag = "Providers", request_body = ProviderChange,
    params(
        ("provider" = String, Path, description = "The provider's key."),
        ("If-Match" = Option<String>, Header, description = "Only if the row is still as this `ETag` says."),
    ),
    responses((status = 200, description = "The row, with its new `ETag`.", body = Provider)))]
async fn revise_provider(
    State(app): State<AppState>,
    PlatformAdmin(caller): PlatformAdmin,
    At(key): At<ProviderKey>,
    IfMatch(if_match): IfMatch,
    write: Write<ProviderChange>,
) -> Result<Response, Problem> {
    let ctx = write.context(&app, &caller).await;
    if write.body.key.as_ref().is_some_and(|named| *named != key) {
        let message = "the key of a provider never changes: add another row instead";
        return Err(Problem::field(Code::ProviderInvalid, "/key", "key-immutable", message));
    }
    let receipt = app
        .commands
        .revise_provider(ctx, key, write.body.into(), if_match)
        .await
        .map_err(refused)?;
    written(&app, receipt).await
}

/// Publish a draft.
#[utoipa::path(post, path = "/v1/providers/{provider}/publish", tag = "Providers",
    params(
        ("provider" = String, Path, description = "The provider's key."),
        ("If-Match" = Option<String>, Header, description = "Only if the row is still as this `ETag` says."),
    ),
    responses((status = 200, description = "The row, which is live.", body = Provider)))]
async fn publish_provider(
    State(app): State<AppState>,
    PlatformAdmin(caller): PlatformAdmin,
    At(key): At<ProviderKey>,
    IfMatch(if_match): IfMatch,
    act: Act,
) -> Result<Response, Problem> {
    let ctx = act.context(&app, &caller).await;
    let receipt = app.commands.publish(ctx, key, if_match).await?;
    written(&app, receipt).await
}

/// Retire a row.
///
/// It leaves the marketplace; what accounts connected goes on working.
#[utoipa::path(post, path = "/v1/providers/{provider}/retire", tag = "Providers",
    params(
        ("provider" = String, Path, description = "The provider's key."),
        ("If-Match" = Option<String>, Header, description = "Only if the row is still as this `ETag` says."),
    ),
    responses((status = 200, description = "The row, which is retired.", body = Provider)))]
async fn retire_provider(
    State(app): State<AppState>,
    PlatformAdmin(caller): PlatformAdmin,
    At(key): At<ProviderKey>,
    IfMatch(if_match): IfMatch,
    act: Act,
) -> Result<Response, Problem> {
    let ctx = act.context(&app, &caller).await;
    let receipt = app.commands.retire(ctx, key, if_match).await?;
    written(&app, receipt).await
}

/// Bring a retired row back.
#[utoipa::path(post, path = "/v1/providers/{provider}/reinstate", tag = "Providers",
    params(
        ("provider" = String, Path, description = "The provider's key."),
        ("If-Match" = Option<String>, Header, description = "Only if the row is still as this `ETag` says."),
    ),
    responses((status = 200, description = "The row, which is live again.", body = Provider)))]
async fn reinstate_provider(
    State(app): State<AppState>,
    PlatformAdmin(caller): PlatformAdmin,
    At(key): At<ProviderKey>,
    IfMatch(if_match): IfMatch,
    act: Act,
) -> Result<Response, Problem> {
    let ctx = act.context(&app, &caller).await;
    let receipt = app.commands.reinstate(ctx, key, if_match).await?;
    written(&app, receipt).await
}
