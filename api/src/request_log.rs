use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::{Extensions, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::CorrelationId;
use futures::FutureExt;
use futures::future::{Either, ready};
use tower::{Layer, Service};

use crate::extract::refuse_large_head;
use crate::problem::Problem;
use crate::state::AppState;

/// On every answer, and on requests that want to name their own: ties a request to log lines and events.
pub(crate) const CORRELATION_ID: HeaderName = HeaderName::from_static("soconnective-correlation-id");

/// The target of the line about a request, by which `RUST_LOG` can choose it.
pub(crate) const TARGET: &str = "soconnective::request";

/// The id that [`Observe`] gave the request.
///
/// # Errors
/// When the request never went through [`Observe`]: a defect.
pub(crate) fn correlation_of(extensions: &Extensions) -> Result<CorrelationId, Problem> {
    let correlation = extensions.get::<CorrelationId>().copied();
    correlation.ok_or_else(|| Problem::internal(&"the request has no correlation id"))
}

/// Gives every request its correlation id, refuses one whose head is too large, counts it, writes one line about it, and
/// turns a panic into a problem.
///
/// One layer for all of that, because each layer costs every request. The line has the template of the route, never
/// its path, its query or its body.
#[derive(Clone)]
pub(crate) struct Observe(pub AppState);

impl<S> Layer<S> for Observe {
    type Service = Observed<S>;

    fn layer(&self, inner: S) -> Observed<S> {
        Observed {
            app: self.0.clone(),
            inner,
        }
    }
}

/// A route under [`Observe`].
#[derive(Clone)]
pub(crate) struct Observed<S> {
    app: AppState,
    inner: S,
}

impl<S> Service<Request> for Observed<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let correlation = named(&request).unwrap_or_else(|| CorrelationId::new(self.app.ids.uuid()));
        let observation = Observation {
            app: self.app.clone(),
            started: Instant::now(),
            method: name_of(request.method()),
            route: request.extensions().get::<MatchedPath>().cloned(),
            correlation,
            status: GIVEN_UP,
        };
        request.extensions_mut().insert(correlation);
        let answer = match refuse_large_head(&request) {
            Ok(()) => Either::Left(self.inner.call(request)),
            Err(refusal) => Either::Right(ready(Ok(refusal.into_response()))),
        };
        Box::pin(async move {
            let mut response = answered(answer).await;
            let mut text = [0; uuid::fmt::Hyphenated::LENGTH];
            complete(&mut response, correlation.uuid().hyphenated().encode_lower(&mut text));
            observation.end(response.status());
            Ok(response)
        })
    }
}

/// The status that stands in the log for a request whose caller went away before the answer: nobody was sent it.
const GIVEN_UP: u16 = 499;

/// A request under way. It is counted and logged when it is over, however that comes about.
struct Observation {
    app: AppState,
    started: Instant,
    method: &'static str,
    route: Option<MatchedPath>,
    correlation: CorrelationId,
    status: u16,
}

impl Observation {
    /// It was answered.
    fn end(mut self, status: StatusCode) {
        self.status = status.as_u16();
    }
}

impl Drop for Observation {
    fn drop(&mut self) {
        let (method, status) = (self.method, self.status);
        let route = self.route.as_ref().map_or("(none)", MatchedPath::as_str);
        let elapsed = self.started.elapsed();
        self.app.metrics.request(method, route, status, elapsed);
        let micros = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
        let mut text = [0; uuid::fmt::Hyphenated::LENGTH];
        let text: &str = self.correlation.uuid().hyphenated().encode_lower(&mut text);
        tracing::info!(target: TARGET, method, route, status, micros, correlation = text);
    }
}

/// The name of a method for log and metrics. Callers can make methods up: those have one name, or anybody could fill the
/// memory with names of their own.
fn name_of(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "OTHER",
    }
}

/// Adds the headers that every answer has.
fn complete(response: &mut Response, correlation: &str) {
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(correlation) {
        headers.insert(CORRELATION_ID, value);
    }
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    headers
        .entry(header::X_CONTENT_TYPE_OPTIONS)
        .or_insert(HeaderValue::from_static("nosniff"));
}

/// The answer of a handler; of one that panics, a problem that tells the caller nothing of it.
async fn answered(handler: impl Future<Output = Result<Response, Infallible>>) -> Response {
    match AssertUnwindSafe(handler).catch_unwind().await {
        Ok(Ok(response)) => response,
        Err(_) => Problem::internal(&"a handler panicked").into_response(),
    }
}

/// The correlation id that the caller chose, when it is a UUID.
fn named(request: &Request) -> Option<CorrelationId> {
    request.headers().get(CORRELATION_ID)?.to_str().ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use axum::body::to_bytes;

    use super::*;
    use crate::server::{LogFormat, start_logging};

    #[tokio::test]
    async fn a_panic_is_a_problem_without_details() {
        let response = answered(async { panic!("the key is s3cret") }).await;
        assert_eq!(response.status(), 500);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        assert!(
            body.contains("\"code\":\"internal\"") && !body.contains("s3cret"),
            "{body}"
        );
    }

    /// Set for the process of its own in which a handler panics: the log and what happens at a panic are the whole process's.
    const PANICS: &str = "SOCONNECTIVE_TEST_PANICS";

    #[test]
    fn a_panic_is_logged_with_its_place_and_without_what_it_says() {
        if std::env::var_os(PANICS).is_some() {
            let log = start_logging(LogFormat::Text).unwrap();
            let runtime = tokio::runtime::Runtime::new().unwrap();
            let response = runtime.block_on(answered(async { panic!("the key is s3cret") }));
            assert_eq!(response.status(), 500);
            drop(log);
            return;
        }
        let name = "request_log::tests::a_panic_is_logged_with_its_place_and_without_what_it_says";
        let output = Command::new(std::env::current_exe().unwrap())
            .args([name, "--exact", "--nocapture"])
            .env(PANICS, "1")
            .env_remove("RUST_LOG")
            .output()
            .unwrap();
        let printed = [output.stdout, output.stderr].concat();
        let printed = String::from_utf8(printed).unwrap();
        assert!(output.status.success(), "{printed}");
        let line = printed.lines().find(|line| line.contains("a defect"));
        let tells = |line: &str| line.contains("ERROR") && line.contains("request_log.rs:");
        assert!(line.is_some_and(tells), "{printed}");
        assert!(!printed.contains("s3cret"), "{printed}");
    }
}
