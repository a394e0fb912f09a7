//! What people paste, and what is made of it.

use domain::recipe::{FieldKind, form, has_test, render_request};

use crate::{accepted, refused, row, shape, text};

const NINE_FIELDS: &str = "
key: acme
name: Acme
category: Email
description: Mail.
auth: api_key
credential: { label: API Key, hint: Ends with us19 }
help: { url: https://acme.example.com/keys, instructions: Look there. }
";

/// A row without a request, so that fields stand for themselves.
fn with_fields(fields: &str) -> domain::provider::ProviderRow {
    row(&format!(
        "key: acme\nname: Acme\ncategory: Test\nauth: api_key\nrecipe:\n  fields:\n{fields}"
    ))
}

#[test]
fn the_nine_fields_ask_for_one_secret_and_cannot_be_tested() {
    let row = row(NINE_FIELDS);
    let form = form(&row);
    assert_eq!(form.len(), 1);
    assert_eq!(
        (form[0].name.as_str(), form[0].label.as_str(), form[0].hint.as_str()),
        ("api_key", "API Key", "Ends with us19")
    );
    assert!(form[0].secret && !form[0].optional);
    assert!(!has_test(&row));
    let values = accepted(&row, &[("api_key", "k")]);
    assert_eq!(text(&values, "api_key"), Some("k"));
    assert!(render_request(&row, &values).unwrap().is_none());
}

#[test]
fn a_form_leaves_fixed_values_out_and_says_what_may_be_empty() {
    let row = with_fields(
        "    - { name: region, type: enum, options: [ { value: eu } ], default: eu }
    - { name: version, fixed: v1 }
    - { name: key, secret: true, visible_when: { field: region, equals: eu } }",
    );
    let form = form(&row);
    let names: Vec<(&str, bool)> = form.iter().map(|field| (field.name.as_str(), field.optional)).collect();
    assert_eq!(names, [("region", true), ("key", false)]);
    assert_eq!(form[0].kind, FieldKind::Enum);
    assert_eq!(form[1].label, "key");
    let json = serde_json::to_value(&form[0]).unwrap();
    assert_eq!(json["type"], "enum");
    let sent = refused(&row, &[("key", "k"), ("version", "v2")]);
    assert_eq!(sent[0].code, "unknown_field");
}

#[test]
fn the_ends_of_a_pasted_key_are_trimmed() {
    let row = row(NINE_FIELDS);
    for pasted in [
        "abc",
        "  abc",
        "abc\r\n",
        "\tabc\u{a0}",
        "\u{feff}abc\u{200b}",
        "\n\nabc\n",
    ] {
        assert_eq!(
            text(&accepted(&row, &[("api_key", pasted)]), "api_key"),
            Some("abc"),
            "{pasted:?}"
        );
    }
}

#[test]
fn white_space_inside_a_key_is_refused_and_not_repeated() {
    let row = row(NINE_FIELDS);
    for pasted in [
        "ab hunter2",
        "ab\nhunter2",
        "ab\thunter2",
        "ab\u{a0}hunter2",
        "ab\u{200b}hunter2",
        "ab\0hunter2",
    ] {
        let problems = refused(&row, &[("api_key", pasted)]);
        assert_eq!(problems.len(), 1, "{pasted:?}");
        assert_eq!(
            (problems[0].pointer.as_str(), problems[0].code),
            ("/fields/api_key", "inner_whitespace")
        );
        assert!(!problems[0].message.contains("hunter2"));
    }
}

#[test]
fn every_problem_is_named_at_once() {
    let row = shape("twilio");
    let problems = refused(
        &row,
        &[("account_sid", "SK0123"), ("sk_live_pasted_in_the_wrong_place", "x")],
    );
    let found: Vec<(&str, &str)> = problems.iter().map(|p| (p.pointer.as_str(), p.code)).collect();
    assert_eq!(
        found,
        [
            ("/fields/account_sid", "refused"),
            ("/fields/auth_token", "missing"),
            ("/fields", "unknown_field")
        ]
    );
    assert!(problems[2].message.contains("account_sid, auth_token"));
    assert!(
        !problems
            .iter()
            .any(|p| p.message.contains("sk_live") || p.message.contains("SK0123"))
    );
}

#[test]
fn a_value_must_match_the_pattern_as_a_whole_and_the_row_says_what_to_do() {
    let row = with_fields("    - { name: id, label: ID, pattern: 'A[0-9]+', pattern_help: An ID is A and a number. }");
    assert_eq!(text(&accepted(&row, &[("id", "A12")]), "id"), Some("A12"));
    for pasted in ["A12x", "xA12", "A"] {
        let problems = refused(&row, &[("id", pasted)]);
        assert_eq!(
            (problems[0].code, problems[0].message.as_str()),
            ("pattern", "An ID is A and a number.")
        );
    }
}

#[test]
fn a_value_that_is_too_long_is_refused() {
    let problems = refused(&row(NINE_FIELDS), &[("api_key", &"a".repeat(8193))]);
    assert_eq!(problems[0].code, "too_long");
    accepted(&row(NINE_FIELDS), &[("api_key", &"a".repeat(8192))]);
}

#[test]
fn defaults_and_options_are_filled_in_by_their_value() {
    let row = shape("sendgrid");
    let key = format!("SG.{}.{}", "a".repeat(22), "b".repeat(43));
    for (pasted, stored) in [("", "global"), ("eu", "eu"), ("api.eu.sendgrid.com", "eu")] {
        let values = accepted(&row, &[("region", pasted), ("api_key", &key)]);
        assert_eq!(text(&values, "region"), Some(stored));
    }
    assert_eq!(
        refused(&row, &[("region", "mars"), ("api_key", &key)])[0].code,
        "not_an_option"
    );
}

#[test]
fn an_optional_field_that_is_empty_is_left_out() {
    let values = accepted(
        &shape("openai"),
        &[("api_key", "sk-AAAAAAAAAAAAAAAAAAAA"), ("organization", "  ")],
    );
    assert_eq!(text(&values, "organization"), None);
    assert_eq!(values.len(), 1);
}

#[test]
fn a_field_that_is_not_visible_is_neither_asked_for_nor_taken() {
    let row = with_fields(
        "    - { name: mode, type: enum, options: [ { value: token }, { value: password } ] }
    - { name: token, secret: true, visible_when: { field: mode, equals: token } }
    - { name: password, secret: true, visible_when: { field: mode, in: [ password ] } }",
    );
    assert_eq!(
        accepted(&row, &[("mode", "token"), ("token", "t"), ("password", "")]).len(),
        2
    );
    assert_eq!(accepted(&row, &[("mode", "password"), ("password", "p")]).len(), 2);
    let problems = refused(&row, &[("mode", "token"), ("token", "t"), ("password", "p")]);
    assert_eq!(
        (problems[0].pointer.as_str(), problems[0].code),
        ("/fields/password", "not_applicable")
    );
    assert_eq!(refused(&row, &[("mode", "token")])[0].pointer, "/fields/token");
}

#[test]
fn what_hangs_on_a_wrong_choice_waits_until_it_is_put_right() {
    let row = with_fields(
        "    - { name: mode, type: enum, options: [ { value: token }, { value: none } ], default: none }
    - { name: kind, type: enum, options: [ { value: a } ], default: a, visible_when: { field: mode, equals: token } }
    - { name: token, secret: true, visible_when: { field: kind, equals: a } }",
    );
    let problems = refused(&row, &[("mode", "oops"), ("kind", "a"), ("token", "t")]);
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert_eq!(problems[0].pointer, "/fields/mode");
    assert_eq!(
        accepted(&row, &[]).len(),
        1,
        "the default of a field that is not visible makes nothing visible"
    );
    assert_eq!(accepted(&row, &[("mode", "token"), ("token", "t")]).len(), 3);
}

#[test]
fn a_value_that_cannot_stand_where_the_row_puts_it_is_refused_at_once() {
    let row = row("
key: acme
name: Acme
category: Test
auth: bearer
recipe:
  fields:
    - { name: tenant }
    - { name: key, secret: true }
  derive:
    dc: { from: key, pattern: '-([a-z]{2})$' }
  request: { base_url: 'https://{tenant}.{dc}.example.com', auth: { bearer: '{key}' } }
");
    accepted(&row, &[("tenant", "a1"), ("key", "k-us")]);
    for (tenant, key, pointer) in [
        ("a.b", "k-us", "/fields/tenant"),
        ("evil.com/", "k-us", "/fields/tenant"),
        ("a b", "k-us", "/fields/tenant"),
        ("a1", "k", "/fields/key"),
        ("a1", "ké-us", "/fields/key"),
    ] {
        let problems = refused(&row, &[("tenant", tenant), ("key", key)]);
        assert_eq!(
            (problems[0].pointer.as_str(), problems[0].code),
            (pointer, "unusable"),
            "{tenant} {key}"
        );
        assert!(!problems[0].message.contains("evil"));
    }
}

#[test]
fn an_account_brings_its_own_server_by_name_or_by_address() {
    for (kind, base_url, pasted, expected) in [
        (
            "host",
            "https://{server}/api",
            "https://Forum.example.com/admin",
            "https://forum.example.com/api",
        ),
        (
            "url",
            "{server}/api",
            "git.example.com:443/gitlab/",
            "https://git.example.com/gitlab/api",
        ),
    ] {
        let row = row(&format!(
            "
key: acme
name: Acme
category: Test
auth: bearer
recipe:
  fields:
    - {{ name: server, type: {kind} }}
    - {{ name: key, secret: true }}
  request: {{ base_url: '{base_url}', auth: {{ bearer: '{{key}}' }} }}
"
        ));
        let values = accepted(&row, &[("server", pasted), ("key", "k")]);
        assert_eq!(render_request(&row, &values).unwrap().unwrap().base_url, expected);
        for private in [
            "127.0.0.1",
            "localhost",
            "http://10.0.0.1",
            "https://[::1]",
            "db.internal",
            "169.254.169.254",
        ] {
            let problems = refused(&row, &[("server", private), ("key", "k")]);
            assert_eq!(problems[0].pointer, "/fields/server", "{private}");
        }
    }
}
