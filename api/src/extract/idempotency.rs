use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName};
use domain::{CommandId, CorrelationId};

use super::condition::refuse_if_match;
use crate::auth::Caller;
use crate::problem::{Code, Problem};
use crate::request_log::correlation_of;
use crate::state::AppState;

/// The header by which a write is recognised when it is sent again.
pub(crate) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

const MAX_KEY: usize = 255;

/// What identifies a write: its route, its idempotency key if it has one, and the request that it is part of.
pub(crate) struct CommandKey {
    route: String,
    key: Option<String>,
    correlation: CorrelationId,
}

impl CommandKey {
    pub(super) fn of(request: &Request) -> Result<Self, Problem> {
        refuse_if_match(request.headers(), request.extensions())?;
        let correlation = correlation_of(request.extensions())?;
        Self::read(
            request.method().as_str(),
            request.uri().path(),
            request.headers(),
            correlation,
        )
    }

    fn read(method: &str, path: &str, headers: &HeaderMap, correlation: CorrelationId) -> Result<Self, Problem> {
        let mut keys = headers.get_all(IDEMPOTENCY_KEY).iter();
        let key = match (keys.next(), keys.next()) {
            (None, _) => None,
            (Some(key), None) => {
                let visible = key.as_bytes().iter().all(u8::is_ascii_graphic);
                let length = (1..=MAX_KEY).contains(&key.len());
                let text = key.to_str().ok().filter(|_| visible && length).ok_or_else(refused)?;
                Some(text.to_owned())
            }
            (Some(_), Some(_)) => return Err(refused()),
        };
        Ok(Self {
            route: format!("{method} {path}"),
            key,
            correlation,
        })
    }

    /// The context of the command: with an idempotency key it is the same for the same caller, route and key, and says
    /// what was asked for.
    pub(super) async fn context(&self, app: &AppState, caller: &Caller, body: &[u8]) -> commands::Context {
        let (command, request) = match &self.key {
            Some(key) => {
                let scope = format!("{} {}", caller.principal(), self.route);
                let digest = super::body::digest(app, body).await;
                (CommandId::of(&scope, key), Some(digest))
            }
            None => (CommandId::new(app.ids.uuid()), None),
        };
        commands::Context {
            actor: caller.actor(),
            command,
            correlation: self.correlation,
            request,
        }
    }
}

fn refused() -> Problem {
    Problem::field(
        Code::InvalidParameter,
        "/header/idempotency-key",
        "invalid-value",
        "one key of 1 to 255 visible ASCII characters is expected",
    )
}
