use std::collections::{BTreeMap, BTreeSet};

use super::limits;
use super::scope::Scope;
use crate::recipe::problem::step;
use crate::recipe::{Auth, NamedValue, encode};

/// Headers that belong to the connection or to whoever sends the request, never to a row. With them a row could take a
/// request apart (RFC 9112, section 6), speak to another host, make a DELETE of a test, or get an answer that nobody can read.
const FORBIDDEN: [&str; 18] = [
    "accept-encoding",
    "connection",
    "content-length",
    "cookie",
    "expect",
    "forwarded",
    "host",
    "keep-alive",
    "set-cookie",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "via",
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
];

/// A map of headers. `taken` are the names that the credential already has.
pub(super) fn check(pointer: &str, headers: &BTreeMap<String, String>, taken: &[String], scope: &mut Scope) {
    scope.count(pointer, headers.len(), limits::ENTRIES);
    let mut names: BTreeSet<String> = taken.iter().cloned().collect();
    for (name, value) in headers {
        let pointer = step(pointer, name);
        check_header(&pointer, &pointer, name, value, scope);
        if !names.insert(name.to_ascii_lowercase()) {
            scope.report(
                &pointer,
                "duplicate_header",
                "The header is set twice; keep one of them.",
            );
        }
    }
}

/// One header: its name at `name_pointer`, its value at `pointer`.
fn check_header(name_pointer: &str, pointer: &str, name: &str, value: &str, scope: &mut Scope) {
    let lower = name.to_ascii_lowercase();
    if !encode::is_header_name(name) || name.len() > limits::LABEL {
        let message = "Name the header with letters, digits and hyphens, without placeholders.";
        scope.report(name_pointer, "header_name", message);
    } else if FORBIDDEN.contains(&lower.as_str()) || lower.starts_with("x-forwarded-") || lower.starts_with("proxy-") {
        scope.report(
            name_pointer,
            "forbidden_header",
            "Remove the header: it is not for a row to set.",
        );
    }
    let template = scope.template(pointer, value);
    if !template.literals().all(encode::is_header_text) {
        let message = "Write the value in plain ASCII, without line breaks.";
        scope.report(pointer, "header_value", message);
    }
}

/// A map of query parameters. `taken` is the name that the credential already has.
pub(super) fn check_query(pointer: &str, query: &BTreeMap<String, String>, taken: Option<&str>, scope: &mut Scope) {
    scope.count(pointer, query.len(), limits::ENTRIES);
    for (name, value) in query {
        let pointer = step(pointer, name);
        check_parameter_name(&pointer, name, scope);
        scope.template(&pointer, value);
        if taken == Some(name.as_str()) {
            scope.report(
                &pointer,
                "duplicate_parameter",
                "The credential already stands here; keep one of them.",
            );
        }
    }
}

/// The name of a query parameter, or of a member of a body: a literal.
pub(super) fn check_parameter_name(pointer: &str, name: &str, scope: &mut Scope) {
    let is_name = !name.is_empty() && name.len() <= limits::LABEL && name.bytes().all(|byte| byte.is_ascii_graphic());
    if !is_name || name.contains(['{', '}']) {
        scope.report(
            pointer,
            "parameter_name",
            "Name it in plain ASCII, without spaces and placeholders.",
        );
    }
}

/// Where the credential goes.
pub(super) fn check_auth(auth: &Auth, scope: &mut Scope) {
    let pointer = "/recipe/request/auth";
    match auth {
        Auth::None => {}
        Auth::Basic(pair) => {
            scope.template(&format!("{pointer}/basic/username"), &pair.username);
            scope.template(&format!("{pointer}/basic/password"), &pair.password);
        }
        Auth::Bearer(token) => {
            let pointer = format!("{pointer}/bearer");
            if !scope.template(&pointer, token).literals().all(encode::is_header_text) {
                scope.report(
                    &pointer,
                    "header_value",
                    "Write the value in plain ASCII, without line breaks.",
                );
            }
        }
        Auth::Header(NamedValue { name, value }) => {
            let pointer = format!("{pointer}/header");
            check_header(
                &format!("{pointer}/name"),
                &format!("{pointer}/value"),
                name,
                value,
                scope,
            );
        }
        Auth::Query(named) => check_named(&format!("{pointer}/query"), named, scope),
        Auth::Body(named) => check_named(&format!("{pointer}/body"), named, scope),
    }
}

fn check_named(pointer: &str, named: &NamedValue, scope: &mut Scope) {
    check_parameter_name(&format!("{pointer}/name"), &named.name, scope);
    scope.template(&format!("{pointer}/value"), &named.value);
}

/// The header that the credential takes, in lower case.
pub(super) fn auth_header(auth: &Auth) -> Option<String> {
    match auth {
        Auth::Basic(_) | Auth::Bearer(_) => Some("authorization".to_owned()),
        Auth::Header(named) => Some(named.name.to_ascii_lowercase()),
        Auth::None | Auth::Query(_) | Auth::Body(_) => None,
    }
}

/// The query parameter that the credential takes.
pub(super) fn auth_parameter(auth: &Auth) -> Option<&str> {
    match auth {
        Auth::Query(named) => Some(&named.name),
        _ => None,
    }
}
