use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, HeaderValue, header};

use crate::problem::{Code, Problem};

/// The entity tag of a resource that is edited: its revision (RFC 9110, section 8.8.3).
#[must_use]
pub(crate) fn etag_of_revision(revision: u64) -> HeaderValue {
    HeaderValue::try_from(format!("\"{revision}\"")).unwrap_or_else(|_| HeaderValue::from_static("\"0\""))
}

/// The revisions that the caller wants to change, from `If-Match` (RFC 9110, section 13.1.1).
///
/// It stands before the extractor of the write: a write whose handler does not look at the header refuses it, since the
/// caller would believe in a condition that nobody checks.
#[derive(Debug, Clone)]
pub(crate) struct IfMatch(pub commands::IfMatch);

/// Says in the extensions of a request that its handler looks at `If-Match`.
#[derive(Debug, Clone, Copy)]
struct Honoured;

/// Refuses a condition that the handler does not look at.
///
/// # Errors
/// A problem that names the header.
pub(super) fn refuse_if_match(headers: &HeaderMap, extensions: &Extensions) -> Result<(), Problem> {
    if headers.contains_key(header::IF_MATCH) && extensions.get::<Honoured>().is_none() {
        return Err(Problem::field(
            Code::InvalidParameter,
            "/header/if-match",
            "unknown-parameter",
            "there is no entity tag that this could be checked against: leave the header out",
        ));
    }
    Ok(())
}

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        parts.extensions.insert(Honoured);
        let mut tags = Vec::new();
        for value in parts.headers.get_all(header::IF_MATCH) {
            tags.extend(value.to_str().ok().and_then(entity_tags).ok_or_else(no_tags)?);
        }
        if !parts.headers.contains_key(header::IF_MATCH) || tags.contains(&"*") {
            return Ok(Self(commands::IfMatch::Any));
        }
        // Compared strongly: a weak tag matches nothing, and neither does one that this system never gives.
        let revision = |tag: &&str| tag.strip_prefix('"')?.strip_suffix('"')?.parse().ok();
        let revisions = tags.iter().filter_map(revision).collect();
        Ok(Self(commands::IfMatch::OneOf(revisions)))
    }
}

/// The entity tags of a list (RFC 9110, sections 5.6.1 and 8.8.3), weak ones with their mark; none when it is no such list.
fn entity_tags(list: &str) -> Option<Vec<&str>> {
    let mut tags = Vec::new();
    let mut rest = list.trim();
    if rest == "*" {
        return Some(vec![rest]);
    }
    while !rest.is_empty() {
        let opaque = rest.strip_prefix("W/").unwrap_or(rest).strip_prefix('"')?;
        let after = &opaque[opaque.find('"')? + 1..];
        tags.push(&rest[..rest.len() - after.len()]);
        let after = after.trim_start();
        rest = match after.strip_prefix(',') {
            Some(next) => next.trim_start(),
            None if after.is_empty() => "",
            None => return None,
        };
    }
    (!tags.is_empty()).then_some(tags)
}

fn no_tags() -> Problem {
    Problem::field(
        Code::InvalidParameter,
        "/header/if-match",
        "invalid-value",
        "entity tags are expected, as earlier answers gave them in ETag",
    )
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
    fn a_list_of_tags_is_taken_apart_and_nothing_else_is() {
        assert_eq!(entity_tags("\"1\""), Some(vec!["\"1\""]));
        assert_eq!(
            entity_tags("W/\"1\" , \"a,b\",\"3\","),
            Some(vec!["W/\"1\"", "\"a,b\"", "\"3\""])
        );
        assert_eq!(entity_tags(" * "), Some(vec!["*"]));
        for wrong in ["", "1", "\"1", "\"1\" \"2\"", "w/\"1\"", "*, \"1\"", "\"1\" x"] {
            assert_eq!(entity_tags(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn weak_and_listed_tags_match() {
        let etag = HeaderValue::from_static("\"abc\"");
        let has = |list: &'static str| IfNoneMatch(Some(HeaderValue::from_static(list))).has(&etag);
        assert!(has("\"abc\"") && has("W/\"abc\"") && has("\"x\", \"abc\"") && has("*"));
        assert!(!has("\"abcd\"") && !has("abc"));
        assert!(!IfNoneMatch(None).has(&etag));
    }
}
