use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, TimeDelta};
use domain::Position;
use eventlog::StoredEvent;
use projections::{State as Stage, Status};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::problem::Problem;
use crate::state::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(health))
        .routes(routes!(readiness))
        .routes(routes!(metrics))
        .routes(routes!(openapi_document))
        .routes(routes!(reference))
}

/// A read model that is further behind than this is not ready.
const MAX_LAG: TimeDelta = TimeDelta::seconds(10);

/// Whether the process is alive.
#[derive(Serialize, ToSchema)]
struct Health {
    /// Always `ok`.
    status: &'static str,
}

/// Whether requests can be served.
#[derive(Serialize, ToSchema)]
struct Readiness {
    /// `ready` or `not-ready`.
    status: &'static str,
    /// Whether the log can be read, and was written when that was last tried.
    log: bool,
    /// Whether the vault can be read.
    vault: bool,
    /// The read models.
    projections: Vec<ProjectionHealth>,
}

/// How a read model is.
#[derive(Serialize, ToSchema)]
struct ProjectionHealth {
    /// Its name.
    name: &'static str,
    /// `idle`, `running`, `following` (another node applies events), `rebuilding` or `stopped`.
    state: &'static str,
    /// Whether it has caught up.
    ready: bool,
    /// How far it is behind the log, in seconds; none while it is being built for the first time.
    lag_seconds: Option<f64>,
}

/// Is it alive?
#[utoipa::path(get, path = "/healthz", tag = "Operations", security(()),
    responses((status = 200, description = "It is.", body = Health)))]
async fn health() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// Can it serve?
///
/// The log can be read and written, the vault can be read, and the read models have caught up.
#[utoipa::path(get, path = "/readyz", tag = "Operations", security(()),
    responses(
        (status = 200, description = "It can.", body = Readiness),
        (status = 503, description = "Not now.", body = Readiness),
    ))]
async fn readiness(State(app): State<AppState>) -> Response {
    let head = app.log.read_all(Position::START, 1).await.map(|page| page.head);
    // A question that touches the vault's files, and whose answer is always short.
    let vault = app.vault.pending(DateTime::UNIX_EPOCH).await.is_ok();
    let log = head.is_ok() && app.metrics.writing.is_fine();
    let head = head.unwrap_or_default();
    let mut projections = Vec::new();
    for status in app.projections.status() {
        let lag = lag(&app, &status, head).await;
        projections.push(health_of(&app, &status, lag));
    }
    let ready = log && vault && projections.iter().all(|projection| projection.ready);
    let (code, status) = if ready {
        (StatusCode::OK, "ready")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "not-ready")
    };
    let body = Readiness {
        status,
        log,
        vault,
        projections,
    };
    (code, Json(body)).into_response()
}

/// How long the oldest event that is missing in a read model has been in the log; zero when none is.
async fn lag(app: &AppState, status: &Status, head: Position) -> TimeDelta {
    if status.position >= head {
        return TimeDelta::zero();
    }
    match app.log.read_all(status.position, 1).await {
        Ok(page) => {
            let age = |event: &StoredEvent| app.clock.now() - event.recorded_at;
            page.events
                .first()
                .map_or_else(TimeDelta::zero, age)
                .max(TimeDelta::zero())
        }
        Err(_) => TimeDelta::MAX,
    }
}

fn health_of(app: &AppState, status: &Status, lag: TimeDelta) -> ProjectionHealth {
    let state = match status.state {
        Stage::Idle => "idle",
        Stage::Running => "running",
        Stage::Following => "following",
        Stage::Rebuilding => "rebuilding",
        Stage::Stopped { .. } => "stopped",
    };
    let stopped = matches!(status.state, Stage::Stopped { .. });
    ProjectionHealth {
        name: status.name.as_str(),
        state,
        // After a start all that was written before it must be there; later a moment's lag is no outage.
        ready: status.live && !stopped && status.position >= app.start && lag < MAX_LAG,
        lag_seconds: status.live.then(|| seconds(lag)),
    }
}

/// A length of time in seconds, to the millisecond.
fn seconds(time: TimeDelta) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "no lag has 2^53 milliseconds")]
    let milliseconds = time.num_milliseconds() as f64;
    milliseconds / 1000.0
}

/// Read the counters.
#[utoipa::path(get, path = "/metrics", tag = "Operations", security(()),
    responses((status = 200, description = "In the Prometheus text format.", body = String, content_type = "text/plain")))]
async fn metrics(State(app): State<AppState>) -> Result<Response, Problem> {
    if let Ok(page) = app.log.read_all(Position::START, 1).await {
        for status in app.projections.status().into_iter().filter(|status| status.live) {
            let lag = lag(&app, &status, page.head).await;
            app.metrics.lag(status.name.as_str(), seconds(lag));
        }
    }
    let text = app.metrics.text().map_err(|error| Problem::internal(&error))?;
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    Ok(([(header::CONTENT_TYPE, kind)], text).into_response())
}

/// Read this document.
#[utoipa::path(get, path = "/openapi.json", tag = "Operations", security(()),
    responses((status = 200, description = "OpenAPI 3.1.", body = Object)))]
async fn openapi_document(State(app): State<AppState>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    (headers, app.openapi.clone()).into_response()
}

/// Read the reference.
#[utoipa::path(get, path = "/docs", tag = "Operations", security(()),
    responses((status = 200, description = "This document for people.", body = String, content_type = "text/html")))]
async fn reference(State(app): State<AppState>) -> Response {
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/html; charset=utf-8"),
        ),
        (header::CONTENT_SECURITY_POLICY, app.reference.policy.clone()),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    (headers, app.reference.html.clone()).into_response()
}
