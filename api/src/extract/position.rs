use axum::extract::FromRequestParts;
use axum::http::HeaderName;
use axum::http::request::Parts;
use domain::Position;

use crate::problem::{Code, Problem};

/// On the answer to a command: the position after which a query sees what the command did.
pub(crate) const AT_POSITION: HeaderName = HeaderName::from_static("soconnective-position");

/// On a query: the position that its answer must have seen.
pub(crate) const MIN_POSITION: HeaderName = HeaderName::from_static("soconnective-min-position");

/// The position that the answer to a query must have seen, if the caller names one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MinPosition(pub Option<Position>);

impl<S: Sync> FromRequestParts<S> for MinPosition {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let mut values = parts.headers.get_all(MIN_POSITION).iter();
        let position = match (values.next(), values.next()) {
            (None, _) => return Ok(Self(None)),
            (Some(value), None) => value.to_str().ok().and_then(|text| text.parse().ok()),
            (Some(_), Some(_)) => None,
        };
        position.map(|position| Self(Some(position))).ok_or_else(|| {
            Problem::field(
                Code::InvalidParameter,
                "/header/soconnective-min-position",
                "invalid-value",
                "one position is expected, as an earlier answer gave it in Soconnective-Position",
            )
        })
    }
}
