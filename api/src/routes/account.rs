use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use commands::NewAccount;
use domain::AccountId;
use domain::account::Account as AccountState;
use projections::{AccountDetail, AccountStatus as Status, AccountView, ProjectionName};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ai_settings::AiSettings;
use super::page::Page;
use super::written::{Done, Written};
use crate::auth::{At, PlatformAdmin};
use crate::extract::{Act, MinPosition, Query, Write, cursor, number, page_size};
use crate::problem::Problem;
use crate::state::AppState;

/// Where a change of an account is seen.
const SEEN_IN: &[ProjectionName] = &[ProjectionName::Accounts, ProjectionName::AiConfig];

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(open_account, list_accounts))
        .routes(routes!(get_account))
        .routes(routes!(close_account))
}

/// An account to open.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"id": "acme", "name": "Acme Ltd", "parent": "agency-7"}))]
struct AccountRequest {
    /// Chosen by the host platform. It is never used again, not even after the account is closed.
    #[schema(value_type = String, pattern = "^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")]
    id: AccountId,
    /// The name that people read.
    name: String,
    /// The account above it: an agency, or the platform itself. It never changes.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    parent: Option<AccountId>,
}

/// An account.
#[derive(Debug, Serialize, ToSchema)]
struct Account {
    /// Its id.
    #[schema(value_type = String)]
    id: AccountId,
    /// The name that people read.
    name: String,
    /// The account above it.
    #[schema(value_type = Option<String>)]
    parent: Option<AccountId>,
    /// Whether it is in use.
    status: AccountStatus,
    /// Which AI providers its services use.
    ai_settings: AiSettings,
    /// When it was opened; on lists and single reads.
    #[serde(skip_serializing_if = "Option::is_none")]
    opened_at: Option<DateTime<Utc>>,
    /// When it was closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_at: Option<DateTime<Utc>>,
    /// The accounts above it, its parent first; on single reads.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<String>>)]
    ancestors: Option<Vec<AccountId>>,
}

/// Whether an account is in use.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum AccountStatus {
    /// It is.
    Open,
    /// It was closed for ever, and every key of it erased.
    Closed,
}

impl From<AccountView> for Account {
    fn from(view: AccountView) -> Self {
        Self {
            id: view.id,
            name: view.name,
            parent: view.parent,
            status: match view.status {
                Status::Open => AccountStatus::Open,
                Status::Closed => AccountStatus::Closed,
            },
            ai_settings: view.ai_settings.into(),
            opened_at: Some(view.opened_at),
            closed_at: view.closed_at,
            ancestors: None,
        }
    }
}

impl From<AccountDetail> for Account {
    fn from(detail: AccountDetail) -> Self {
        Self {
            ancestors: Some(detail.ancestors),
            ..Self::from(detail.account)
        }
    }
}

/// Which accounts are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct AccountQuery {
    /// Only those directly below this account.
    #[param(value_type = Option<String>)]
    parent: Option<AccountId>,
    /// How many items at most.
    #[serde(default, deserialize_with = "number")]
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// Where to go on: the `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Open an account.
///
/// The host platform tells of its accounts. They form a tree: platform, agency, sub-account.
#[utoipa::path(post, path = "/v1/accounts", tag = "Accounts", request_body = AccountRequest,
    responses((status = 201, description = "The account.", body = Account)))]
async fn open_account(
    State(app): State<AppState>,
    PlatformAdmin(caller): PlatformAdmin,
    write: Write<AccountRequest>,
) -> Result<Response, Problem> {
    let ctx = write.context(&app, &caller).await;
    let AccountRequest { id, name, parent } = write.body;
    let new = NewAccount {
        id: id.clone(),
        name,
        parent,
    };
    let receipt = app.commands.open_account(ctx, new).await?;
    app.visible(SEEN_IN, receipt.position).await;
    let account = match &receipt.value {
        AccountState::Open(profile) => Account {
            id,
            name: profile.name.clone(),
            parent: profile.parent.clone(),
            status: AccountStatus::Open,
            ai_settings: profile.ai.clone().into(),
            opened_at: None,
            closed_at: None,
            ancestors: None,
        },
        AccountState::Unknown | AccountState::Closed => return Err(Problem::not_found()),
    };
    Ok(Written::created(receipt.map(|_| account)).into_response())
}

/// List the accounts.
#[utoipa::path(get, path = "/v1/accounts", tag = "Accounts", params(AccountQuery),
    responses((status = 200, description = "A page of accounts, in the order of their ids.", body = Page<Account>)))]
async fn list_accounts(
    State(app): State<AppState>,
    _: PlatformAdmin,
    min: MinPosition,
    Query(query): Query<AccountQuery>,
) -> Result<Json<Page<Account>>, Problem> {
    app.reached(ProjectionName::Accounts, min).await?;
    let after = cursor::<AccountId>(query.cursor.as_deref())?;
    let limit = page_size(query.limit)?;
    let found = app
        .projections
        .accounts()
        .list(query.parent.as_ref(), after.as_ref(), limit)
        .await?;
    Ok(Json(Page {
        items: found.items.into_iter().map(Account::from).collect(),
        next_cursor: found.next.map(|id| id.to_string()),
    }))
}

/// Read an account.
#[utoipa::path(get, path = "/v1/accounts/{account}", tag = "Accounts",
    params(("account" = String, Path, description = "The account's id.")),
    responses((status = 200, description = "The account.", body = Account)))]
async fn get_account(
    State(app): State<AppState>,
    _: PlatformAdmin,
    At(account): At<AccountId>,
    min: MinPosition,
) -> Result<Json<Account>, Problem> {
    app.reached(ProjectionName::Accounts, min).await?;
    let found = app.projections.accounts().get(&account).await?;
    found.map(|detail| Json(detail.into())).ok_or_else(Problem::not_found)
}

/// Close an account for ever.
///
/// Every key of it is erased: nobody can read them again. Its history stays.
#[utoipa::path(post, path = "/v1/accounts/{account}/close", tag = "Accounts",
    params(("account" = String, Path, description = "The account's id.")),
    responses((status = 204, description = "It is closed, and its keys are erased.")))]
async fn close_account(
    State(app): State<AppState>,
    PlatformAdmin(caller): PlatformAdmin,
    At(account): At<AccountId>,
    act: Act,
) -> Result<Done, Problem> {
    let ctx = act.context(&app, &caller).await;
    let receipt = app.commands.close_account(ctx, account).await?;
    app.visible(SEEN_IN, receipt.position).await;
    Ok(Done(receipt.position))
}
