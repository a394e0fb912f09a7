use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};

use crate::problem::{Code, Problem};

/// The entity tag of a resource that is edited: its revision (RFC 9110, section 8.8.3).
#[must_use]
pub(crate) fn etag_of_revision(revision: u64) -> HeaderValue {
    HeaderValue::try_from(format!("\"{revision}\"")).unwrap_or_else(|_| HeaderValue::from_static("\"0\""))
}

/// The revision that the caller wants to change, from `If-Match`; none when the header is missing or `*`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct IfMatch(pub Option<u64>);

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get(header::IF_MATCH) else {
            return Ok(Self(None));
        };
        if value == "*" {
            return Ok(Self(None));
        }
        let revision = value.to_str().ok().and_then(|text| {
            let digits = text.strip_prefix('"')?.strip_suffix('"')?;
            digits
                .bytes()
                .all(|b| b.is_ascii_digit())
                .then(|| digits.parse().ok())?
        });
        revision.map(|revision| Self(Some(revision))).ok_or_else(|| {
            Problem::field(
                Code::InvalidParameter,
                "/header/if-match",
                "invalid-value",
                "one entity tag is expected, as an earlier answer gave it in ETag",
            )
        })
    }
}

/// The copies that the caller has, from `If-None-Match`.
#[derive(Debug, Clone)]
pub(crate) struct IfNoneMatch(Option<HeaderValue>);

impl IfNoneMatch {
    /// Whether the caller has the copy with this strong tag already. Tags are compared weakly (RFC 9110, section 8.8.3.2).
    #[must_use]
    pub(crate) fn has(&self, etag: &HeaderValue) -> bool {
        let Some(Ok(list)) = self.0.as_ref().map(HeaderValue::to_str) else {
            return false;
        };
        list.split(',').map(str::trim).any(|tag| {
            let tag = tag.strip_prefix("W/").unwrap_or(tag);
            tag == "*" || tag.as_bytes() == etag.as_bytes()
        })
    }
}

impl<S: Sync> FromRequestParts<S> for IfNoneMatch {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(parts.headers.get(header::IF_NONE_MATCH).cloned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_and_listed_tags_match() {
        let etag = HeaderValue::from_static("\"abc\"");
        let has = |list: &'static str| IfNoneMatch(Some(HeaderValue::from_static(list))).has(&etag);
        assert!(has("\"abc\"") && has("W/\"abc\"") && has("\"x\", \"abc\"") && has("*"));
        assert!(!has("\"abcd\"") && !has("abc"));
        assert!(!IfNoneMatch(None).has(&etag));
    }
}
