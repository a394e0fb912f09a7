use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use anyhow::Result;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use crate::fixture;
use crate::raw_log::{RawLog, RawRow};

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// The routes of the reads, with a handler that has its answer ready.
pub(super) fn bytes(body: Vec<u8>) -> Router {
    let body = Bytes::from(body);
    let handler = get(async move || ([(header::CONTENT_TYPE, JSON)], body.clone()));
    Router::new()
        .route("/v1/catalog", handler.clone())
        .route("/marketplace", handler.clone())
        .route("/v1/accounts/{account}/ai-config/{provider}", handler)
}

/// The route of an installation, with a handler that reads its body and commits a row to each of some files, one after the
/// other: group commit, `synchronous=FULL`, nothing looked up and nothing decided.
pub(super) async fn commits(folder: &Path, commits: usize) -> Result<Router> {
    let mut logs = Vec::new();
    for number in 0..commits {
        logs.push(RawLog::open(&folder.join(format!("raw-{number}.db"))).await?);
    }
    let files = Arc::new(Files {
        logs,
        written: AtomicI64::new(0),
    });
    Ok(Router::new()
        .route("/v1/accounts/{account}/integrations", post(install))
        .with_state(files))
}

struct Files {
    logs: Vec<RawLog>,
    written: AtomicI64,
}

async fn install(State(files): State<Arc<Files>>, body: Bytes) -> Response {
    if serde_json::from_slice::<serde_json::Value>(&body).is_err() {
        return StatusCode::BAD_REQUEST.into_response();
    }
    match files.commit().await {
        Ok(()) => (StatusCode::CREATED, [(header::CONTENT_TYPE, JSON)], body).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

impl Files {
    async fn commit(&self) -> Result<()> {
        let number = self.written.fetch_add(1, Ordering::Relaxed);
        let event = fixture::one_event(&number.to_string())?;
        for log in &self.logs {
            log.insert(RawRow::new("integration-acme.stripe", number, &event)?)
                .await?;
        }
        Ok(())
    }
}
