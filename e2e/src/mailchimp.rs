use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use anyhow::Result;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

/// A key that the provider takes.
pub const GOOD_KEY: &str = "0123456789abcdef0123456789abcdef-us19";
/// Another one.
pub const SECOND_KEY: &str = "fedcba9876543210fedcba9876543210-us19";

/// A provider on this machine that answers as Mailchimp's `ping` does: HTTP basic authentication with the key as the
/// password, the data centre taken from the key.
pub struct Mailchimp {
    address: SocketAddr,
    authorizations: Arc<Mutex<Vec<String>>>,
}

impl Mailchimp {
    /// Starts it on a free port. It ends with the runtime that it is started on.
    ///
    /// # Errors
    /// When there is no free port.
    pub async fn start() -> Result<Self> {
        let authorizations = Arc::new(Mutex::new(Vec::new()));
        let router = Router::new()
            .route("/{dc}/3.0/ping", get(ping))
            .with_state(authorizations.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self {
            address,
            authorizations,
        })
    }

    /// Where it listens: the operator's exception that lets the product call it.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many tests arrived.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.authorizations.lock().map_or(0, |calls| calls.len())
    }

    /// The row that a platform admin adds for it.
    #[must_use]
    pub fn row(&self) -> Value {
        json!({
            "key": "mailchimp",
            "name": "Mailchimp",
            "category": "Email",
            "description": "Email marketing and audiences.",
            "auth": "basic",
            "help": { "url": "https://mailchimp.com/help/about-api-keys/", "instructions": "Profile → Extras → API keys." },
            "recipe": {
                "fields": [{
                    "name": "api_key", "label": "API key", "hint": "Ends with a data centre, such as -us19", "secret": true,
                    "pattern": "^[0-9a-f]{32}-[a-z]{2}\\d{1,3}$", "pattern_help": "32 hexadecimal digits, a dash and a data centre"
                }],
                "derive": { "dc": { "from": "api_key", "pattern": "-([a-z]{2}\\d{1,3})$" } },
                "request": {
                    "base_url": format!("http://{}/{{dc}}/3.0", self.address),
                    "auth": { "basic": { "username": "anystring", "password": "{api_key}" } }
                },
                "test": {
                    "method": "GET", "path": "/ping",
                    "accept": [{ "status": 200, "body": { "pointer": "/health_status", "equals": "Everything's Chimpy!" } }],
                    "reject": [{ "status": 401 }],
                    "identity": { "pointer": "/account_id" }
                }
            }
        })
    }
}

async fn ping(
    State(authorizations): State<Arc<Mutex<Vec<String>>>>,
    Path(dc): Path<String>,
    headers: HeaderMap,
) -> (StatusCode, Json<Value>) {
    let sent = headers
        .get("authorization")
        .and_then(|v| v.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    let good = [GOOD_KEY, SECOND_KEY].iter().any(|key| sent == basic("anystring", key));
    if let Ok(mut calls) = authorizations.lock() {
        calls.push(sent);
    }
    if good && dc == "us19" {
        (
            StatusCode::OK,
            Json(json!({ "health_status": "Everything's Chimpy!", "account_id": "acme-8d3a" })),
        )
    } else {
        (
            StatusCode::UNAUTHORIZED,
            Json(json!({ "title": "API Key Invalid", "status": 401 })),
        )
    }
}

/// An `Authorization` header of HTTP basic authentication (RFC 7617).
fn basic(username: &str, password: &str) -> String {
    use base64::Engine as _;
    format!(
        "Basic {}",
        base64::engine::general_purpose::STANDARD.encode(format!("{username}:{password}"))
    )
}
