use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use commands::{CommandError, NewToken};
use domain::token::{AccountScope, Role};
use domain::{AccountId, TokenId};
use projections::{ProjectionName, TokenView};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::page::Page;
use super::written::{Done, Written};
use crate::auth::{At, PlatformAdmin, format};
use crate::extract::{Act, MinPosition, PageQuery, Query, Write, cursor, page_size, time};
use crate::problem::{Code, Problem};
use crate::state::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(issue_token, list_tokens))
        .routes(routes!(revoke_token))
}

/// A token to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Acme's own backend", "role": "account_admin", "account": "acme"}))]
struct TokenRequest {
    /// What people call it.
    name: String,
    /// What it may do.
    #[schema(value_type = RoleName)]
    role: Role,
    /// The account that it is good for. The account roles need one; an auditor and a service without any are good for
    /// all accounts.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    account: Option<AccountId>,
    /// The accounts that a service token is good for, when there are several.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    accounts: Option<Vec<AccountId>>,
    /// After this it is refused; never when left out.
    #[serde(default, deserialize_with = "time")]
    expires_at: Option<DateTime<Utc>>,
}

/// What a token may do.
#[derive(Serialize, ToSchema)]
#[schema(as = Role)]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "it describes `domain::token::Role` to the document")]
pub(super) enum RoleName {
    /// Catalog, accounts and tokens. Never sees a secret.
    PlatformAdmin,
    /// All that an account can do.
    AccountOwner,
    /// Installs, connects, tests, disconnects.
    AccountAdmin,
    /// Reads an account's settings and history.
    AccountViewer,
    /// Reads the log. Never sees a secret.
    Auditor,
    /// Asks for keys by `ai-config`, and nothing else.
    Service,
}

/// A token that was made. Its text is shown this once.
#[derive(Serialize, ToSchema)]
struct TokenIssued {
    /// By this it is revoked.
    #[schema(value_type = uuid::Uuid)]
    id: TokenId,
    /// The token. Keep it now: it is not shown again.
    #[schema(example = "soc_5xVn1t…")]
    token: String,
    /// After this it is refused.
    expires_at: Option<DateTime<Utc>>,
}

/// A token as people see it: not the token itself.
#[derive(Serialize, ToSchema)]
struct Token {
    /// By this it is revoked.
    #[schema(value_type = uuid::Uuid)]
    id: TokenId,
    /// What people call it.
    name: String,
    /// What it may do.
    #[schema(value_type = RoleName)]
    role: Role,
    /// For which accounts; none for all.
    #[schema(value_type = Option<Vec<String>>)]
    accounts: Option<BTreeSet<AccountId>>,
    /// When it was made.
    issued_at: DateTime<Utc>,
    /// After this it is refused.
    expires_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    revoked_at: Option<DateTime<Utc>>,
}

impl From<TokenView> for Token {
    fn from(view: TokenView) -> Self {
        Self {
            id: view.id,
            name: view.name,
            role: view.role,
            accounts: match view.accounts {
                AccountScope::All => None,
                AccountScope::Only(accounts) => Some(accounts),
            },
            issued_at: view.issued_at,
            expires_at: view.expires_at,
            revoked_at: view.revoked_at,
        }
    }
}

/// Make a token.
///
/// It can be used as soon as the answer is there. The text is shown this once: when the answer is lost, revoke the token
/// and make another.
#[utoipa::path(post, path = "/v1/tokens", tag = "Tokens", request_body = TokenRequest,
    responses((status = 201, description = "The token.", body = TokenIssued)))]
