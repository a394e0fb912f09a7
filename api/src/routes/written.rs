use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use commands::Receipt;
use domain::Position;
use serde::Serialize;

use crate::extract::{AT_POSITION, etag_of_revision};

/// The answer to a write: what came of it, and from which position on it can be read.
pub(super) struct Written<T> {
    pub(super) status: StatusCode,
    pub(super) position: Position,
    /// The entity tag, for what can be edited.
    pub(super) revision: Option<u64>,
    pub(super) body: T,
}

impl<T> Written<T> {
    pub(super) fn ok(receipt: Receipt<T>) -> Self {
        Self {
            status: StatusCode::OK,
            position: receipt.position,
            revision: None,
            body: receipt.value,
        }
    }

    pub(super) fn created(receipt: Receipt<T>) -> Self {
        Self {
            status: StatusCode::CREATED,
            ..Self::ok(receipt)
        }
    }

    /// With the receipt's revision as entity tag.
    pub(super) fn tagged(mut self, revision: u64) -> Self {
        self.revision = Some(revision);
        self
    }
}

impl<T: Serialize> IntoResponse for Written<T> {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.body)).into_response();
        finish(&mut response, self.position, self.revision);
        response
    }
}

/// The answer to a write that has nothing more to say.
pub(super) struct Done(pub(super) Position);

impl IntoResponse for Done {
    fn into_response(self) -> Response {
        let mut response = StatusCode::NO_CONTENT.into_response();
        finish(&mut response, self.0, None);
        response
    }
}

fn finish(response: &mut Response, position: Position, revision: Option<u64>) {
    let headers = response.headers_mut();
    headers.insert(AT_POSITION, HeaderValue::from(position.to_stored()));
    if let Some(revision) = revision {
        headers.insert(header::ETAG, etag_of_revision(revision));
    }
}
