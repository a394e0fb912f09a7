use std::panic::AssertUnwindSafe;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{Extensions, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::CorrelationId;
use futures::FutureExt;

use crate::problem::Problem;
use crate::state::AppState;

/// On every answer, and on requests that want to name their own: ties a request to log lines and events.
pub(crate) const CORRELATION_ID: HeaderName = HeaderName::from_static("soconnective-correlation-id");

/// The id of the outside request, in its extensions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Correlation(pub CorrelationId);

impl Correlation {
    /// The id that [`observe`] gave the request.
    ///
    /// # Errors
    /// When the request never went through [`observe`]: a defect.
    pub(crate) fn of(extensions: &Extensions) -> Result<CorrelationId, Problem> {
        let correlation = extensions.get::<Self>();
        correlation
            .map(|found| found.0)
            .ok_or_else(|| Problem::internal(&"the request has no correlation id"))
    }
}

/// Gives every request its correlation id, counts it, writes one line about it, and turns a panic into a problem.
///
/// One layer for all of that, because each layer costs every request. The line has the template of the route, never
/// its path, its query or its body.
pub(crate) async fn observe(State(app): State<AppState>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let correlation = named(&request).unwrap_or_else(|| CorrelationId::new(app.ids.uuid()));
    request.extensions_mut().insert(Correlation(correlation));

    let mut response = answered(next.run(request)).await;

    let mut text = [0; uuid::fmt::Hyphenated::LENGTH];
    let text = correlation.uuid().hyphenated().encode_lower(&mut text);
    if let Ok(value) = HeaderValue::from_str(text) {
        response.headers_mut().insert(CORRELATION_ID, value);
    }
    let headers = response.headers_mut();
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    headers
        .entry(header::X_CONTENT_TYPE_OPTIONS)
        .or_insert(HeaderValue::from_static("nosniff"));

    let route = route.as_ref().map_or("(none)", MatchedPath::as_str);
    let status = response.status().as_u16();
    let elapsed = started.elapsed();
    app.metrics.request(method.as_str(), route, status, elapsed);
    let micros = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
    tracing::info!(target: "soconnective::request", method = method.as_str(), route, status, micros, correlation = text);
    response
}

/// The answer of a handler; of one that panics, a problem that tells the caller nothing of it.
async fn answered(handler: impl Future<Output = Response>) -> Response {
    let answer = AssertUnwindSafe(handler).catch_unwind().await;
    answer.unwrap_or_else(|_| Problem::internal(&"a handler panicked").into_response())
}

/// The correlation id that the caller chose, when it is a UUID.
fn named(request: &Request) -> Option<CorrelationId> {
    request.headers().get(CORRELATION_ID)?.to_str().ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;

    use super::*;

    #[tokio::test]
    async fn a_panic_is_a_problem_without_details() {
        let response = answered(async { panic!("the key is s3cret") }).await;
        assert_eq!(response.status(), 500);
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        assert!(
            body.contains("\"code\":\"internal\"") && !body.contains("s3cret"),
            "{body}"
        );
    }
}
