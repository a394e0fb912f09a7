use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// The keys that the provider takes.
pub(crate) const GOOD: &str = "key-good-0123456789";
pub(crate) const OTHER: &str = "key-good-9876543210";
/// One that it refuses.
pub(crate) const BAD: &str = "key-bad-00000000000";

/// A provider of our own, which the system really calls.
#[derive(Clone)]
pub(crate) struct MockProvider {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    calls: AtomicUsize,
    down: AtomicBool,
}

impl MockProvider {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared::default());
        let service = Router::new().route("/me", get(me)).with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, service).await });
        Self { address, shared }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn calls(&self) -> usize {
        self.shared.calls.load(Ordering::SeqCst)
    }

    /// Answers 503 from here on, or works again.
    pub(crate) fn set_down(&self, down: bool) {
        self.shared.down.store(down, Ordering::SeqCst);
    }

    /// A row for this provider.
    pub(crate) fn row(&self, key: &str) -> Value {
        json!({
            "key": key,
            "name": "Mock Mail",
            "category": "Email",
            "description": "Mail for tests.",
            "auth": "bearer",
            "recipe": {
                "fields": [{
                    "name": "api_key", "label": "API key", "secret": true,
                    "pattern": "^key-[a-z]+-[0-9]+$", "pattern_help": "A key starts with key-."
                }],
                "request": {"base_url": format!("http://{}", self.address), "auth": {"bearer": "{api_key}"}},
                "test": {
                    "path": "/me",
                    "accept": [{"status": 200}],
                    "reject": [{"status": 401}],
                    "identity": {"pointer": "/login"}
                },
                "ai": {"api": "mock", "default_model": "mock-1"}
            }
        })
    }
}

async fn me(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> (StatusCode, Json<Value>) {
    shared.calls.fetch_add(1, Ordering::SeqCst);
    if shared.down.load(Ordering::SeqCst) {
        return (StatusCode::SERVICE_UNAVAILABLE, Json(json!({})));
    }
    let token = headers
        .get("authorization")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let known = [GOOD, OTHER].iter().any(|key| token == format!("Bearer {key}"));
    if known {
        (StatusCode::OK, Json(json!({"login": "mocky"})))
    } else {
        (StatusCode::UNAUTHORIZED, Json(json!({"error": token})))
    }
}
