use axum::Json;
use axum::extract::State;
use domain::{Position, ProviderKey};
use projections::{HistoryPage as PageView, ProjectionName};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::event::Event;
use crate::auth::{At, HistoryReader};
use crate::extract::{MinPosition, Query, number, page_size, place};
use crate::problem::Problem;
use crate::state::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_history))
}

/// Which part of the history is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct HistoryQuery {
    /// Events after this position: the `next` of the page before.
    #[param(value_type = Option<String>)]
    after: Option<Position>,
    /// How many events at most.
    #[serde(default, deserialize_with = "number")]
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
}

/// Some events, in the order of the log.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EventPage {
    /// The events.
    items: Vec<Event>,
    /// Ask for the events after this position to go on. No event is ever missed by doing so.
    #[schema(value_type = String)]
    next: Position,
    /// Whether there was more when this was read.
    more: bool,
}

impl From<PageView> for EventPage {
    fn from(page: PageView) -> Self {
        Self {
            items: page.events.into_iter().map(Event::from).collect(),
            next: page.next,
            more: page.more,
        }
    }
}

/// Read an integration's history.
///
/// Everything that happened to an account's connections to a provider, releases of its keys included, and no secret.
#[utoipa::path(get, path = "/v1/accounts/{account}/integrations/{provider}/history", tag = "History and audit",
    params(
        ("account" = String, Path, description = "The account's id."),
        ("provider" = String, Path, description = "The provider's key."),
        HistoryQuery,
    ),
    responses((status = 200, description = "A page of events.", body = EventPage)))]
async fn get_history(
    State(app): State<AppState>,
    HistoryReader { account, .. }: HistoryReader,
    At(provider): At<ProviderKey>,
    min: MinPosition,
    Query(query): Query<HistoryQuery>,
) -> Result<Json<EventPage>, Problem> {
    app.reached_for(&account, &[ProjectionName::History, ProjectionName::Accounts], min)
        .await?;
    let limit = page_size(query.limit)?;
    app.projections
        .accounts()
        .get(&account)
        .await?
        .ok_or_else(Problem::not_found)?;
    let history = app.projections.history();
    let page = history
        .of_integration(&account, &provider, place(query.after)?, limit)
        .await?;
    // An integration that never was has no history; one that is off the list keeps its own.
    if page.events.is_empty() && query.after.is_none() {
        return Err(Problem::not_found());
    }
    Ok(Json(page.into()))
}