async fn issue_token(
    State(app): State<AppState>,
    PlatformAdmin(caller): PlatformAdmin,
    write: Write<TokenRequest>,
) -> Result<Response, Problem> {
    let ctx = write.context(&app, &caller).await;
    let request = write.body;
    let text = format::generate().map_err(|error| Problem::internal(&error))?;
    let sha256 = format::digest_of(&text);
    let new = NewToken {
        name: request.name,
        sha256,
        role: request.role,
        accounts: scope(request.account, request.accounts.as_deref())?,
        expires_at: request.expires_at,
    };
    let issued = app.commands.issue_token(ctx, new).await;
    let receipt = issued.map_err(|error| placed(error, request.accounts.as_deref()))?;
    if receipt.value.sha256 != sha256 {
        let detail = format!(
            "This request made the token {} before, and its text is shown only once. Revoke it and make another.",
            receipt.value.id
        );
        return Err(Problem::new(Code::TokenShown, detail));
    }
    app.visible(&[ProjectionName::Tokens], receipt.position).await;
    let body = receipt.map(|issued| TokenIssued {
        id: issued.id,
        token: text.expose_secret().to_owned(),
        expires_at: request.expires_at,
    });
    Ok(Written::created(body).into_response())
}

/// A refusal that names the accounts as they stand in this body: alone, or in a list in the caller's order.
fn placed(error: CommandError, accounts: Option<&[AccountId]>) -> Problem {
    let CommandError::Invalid(mut problems) = error else {
        return error.into();
    };
    for problem in &mut problems {
        let Some(place) = problem.pointer.strip_prefix("/account") else {
            continue;
        };
        let sorted: BTreeSet<_> = accounts.unwrap_or_default().iter().collect();
        let index = place.strip_prefix("s/").and_then(|index| index.parse().ok());
        let named = index.and_then(|index: usize| sorted.into_iter().nth(index));
        let sent = named.and_then(|id| accounts?.iter().position(|account| account == id));
        problem.pointer = match (accounts, sent) {
            (None, _) => "/account".to_owned(),
            (Some(_), None) => "/accounts".to_owned(),
            (Some(_), Some(index)) => format!("/accounts/{index}"),
        };
    }
    CommandError::Invalid(problems).into()
}

fn scope(account: Option<AccountId>, accounts: Option<&[AccountId]>) -> Result<AccountScope, Problem> {
    match (account, accounts) {
        (None, None) => Ok(AccountScope::All),
        (Some(account), None) => Ok(AccountScope::Only(BTreeSet::from([account]))),
        (None, Some(accounts)) => Ok(AccountScope::Only(accounts.iter().cloned().collect())),
        (Some(_), Some(_)) => {
            let message = "send `account` or `accounts`, not both";
            Err(Problem::field(
                Code::InvalidRequest,
                "/accounts",
                "invalid-value",
                message,
            ))
        }
    }
}

/// List the tokens.
///
/// Revoked and expired ones too, in the order of their ids, which is not that of time: a token that is made meanwhile may
/// belong on a page that you have read.
#[utoipa::path(get, path = "/v1/tokens", tag = "Tokens", params(PageQuery),
    responses((status = 200, description = "A page of tokens.", body = Page<Token>)))]
async fn list_tokens(
    State(app): State<AppState>,
    _: PlatformAdmin,
    min: MinPosition,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Token>>, Problem> {
    app.reached(ProjectionName::Tokens, min).await?;
    let after = cursor::<TokenId>(page.cursor.as_deref())?;
    let found = app.projections.tokens().list(after, page_size(page.limit)?).await?;
    Ok(Json(Page {
        items: found.items.into_iter().map(Token::from).collect(),
        next_cursor: found.next.map(|id| id.to_string()),
    }))
}

/// Revoke a token.
///
/// It is refused from the moment of the answer on, by every other node within a second. Revoking it again changes nothing.
#[utoipa::path(delete, path = "/v1/tokens/{token}", tag = "Tokens",
    params(("token" = uuid::Uuid, Path, description = "The token's id.")),
    responses((status = 204, description = "It is revoked.")))]
async fn revoke_token(
    State(app): State<AppState>,
    PlatformAdmin(caller): PlatformAdmin,
    At(token): At<TokenId>,
    act: Act,
) -> Result<Done, Problem> {
    let ctx = act.context(&app, &caller).await;
    let receipt = app.commands.revoke_token(ctx, token).await?;
    app.standing.revoke(token);
    app.visible(&[ProjectionName::Tokens], receipt.position).await;
    Ok(Done(receipt.position))
}
