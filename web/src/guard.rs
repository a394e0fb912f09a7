use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use url::Url;

use crate::error::Failure;
use crate::page::Broken;
use crate::site::Site;

/// Nothing but our own files, no code and no styles within a page, no frames around it (CSP Level 3).
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
    form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Stands before every page: refuses what another site had the browser send, and tells the browser what a page may do.
pub(crate) async fn guard(State(site): State<Site>, request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    closed(if reads || is_own(request.headers(), site.public_url.as_ref()) {
        told(next.run(request).await)
    } else {
        Failure::ForeignForm.into_response()
    })
}

/// A page that could not be made is an error, whatever status it was to have. What cannot be read of an address or of a form is told on a page, as everything else is.
pub(crate) fn told(mut response: Response) -> Response {
    if response.extensions().get::<Broken>().is_some() {
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        return response;
    }
    let kind = response.headers().get(header::CONTENT_TYPE);
    let plain = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/plain"));
    if plain && response.status().is_client_error() {
        return Failure::NotFound.into_response();
    }
    response
}

/// An answer that tells the browser what the page may do.
pub(crate) fn closed(mut response: Response) -> Response {
    let headers = response.headers_mut();
    let mut set = |name, value| {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    };
    set(header::CONTENT_SECURITY_POLICY, POLICY);
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    // Not `no-referrer`: browsers would name no origin with a form either.
    set(header::REFERRER_POLICY, "same-origin");
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    // Pages show what belongs to one account.
    set(header::CACHE_CONTROL, "no-store");
    response
}

/// Whether one of our own pages sent this, as the browser says (Fetch Metadata; RFC 6454 for the origin).
///
/// A page of another site cannot change what these headers say. A request with neither is from no browser of this decade.
fn is_own(headers: &HeaderMap, public_url: Option<&Url>) -> bool {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    if let Some(relation) = text(FETCH_SITE) {
        return relation == "same-origin";
    }
    let Some(origin) = text(header::ORIGIN).and_then(|origin| Url::parse(origin).ok()) else {
        return false;
    };
    if let Some(url) = public_url {
        return origin.origin() == url.origin();
    }
    let host = text(header::HOST).and_then(|host| Url::parse(&format!("{}://{host}", origin.scheme())).ok());
    host.is_some_and(|host| host.origin() == origin.origin())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(pairs: &[(&'static str, &'static str)], public: Option<&str>) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        is_own(&headers, public.map(|url| url.parse().unwrap()).as_ref())
    }

    #[test]
    fn the_browsers_word_decides() {
        assert!(own(&[("sec-fetch-site", "same-origin")], None));
        for foreign in ["cross-site", "same-site", "none"] {
            assert!(!own(
                &[("sec-fetch-site", foreign), ("origin", "http://a"), ("host", "a")],
                None
            ));
        }
    }

    #[test]
    fn an_older_browser_names_the_origin() {
        assert!(own(&[("origin", "http://a:8080"), ("host", "a:8080")], None));
        assert!(!own(&[("origin", "http://b:8080"), ("host", "a:8080")], None));
        assert!(!own(&[("origin", "null"), ("host", "a")], None));
        assert!(own(
            &[("origin", "https://app.example"), ("host", "10.0.0.1")],
            Some("https://app.example/")
        ));
        assert!(!own(
            &[("origin", "http://app.example"), ("host", "app.example")],
            Some("https://app.example/")
        ));
    }

    #[test]
    fn who_says_nothing_is_refused() {
        assert!(!own(&[("host", "a")], None));
    }
}
