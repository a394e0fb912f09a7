//! Which rule counts where several hold, and what an answer without a rule means.

use domain::integration::Verdict;
use domain::provider::ProviderRow;
use domain::recipe::{HttpResponse, judge};

use crate::{answer, row, stored};

fn with_test(test: &str) -> ProviderRow {
    row(&format!(
        "
key: acme
name: Acme
category: Test
auth: bearer
credential: {{ label: Key }}
recipe:
  request: {{ base_url: https://api.example.com, auth: {{ bearer: '{{api_key}}' }} }}
  test:
    path: /me
{test}"
    ))
}

fn verdict(row: &ProviderRow, status: u16, body: &str) -> (Verdict, Option<String>) {
    let outcome = judge(row, &stored(&[("api_key", "hunter2hunter2")]), &answer(status, body));
    (outcome.verdict, outcome.code)
}

#[test]
fn an_answer_without_a_rule_says_nothing_of_the_key() {
    let row = with_test("    accept: [ { status: 200 } ]");
    for (status, expected, code) in [
        (401, Verdict::Misconfigured, "unexpected_answer"),
        (404, Verdict::Misconfigured, "unexpected_answer"),
        (204, Verdict::Misconfigured, "unexpected_answer"),
        (301, Verdict::Misconfigured, "redirected"),
        (408, Verdict::Unreachable, "timeout"),
        (429, Verdict::RateLimited, "rate_limited"),
        (500, Verdict::Unreachable, "provider_error"),
        (599, Verdict::Unreachable, "provider_error"),
    ] {
        assert_eq!(
            verdict(&row, status, "{}"),
            (expected, Some(code.to_owned())),
            "{status}"
        );
        assert!(!expected.is_definitive());
    }
    assert_eq!(verdict(&row, 200, ""), (Verdict::Accepted, None));
}

#[test]
fn an_outage_is_only_overridden_by_its_very_status() {
    let wide = with_test(
        "    accept: [ { status: 2xx } ]\n    reject: [ { status: [ 4xx, 500-599, 300-399 ] }, { body: { pointer: /e, equals: 1 } } ]",
    );
    for status in [302, 408, 429, 500, 503] {
        assert_ne!(verdict(&wide, status, r#"{"e":1}"#).0, Verdict::Rejected, "{status}");
    }
    assert_eq!(verdict(&wide, 418, "").0, Verdict::Rejected);
    assert_eq!(verdict(&wide, 418, "").1.as_deref(), Some("invalid_credential"));
    assert_eq!(verdict(&wide, 200, r#"{"e":1}"#).0, Verdict::Rejected);
    let exact = with_test("    accept: [ { status: 200 } ]\n    reject: [ { status: [ 500, 302 ], code: bad_key } ]");
    assert_eq!(
        verdict(&exact, 500, ""),
        (Verdict::Rejected, Some("bad_key".to_owned()))
    );
    assert_eq!(verdict(&exact, 302, "").0, Verdict::Rejected);
    assert_eq!(verdict(&exact, 501, "").0, Verdict::Unreachable);
}

#[test]
fn the_most_specific_rule_counts_and_doubt_counts_against_the_key() {
    let row = with_test(
        "    accept: [ { status: 200 }, { status: 200, body: { pointer: /scopes, contains: send } } ]
    reject: [ { status: 4xx }, { status: 200, body: { pointer: /ok, equals: false } } ]
    warn:
      - { status: 403, code: insufficient_scope }
      - { status: 200, body: { pointer: /scopes, exists: true }, code: few_scopes }",
    );
    assert_eq!(verdict(&row, 200, "{}").0, Verdict::Accepted);
    assert_eq!(verdict(&row, 200, r#"{"ok":false}"#).0, Verdict::Rejected);
    assert_eq!(
        verdict(&row, 200, r#"{"ok":false,"scopes":["send"]}"#).0,
        Verdict::Rejected
    );
    assert_eq!(
        verdict(&row, 200, r#"{"scopes":["read"]}"#).1.as_deref(),
        Some("few_scopes")
    );
    assert_eq!(verdict(&row, 403, "").1.as_deref(), Some("insufficient_scope"));
    assert_eq!(verdict(&row, 401, "").0, Verdict::Rejected);
}

#[test]
fn every_comparison_looks_at_the_body() {
    for (condition, yes, no) in [
        ("equals: 1", r#"{"a":{"b":1}}"#, r#"{"a":{"b":"1"}}"#),
        ("equals: null", r#"{"a":{"b":null}}"#, r#"{"a":{}}"#),
        ("exists: true", r#"{"a":{"b":0}}"#, r#"{"a":{"b":null}}"#),
        ("exists: false", r#"{"a":{}}"#, r#"{"a":{"b":0}}"#),
        ("in: [ x, 2 ]", r#"{"a":{"b":2}}"#, r#"{"a":{"b":"y"}}"#),
        ("contains: x", r#"{"a":{"b":["w","x"]}}"#, r#"{"a":{"b":"x"}}"#),
        ("matches: '^x+$'", r#"{"a":{"b":"xx"}}"#, r#"{"a":{"b":"y"}}"#),
    ] {
        let row = with_test(&format!(
            "    accept: [ {{ status: 200, body: {{ pointer: /a/b, {condition} }} }} ]"
        ));
        assert_eq!(verdict(&row, 200, yes).0, Verdict::Accepted, "{condition}");
        assert_eq!(verdict(&row, 200, no).0, Verdict::Misconfigured, "{condition}");
        assert_eq!(verdict(&row, 200, "cut off {").0, Verdict::Misconfigured, "{condition}");
    }
}

#[test]
fn every_comparison_looks_at_a_header() {
    for (condition, value, holds) in [
        ("equals: a", Some("a"), true),
        ("equals: a", Some("b"), false),
        ("exists: true", Some(""), true),
        ("exists: true", None, false),
        ("exists: false", None, true),
        ("matches: '^a'", Some("abc"), true),
        ("matches: '^a'", None, false),
    ] {
        let row = with_test(&format!(
            "    accept: [ {{ status: 200, header: {{ name: X-Kind, {condition} }} }} ]"
        ));
        let headers = value
            .map(|value| ("x-KIND".to_owned(), value.to_owned()))
            .into_iter()
            .collect();
        let response = HttpResponse {
            status: 200,
            headers,
            body: Vec::new(),
        };
        let outcome = judge(&row, &stored(&[]), &response);
        assert_eq!(outcome.verdict == Verdict::Accepted, holds, "{condition} {value:?}");
    }
}

#[test]
fn an_identity_is_one_short_line_without_secrets() {
    let row =
        with_test("    accept: [ { status: 200 } ]\n    reject: [ { status: 401 } ]\n    identity: { pointer: /who }");
    let identity = |status: u16, who: &str| {
        judge(
            &row,
            &stored(&[("api_key", "hunter2hunter2")]),
            &answer(status, &format!(r#"{{"who":{who}}}"#)),
        )
        .identity
    };
    assert_eq!(
        identity(200, r#""Acme\u0000\u001b Inc.\n""#).as_deref(),
        Some("Acme Inc.")
    );
    assert_eq!(identity(200, "42").as_deref(), Some("42"));
    assert_eq!(
        identity(200, &format!("\"{}\"", "é".repeat(300)))
            .unwrap()
            .chars()
            .count(),
        200
    );
    assert_eq!(identity(401, r#""Acme""#), None);
    for who in [
        r#""key hunter2hunter2""#,
        r#""HUNTER2hunter2""#,
        r#""hunter2\u0007hunter2""#,
        &format!("\"{}hunter2hunter2\"", "a".repeat(195)),
        "[1]",
        "null",
        r#""""#,
    ] {
        assert_eq!(identity(200, who), None, "{who}");
    }
}

#[test]
fn an_identity_repeats_no_secret_in_another_spelling_either() {
    let row = with_test("    accept: [ { status: 200 } ]\n    identity: { pointer: /who }");
    let identity = |secret: &str, who: &str| {
        let body = serde_json::json!({ "who": who }).to_string();
        judge(&row, &stored(&[("api_key", secret)]), &answer(200, &body)).identity
    };
    let secret = "k/y+hunter2 é?";
    for who in [
        "k%2Fy%2Bhunter2%20%C3%A9%3F",
        "as k%2fy+hunter2 \u{e9}%3f",
        // Base64 of the secret alone, behind one byte, behind two bytes, without padding, and for URLs.
        "ay95K2h1bnRlcjIgw6k/",
        "basic dTprL3kraHVudGVyMiDDqT8=",
        "basic dXM6ay95K2h1bnRlcjIgw6k/",
        "OmsveStodW50ZXIyIMOpPw",
        "ay95K2h1bnRlcjIgw6k_",
        "6b2f792b68756e7465723220c3a93f",
        "6B2F792B68756E7465723220C3A93F",
        // With characters inside that nobody sees.
        "k/y+\u{200b}hunter2 \u{2060}\u{e9}?",
    ] {
        assert_eq!(identity(secret, who), None, "{who}");
    }
    assert_eq!(
        identity(secret, "hunter two, Inc. 100%").as_deref(),
        Some("hunter two, Inc. 100%")
    );
    assert_eq!(
        identity("k", "Acme").as_deref(),
        Some("Acme"),
        "a short secret hides no name by its base64"
    );
    assert_eq!(
        identity(secret, "Acme \u{202e}cnI\u{2066}").as_deref(),
        Some("Acme cnI")
    );
}

#[test]
fn a_byte_order_mark_before_the_body_is_passed_over() {
    let row = with_test("    accept: [ { status: 200, body: { pointer: /ok, equals: true } } ]");
    assert_eq!(verdict(&row, 200, "\u{feff}{\"ok\":true}").0, Verdict::Accepted);
}

#[test]
fn a_row_without_a_test_is_untestable() {
    let row = row("{ key: a, name: A, category: B, auth: bearer, credential: { label: Key } }");
    assert_eq!(verdict(&row, 200, "").0, Verdict::Untestable);
}
