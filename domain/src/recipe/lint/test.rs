use super::headers;
use super::limits;
use super::request::check_path;
use super::rules;
use super::scope::Scope;
use crate::provider::ProviderRow;
use crate::recipe::json_text;
use crate::recipe::problem::step;
use crate::recipe::template::Template;
use crate::recipe::{Auth, Body, Method, Test};

/// How a key is tested.
pub(super) fn check(row: &ProviderRow, test: &Test, scope: &mut Scope) {
    if row.recipe.request.is_none() {
        scope.report(
            "/recipe/test",
            "test_without_request",
            "Say under request how the provider is called.",
        );
    }
    if !test.method.may_test() {
        let message = "Use GET, HEAD or POST: a test may change nothing at the provider.";
        scope.report("/recipe/test/method", "method", message);
    }
    scope.template("/recipe/test/path", &test.path);
    if !test.path.is_empty() && !test.path.starts_with('/') {
        scope.report(
            "/recipe/test/path",
            "path",
            "Begin the path with /; it follows the base URL.",
        );
    }
    check_path("/recipe/test/path", &Template::parse(&test.path), scope);
    let auth = row.recipe.request.as_ref().map_or(&Auth::None, |request| &request.auth);
    let taken: Vec<String> = headers::auth_header(auth).into_iter().collect();
    headers::check("/recipe/test/headers", &test.headers, &taken, scope);
    headers::check_query("/recipe/test/query", &test.query, headers::auth_parameter(auth), scope);
    check_body(test, auth, scope);
    rules::check(test, scope);
}

fn check_body(test: &Test, auth: &Auth, scope: &mut Scope) {
    let pointer = "/recipe/test/body";
    if test.body.is_some() && test.method != Method::Post {
        scope.report(pointer, "body_without_post", "Use POST, or leave the body out.");
    }
    if let Auth::Body(_) = auth {
        let is_object = !matches!(&test.body, Some(Body::Json(value)) if !value.is_object());
        if test.method != Method::Post || !is_object {
            let message = "The credential stands in the body: use POST with a form or a JSON object.";
            scope.report("/recipe/test", "body_auth", message);
        }
    }
    match &test.body {
        None => {}
        Some(Body::Json(value)) => {
            let mut strings = Vec::new();
            json_text::strings(value, &format!("{pointer}/json"), &mut strings);
            for (pointer, text) in strings {
                scope.body_template(&pointer, &text);
            }
        }
        Some(Body::Form(entries)) => {
            let pointer = format!("{pointer}/form");
            scope.count(&pointer, entries.len(), limits::ENTRIES);
            for (name, value) in entries {
                let pointer = step(&pointer, name);
                headers::check_parameter_name(&pointer, name, scope);
                scope.body_template(&pointer, value);
            }
        }
    }
}
