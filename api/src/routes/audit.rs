use axum::Json;
use axum::extract::State;
use domain::integration::ConnectionStatus;
use domain::token::AccountScope;
use domain::{AccountId, ConnectionName, CredentialId, Position, ProviderKey};
use projections::{AuditFilter, CredentialLife as LifeView, LifeStep as StepView, ProjectionName};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::event::Event;
use super::history::EventPage;
use super::key_report::StatusName;
use crate::auth::{At, Auditor, Caller};
use crate::extract::{MinPosition, Query, at_most, number, page_size, place};
use crate::problem::Problem;
use crate::state::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(audit_events))
        .routes(routes!(audit_credential))
}

/// More than the name of a type of event has, in characters.
const MAX_TYPE: usize = 100;

/// As many characters as the id of an actor can have: `oidc:` and the longest subject of an identity provider.
const MAX_ACTOR: usize = 260;

/// Which events are wanted. Conditions that are left out hold for every event.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct AuditQuery {
    /// Those that concern this account.
    #[param(value_type = Option<String>)]
    account: Option<AccountId>,
    /// Those that concern this provider.
    #[param(value_type = Option<String>)]
    provider: Option<ProviderKey>,
    /// Those of this type, such as `CredentialReleased`.
    #[serde(rename = "type")]
    #[param(rename = "type", max_length = 100)]
    kind: Option<String>,
    /// Those that this actor asked for.
    #[param(max_length = 260)]
    actor: Option<String>,
    /// Those after this position: the `next` of the page before.
    #[param(value_type = Option<String>)]
    after: Option<Position>,
    /// How many events at most.
    #[serde(default, deserialize_with = "number")]
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
}

/// Which part of a credential's life is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct LifeQuery {
    /// Steps after this position: the `next` of the page before.
    #[param(value_type = Option<String>)]
    after: Option<Position>,
    /// How many steps at most.
    #[serde(default, deserialize_with = "number")]
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
}

/// The life of a credential, or a part of it.
#[derive(Debug, Serialize, ToSchema)]
struct CredentialLife {
    /// The credential.
    #[schema(value_type = uuid::Uuid)]
    credential: CredentialId,
    /// The account that owns it.
    #[schema(value_type = String)]
    account: AccountId,
    /// The provider.
    #[schema(value_type = String)]
    provider: ProviderKey,
    /// The connection.
    #[schema(value_type = String)]
    connection: ConnectionName,
    /// What happened, in order.
    steps: Vec<LifeStep>,
    /// Ask for the steps after this position to go on.
    #[schema(value_type = String)]
    next: Position,
    /// Whether there was more when this was read.
    more: bool,
}

/// An event in the life of a credential.
#[derive(Debug, Serialize, ToSchema)]
struct LifeStep {
    /// The event.
    event: Event,
    /// How the credential was after it.
    state: CredentialState,
}

/// How a credential was at some time.
#[derive(Debug, Serialize, ToSchema)]
struct CredentialState {
    /// How its connection was.
    #[schema(value_type = StatusName)]
    status: ConnectionStatus,
    /// The version in use.
    current: Option<u32>,
    /// The version that waited for a test.
    candidate: Option<u32>,
    /// Superseded versions that were still valid.
    retiring: Vec<u32>,
    /// Versions whose secrets were destroyed.
    erased: Vec<u32>,
}

impl From<LifeView> for CredentialLife {
    fn from(life: LifeView) -> Self {
        Self {
            credential: life.credential,
            account: life.account,
            provider: life.provider,
            connection: life.connection,
            steps: life.steps.into_iter().map(LifeStep::from).collect(),
            next: life.next,
            more: life.more,
        }
    }
}

impl From<StepView> for LifeStep {
    fn from(step: StepView) -> Self {
        let state = step.state;
        Self {
            event: step.event.into(),
            state: CredentialState {
                status: state.status,
                current: state.current,
                candidate: state.candidate,
                retiring: state.retiring,
                erased: state.erased,
            },
        }
    }
}

/// Read the log.
///
/// In the order of the log, without gaps: go on with `after` set to `next`, now or next year. An auditor of one account
/// sees what concerns it.
#[utoipa::path(get, path = "/v1/audit/events", tag = "History and audit", params(AuditQuery),
    responses((status = 200, description = "A page of events.", body = EventPage)))]
async fn audit_events(
    State(app): State<AppState>,
    Auditor(caller): Auditor,
    min: MinPosition,
    Query(query): Query<AuditQuery>,
) -> Result<Json<EventPage>, Problem> {
    app.reached(ProjectionName::History, min).await?;
    let filter = AuditFilter {
        account: visible_account(&caller, query.account)?,
        provider: query.provider,
        kind: at_most("type", query.kind, MAX_TYPE)?,
        actor: at_most("actor", query.actor, MAX_ACTOR)?,
        after: place(query.after)?,
        limit: page_size(query.limit)?,
        ..AuditFilter::default()
    };
    Ok(Json(app.projections.history().events(&filter).await?.into()))
}

/// The account to look at: the auditor's own when it has one, and no other.
fn visible_account(caller: &Caller, asked: Option<AccountId>) -> Result<Option<AccountId>, Problem> {
    let AccountScope::Only(own) = caller.accounts() else {
        return Ok(asked);
    };
    match asked {
        Some(asked) if own.contains(&asked) => Ok(Some(asked)),
        Some(_) => Err(Problem::not_found()),
        // A token of an auditor is good for one account or for all.
        None => own.first().cloned().map(Some).ok_or_else(Problem::not_found),
    }
}

/// Replay a credential.
///
/// Everything that ever happened to it, who was given it and what for, and how it stood after each step.
#[utoipa::path(get, path = "/v1/audit/credentials/{credential}", tag = "History and audit",
    params(("credential" = uuid::Uuid, Path, description = "The credential's id."), LifeQuery),
    responses((status = 200, description = "A page of its life.", body = CredentialLife)))]
async fn audit_credential(
    State(app): State<AppState>,
    Auditor(caller): Auditor,
    At(credential): At<CredentialId>,
    min: MinPosition,
    Query(query): Query<LifeQuery>,
) -> Result<Json<CredentialLife>, Problem> {
    app.reached(ProjectionName::History, min).await?;
    let (after, limit) = (place(query.after)?, page_size(query.limit)?);
    let history = app.projections.history();
    let of = |account: &AccountId| caller.accounts().contains(account);
    let life = history.credential(credential, of, after, limit).await?;
    Ok(Json(life.ok_or_else(Problem::not_found)?.into()))
}
