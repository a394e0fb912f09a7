//! How a key may be tested.

use super::{assert_below, findings, with};
use crate::row;

const TEST: &str = "/recipe/test";

#[test]
fn a_path_follows_the_base_url() {
    assert_below(
        TEST,
        &[
            ("path", r#""me""#, "path", "path"),
            ("path", r#""/me?x=1""#, "path", "path"),
            ("path", r#""/../me""#, "path", "path"),
            ("path", r#""/{nobody}""#, "path", "undeclared_variable"),
            ("path", r#""/{{me}""#, "path", "stray_brace"),
        ],
    );
    let optional = with(&[
        ("/recipe/fields/1/optional", "true"),
        ("/recipe/test/path", r#""/{tenant}""#),
    ]);
    let found = findings(&optional);
    assert!(
        found.contains(&("/recipe/test/path".to_owned(), "optional_in_path")),
        "{found:?}"
    );
}

#[test]
fn a_refusal_or_an_outage_is_no_success_by_its_status_alone() {
    let taken = "accept_status";
    for (rule, fine) in [
        (r#"{ "status": 200 }"#, true),
        (r#"{ "status": [ "2xx", 404, 422 ] }"#, true),
        (r#"{ "status": "500-599" }"#, true),
        (
            r#"{ "status": 429, "body": { "pointer": "/code", "equals": "no_funds" } }"#,
            true,
        ),
        (
            r#"{ "status": 302, "header": { "name": "Location", "equals": "/home" } }"#,
            true,
        ),
        (r#"{ "status": 401 }"#, false),
        (r#"{ "status": "4xx" }"#, false),
        (r#"{ "status": "100-599" }"#, false),
        (r#"{ "status": [ 200, 302 ] }"#, false),
        (r#"{ "status": 408 }"#, false),
        (r#"{ "status": 429 }"#, false),
        (r#"{ "status": 500 }"#, false),
    ] {
        let accept = findings(&with(&[("/recipe/test/accept/0", rule)]));
        let expected = ("/recipe/test/accept/0/status".to_owned(), taken);
        assert_eq!(accept, if fine { vec![] } else { vec![expected] }, "{rule}");
    }
    assert_below(TEST, &[("warn/0/status", "503", "warn/0/status", taken)]);
    assert_eq!(findings(&with(&[("/recipe/test/reject/0/status", "500")])), []);
}

#[test]
fn a_test_knows_success_and_its_rules_can_hold() {
    assert_below(
        TEST,
        &[
            ("accept", "[]", "accept", "no_success_rule"),
            ("accept/0", "{}", "accept/0", "rule_without_condition"),
            ("warn/0", r#"{ "status": 403 }"#, "warn/0", "warn_without_code"),
            ("warn/0/code", r#""No Scope""#, "warn/0/code", "code"),
            ("identity/pointer", r#""id""#, "identity/pointer", "pointer"),
        ],
    );
    assert_below(
        "/recipe/test/accept/0",
        &[
            ("body", r#"{ "pointer": "/a" }"#, "body", "comparison"),
            (
                "body",
                r#"{ "pointer": "", "exists": true, "in": [] }"#,
                "body",
                "comparison",
            ),
            (
                "body",
                r#"{ "pointer": "a", "exists": true }"#,
                "body/pointer",
                "pointer",
            ),
            (
                "body",
                r#"{ "pointer": "/~2", "exists": true }"#,
                "body/pointer",
                "pointer",
            ),
            (
                "body",
                r#"{ "pointer": "/a", "matches": "(" }"#,
                "body/matches",
                "pattern",
            ),
            ("header", r#"{ "name": "X" }"#, "header", "comparison"),
            (
                "header",
                r#"{ "name": "X", "matches": "(" }"#,
                "header/matches",
                "pattern",
            ),
            (
                "header",
                r#"{ "name": "a b", "exists": true }"#,
                "header/name",
                "header_name",
            ),
        ],
    );
}

#[test]
fn a_test_changes_nothing_and_only_a_post_has_a_body() {
    for method in ["DELETE", "PUT", "PATCH"] {
        let found = findings(&with(&[("/recipe/test/method", &format!("{method:?}"))]));
        assert!(
            found.contains(&("/recipe/test/method".to_owned(), "method")),
            "{found:?}"
        );
    }
    assert_below(
        TEST,
        &[
            ("method", r#""GET""#, "body", "body_without_post"),
            (
                "headers",
                r#"{ "Cookie": "a=b" }"#,
                "headers/Cookie",
                "forbidden_header",
            ),
            ("query", r#"{ "a b": "c" }"#, "query/a b", "parameter_name"),
            ("body/json/q", r#""{nobody}""#, "body/json/q", "undeclared_variable"),
            ("body", r#"{ "form": { "": "x" } }"#, "body/form/", "parameter_name"),
        ],
    );
    let head = r#"{ "method": "HEAD", "path": "/me", "accept": [ { "body": { "pointer": "/a", "exists": true } } ] }"#;
    let found = findings(&with(&[("/recipe/test", head)]));
    assert_eq!(found, [("/recipe/test/accept/0/body".to_owned(), "head_has_no_body")]);
}

#[test]
fn a_credential_in_the_body_needs_one_that_can_hold_it() {
    let auth = (
        "/recipe/request/auth",
        r#"{ "body": { "name": "token", "value": "{key}" } }"#,
    );
    assert_eq!(findings(&with(&[auth])), []);
    assert_eq!(findings(&with(&[auth, ("/recipe/test/body", r#"{ "form": {} }"#)])), []);
    let list = findings(&with(&[auth, ("/recipe/test/body", r#"{ "json": [ 1 ] }"#)]));
    assert_eq!(list, [("/recipe/test".to_owned(), "body_auth")]);
    let get = r#"{ "path": "/me", "accept": [ { "status": 200 } ] }"#;
    assert_eq!(
        findings(&with(&[auth, ("/recipe/test", get)])),
        [("/recipe/test".to_owned(), "body_auth")]
    );
}

#[test]
fn a_test_needs_a_request() {
    let alone = row("
key: a
name: A
category: B
auth: bearer
credential: { label: Key }
recipe: { test: { path: /x, accept: [ { status: 200 } ] } }
");
    assert_eq!(findings(&alone), [("/recipe/test".to_owned(), "test_without_request")]);
}
