use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use serde_path_to_error::Segment;

use super::pointer::shown;
use crate::problem::{Code, Problem};

/// The query string as `T`.
#[derive(Debug)]
pub(crate) struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        Self::parse(parts.uri.query().unwrap_or_default())
    }
}

impl<T: DeserializeOwned> Query<T> {
    /// Reads a query string, for handlers that may not need it.
    pub(crate) fn parse(query: &str) -> Result<Self, Problem> {
        let pairs = serde_urlencoded::Deserializer::new(url::form_urlencoded::parse(query.as_bytes()));
        serde_path_to_error::deserialize(pairs).map(Self).map_err(|error| {
            let name = error.path().iter().next_back().map_or("", |segment| match segment {
                Segment::Map { key } => key.as_str(),
                _ => "",
            });
            let message = error.inner().to_string();
            // The name of a parameter that stands there twice is only in the message.
            let twice = message
                .strip_prefix("duplicate field `")
                .and_then(|rest| rest.strip_suffix('`'));
            let pointer = format!("/query{}", shown(&format!("/{}", twice.unwrap_or(name))));
            let (code, text) = if message.starts_with("unknown field") {
                let known = message.rsplit(", expected ").next().unwrap_or("none");
                (
                    "unknown-parameter",
                    format!("there is no such parameter; expected {known}"),
                )
            } else if twice.is_some() {
                ("duplicate", "this parameter stands there twice".to_owned())
            } else if let Some(rule) = message.strip_prefix("not a valid ") {
                ("invalid-value", format!("not a valid {rule}"))
            } else {
                ("invalid-value", "this value is not possible here".to_owned())
            };
            Problem::field(Code::InvalidParameter, &pointer, code, text)
        })
    }
}
