//! The readable reference at `/docs`, made from the OpenAPI document when the program starts.

mod page;
mod schema;
mod text;

use axum::http::HeaderValue;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// The page and the policy that goes with it.
#[derive(Debug, Clone)]
pub(crate) struct Reference {
    /// The page.
    pub html: String,
    /// Its content security policy (CSP Level 3): nothing is loaded, nothing runs, and the one style sheet is known by
    /// its digest.
    pub policy: HeaderValue,
}

const STYLE: &str = include_str!("style.css");

impl Reference {
    /// Renders an OpenAPI document.
    #[must_use]
    pub(crate) fn of(document: &Value) -> Self {
        let digest = STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        );
        Self {
            html: page::render(document, STYLE),
            policy: HeaderValue::try_from(policy).unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_tells_of_every_operation_and_every_problem_and_runs_nothing() {
        let document = serde_json::to_value(crate::openapi::document()).unwrap();
        let reference = Reference::of(&document);
        for (path, item) in document["paths"].as_object().unwrap() {
            assert!(reference.html.contains(&text::escape(path)), "{path}");
            for operation in item.as_object().unwrap().values() {
                let id = operation["operationId"].as_str().unwrap();
                assert!(reference.html.contains(&format!("id=\"{id}\"")), "{id}");
            }
        }
        for code in crate::problem::Code::ALL {
            assert!(reference.html.contains(&format!("id=\"problem-{}\"", code.spec().code)));
        }
        assert!(!reference.html.contains("<script") && !reference.html.contains(" style="));
        assert!(
            reference
                .policy
                .to_str()
                .unwrap()
                .starts_with("default-src 'none'; style-src 'sha256-")
        );
    }
}
