//! Refusals as problem details (RFC 9457, `application/problem+json`).

mod code;
mod command;
mod read;

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

pub use code::{Code, Spec};

/// A refusal: what happened, what to do next, and which fields are to blame. It never repeats what was sent.
#[derive(Debug, Clone)]
pub(crate) struct Problem(Box<Refusal>);

/// Boxed, because every handler's result is as large as its error.
#[derive(Debug, Clone)]
struct Refusal {
    status: StatusCode,
    /// Where it is explained.
    kind: String,
    code: &'static str,
    title: &'static str,
    detail: String,
    errors: Vec<FieldError>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// What is wrong with one field of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"pointer": "/fields/api_key", "code": "inner-whitespace", "message": "The key has a space inside."}))]
pub(crate) struct FieldError {
    /// Where it is: a JSON pointer (RFC 6901) into the body, or `/query/…`, `/header/…` for the other parts of a
    /// request.
    pub pointer: String,
    /// What is wrong, as a stable code.
    pub code: String,
    /// What is wrong, in a sentence.
    pub message: String,
}

/// The form of every refusal.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem, example = json!({
    "type": "/docs#problem-not-found",
    "title": "There is nothing here",
    "status": 404,
    "detail": "There is nothing here, or nothing that this token may see.",
    "code": "not-found"
}))]
pub(crate) struct ProblemBody<'a> {
    /// Where the code is explained.
    #[serde(rename = "type")]
    pub kind: &'a str,
    /// The same sentence for every problem of this code.
    pub title: &'a str,
    /// The status of the answer.
    pub status: u16,
    /// What happened this time, and what to do next.
    pub detail: &'a str,
    /// What happened, as a stable code for programs.
    pub code: &'a str,
    /// Which fields are to blame.
    #[serde(skip_serializing_if = "<[FieldError]>::is_empty")]
    #[schema(required = false)]
    pub errors: &'a [FieldError],
}

impl Problem {
    /// A problem of `code` that says `detail`.
    #[must_use]
    pub(crate) fn new(code: Code, detail: impl Into<String>) -> Self {
        let spec = code.spec();
        Self(Box::new(Refusal {
            status: StatusCode::from_u16(spec.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            kind: format!("/docs#problem-{}", spec.code),
            code: spec.code,
            title: spec.title,
            detail: detail.into(),
            errors: Vec::new(),
            headers: Vec::new(),
        }))
    }

    /// The refusal of a decision, with the code that the decision gave.
    #[must_use]
    pub(crate) fn refused(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self(Box::new(Refusal {
            status,
            kind: "/docs#problems".to_owned(),
            code,
            title: "The request is refused in the present state",
            detail: detail.into(),
            errors: Vec::new(),
            headers: Vec::new(),
        }))
    }

    /// A field that cannot be read, in the body, a header or the query.
    #[must_use]
    pub(crate) fn field(code: Code, pointer: &str, field_code: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        let place = if pointer.is_empty() { "The body" } else { pointer };
        let detail = format!("{place}: {message}");
        Self::new(code, detail).with_errors(vec![FieldError {
            pointer: pointer.to_owned(),
            code: field_code.to_owned(),
            message,
        }])
    }

    /// The one answer for everything that is missing, foreign or impossible to name.
    #[must_use]
    pub(crate) fn not_found() -> Self {
        Self::new(
            Code::NotFound,
            "There is nothing here, or nothing that this token may see.",
        )
    }

    /// A defect: its cause goes to the log, never to the caller.
    #[must_use]
    pub(crate) fn internal(cause: &dyn std::fmt::Display) -> Self {
        tracing::error!(%cause, "internal error");
        Self::new(
            Code::Internal,
            "It is not your request. Try again; if it stays, tell the operator the Soconnective-Correlation-Id.",
        )
    }

    /// Whether the caller is to blame, and not this system.
    #[must_use]
    pub(crate) fn is_of_the_caller(&self) -> bool {
        self.0.status.is_client_error()
    }

    /// What happened this time.
    #[must_use]
    pub(crate) fn detail(&self) -> &str {
        &self.0.detail
    }

    /// The same problem with its fields.
    #[must_use]
    pub(crate) fn with_errors(mut self, errors: Vec<FieldError>) -> Self {
        self.0.errors = errors;
        self
    }

    /// The same problem with one more header on its answer.
    #[must_use]
    pub(crate) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    /// The same problem with `Retry-After` (RFC 9110, section 10.2.3).
    #[must_use]
    pub(crate) fn retry_after(self, seconds: u32) -> Self {
        self.with_header(header::RETRY_AFTER, HeaderValue::from(seconds))
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let refusal = *self.0;
        let body = ProblemBody {
            kind: &refusal.kind,
            title: refusal.title,
            status: refusal.status.as_u16(),
            detail: &refusal.detail,
            code: refusal.code,
            errors: &refusal.errors,
        };
        let bytes = serde_json::to_vec(&body).unwrap_or_default();
        let mut response = (refusal.status, bytes).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.extend(refusal.headers.into_iter().map(|(name, value)| (Some(name), value)));
        response
    }
}
