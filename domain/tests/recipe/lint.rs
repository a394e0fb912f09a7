//! One finding for each rule of the linter.

use domain::provider::ProviderRow;
use domain::recipe::{LintPolicy, lint};

use crate::row;

/// A row that is fine, whose parts the table replaces.
const FINE: &str = r#"{
  "key": "acme", "name": "Acme", "category": "Test", "description": "", "auth": "bearer",
  "help": { "url": "https://acme.example.com/keys", "instructions": "" },
  "recipe": {
    "fields": [ { "name": "key", "label": "Key", "secret": true }, { "name": "tenant" },
                { "name": "region", "type": "enum", "options": [ { "value": "eu", "maps_to": "eu.example.com" } ] } ],
    "derive": { "dc": { "from": "key", "pattern": "-([a-z]{2})$" } },
    "request": {
      "base_url": "https://{dc}.api.example.com/{tenant}", "auth": { "bearer": "{key}" },
      "headers": { "X-Region": "{region}" }, "query": {}
    },
    "test": { "method": "POST", "path": "/me", "body": { "json": { "q": "{ me { id } }" } },
              "accept": [ { "status": 200 } ], "reject": [ { "status": 401 } ],
              "warn": [ { "status": 403, "code": "scope" } ], "identity": { "pointer": "/id" } },
    "ai": { "api": "openai" }
  }
}"#;

/// The fine row with the value at `pointer` replaced; a last step that does not exist is added.
fn with(changes: &[(&str, &str)]) -> ProviderRow {
    let mut json: serde_json::Value = serde_json::from_str(FINE).unwrap();
    for (pointer, value) in changes {
        let value = serde_json::from_str(value).unwrap();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        match json.pointer_mut(parent).unwrap() {
            serde_json::Value::Object(members) => drop(members.insert(name.replace("~1", "/"), value)),
            serde_json::Value::Array(items) => match name.parse::<usize>().unwrap() {
                at if at < items.len() => items[at] = value,
                _ => items.push(value),
            },
            other => panic!("{other} has no members"),
        }
    }
    serde_json::from_value(json).unwrap_or_else(|error| panic!("{error}: {changes:?}"))
}

fn findings(row: &ProviderRow) -> Vec<(String, &'static str)> {
    lint(row, &LintPolicy::default())
        .into_iter()
        .map(|problem| (problem.pointer, problem.code))
        .collect()
}

/// Each change makes exactly the finding that stands beside it.
fn assert_findings(table: &[(&[(&str, &str)], &str, &str)]) {
    assert_eq!(findings(&with(&[])), []);
    for (changes, pointer, code) in table {
        let row = with(changes);
        let found = findings(&row);
        assert_eq!(found, [((*pointer).to_owned(), *code)], "{changes:?}");
        let message = &lint(&row, &LintPolicy::default())[0].message;
        assert!(
            message.ends_with('.') && message.len() > 20,
            "a finding says what to do: {message}"
        );
    }
}

fn long(count: usize) -> String {
    format!("\"{}\"", "a".repeat(count))
}

#[test]
fn what_people_read_is_there_and_short() {
    assert_findings(&[
        (&[("/name", "\" \"")], "/name", "empty"),
        (&[("/name", &long(121))], "/name", "too_long"),
        (&[("/name", "\"a\\nb\"")], "/name", "control_character"),
        (&[("/category", "\"\"")], "/category", "empty"),
        (&[("/category", &long(61))], "/category", "too_long"),
        (&[("/description", &long(1001))], "/description", "too_long"),
        (&[("/help/instructions", &long(4001))], "/help/instructions", "too_long"),
        (&[("/help/url", "\"http://acme.example.com\"")], "/help/url", "help_url"),
        (&[("/help/url", "\"javascript:alert(1)\"")], "/help/url", "help_url"),
        (
            &[("/recipe/fields/0/label", &long(81))],
            "/recipe/fields/0/label",
            "too_long",
        ),
        (&[("/recipe/fields/0/label", "\"\"")], "/recipe/fields/0/label", "empty"),
        (
            &[("/recipe/fields/0/hint", &long(201))],
            "/recipe/fields/0/hint",
            "too_long",
        ),
        (
            &[("/recipe/fields/0/help_url", "\"ftp://x\"")],
            "/recipe/fields/0/help_url",
            "help_url",
        ),
        (&[("/recipe/ai/api", "\"Open AI\"")], "/recipe/ai/api", "ai_api"),
        (
            &[("/recipe/ai/default_model", "\"\"")],
            "/recipe/ai/default_model",
            "empty",
        ),
    ]);
}

#[test]
fn the_parts_of_a_row_go_together() {
    assert_findings(&[
        (
            &[("/credential", r#"{ "label": "Key" }"#)],
            "/credential",
            "credential_and_fields",
        ),
        (&[("/auth", "\"basic\"")], "/recipe/request/auth", "auth_mismatch"),
    ]);
    let nothing = row("{ key: a, name: A, category: B, auth: oauth2 }");
    assert_eq!(findings(&nothing), [("/credential".to_owned(), "credential_missing")]);
    let none = row("{ key: a, name: A, category: B, auth: none, credential: { label: Key } }");
    assert_eq!(findings(&none), [("/auth".to_owned(), "auth_mismatch")]);
    let unused = row(
        "{ key: a, name: A, category: B, auth: api_key, credential: { label: Key }, recipe: { request: { base_url: 'https://a.example.com' } } }",
    );
    assert_eq!(findings(&unused), [("/credential".to_owned(), "unused_variable")]);
    assert_eq!(findings(&row("{ key: a, name: A, category: B, auth: none }")), []);
    assert_eq!(
        findings(&row(
            "{ key: a, name: A, category: B, auth: api_key, credential: { label: Key } }"
        )),
        []
    );
}

#[test]
fn fields_are_named_once_and_hold_together() {
    let field = |rest: &str| format!("{{ \"name\": \"tenant\", {rest} }}");
    let at = "/recipe/fields/1";
    let cases: [(String, &str, &str); 20] = [
        (field(r#""pattern": "(""#), "/recipe/fields/1/pattern", "pattern"),
        (field(r#""pattern": "(?=x)""#), "/recipe/fields/1/pattern", "pattern"),
        (field(r#""pattern": "a)|(b""#), "/recipe/fields/1/pattern", "pattern"),
        (
            field(&format!("\"pattern\": {}", long(513))),
            "/recipe/fields/1/pattern",
            "pattern",
        ),
        (
            field(r#""pattern": "((\\w{90}){90}){90}""#),
            "/recipe/fields/1/pattern",
            "pattern",
        ),
        (field(r#""pattern_help": """#), "/recipe/fields/1/pattern_help", "empty"),
        (
            field(r#""refuse": [ { "pattern": "[", "message": "No." } ]"#),
            "/recipe/fields/1/refuse/0/pattern",
            "pattern",
        ),
        (
            field(r#""refuse": [ { "pattern": "x", "message": "" } ]"#),
            "/recipe/fields/1/refuse/0/message",
            "empty",
        ),
        (
            field(r#""extract": [ "abc" ]"#),
            "/recipe/fields/1/extract/0",
            "no_capture",
        ),
        (field(r#""prefix": """#), "/recipe/fields/1/prefix", "affix"),
        (
            field(r#""type": "uuid", "suffix": ".x""#),
            "/recipe/fields/1/suffix",
            "affix",
        ),
        (field(r#""type": "enum""#), "/recipe/fields/1/options", "options"),
        (
            field(r#""options": [ { "value": "a" } ]"#),
            "/recipe/fields/1/options",
            "options",
        ),
        (
            field(r#""type": "enum", "options": [ { "value": "a" }, { "value": "a" } ]"#),
            "/recipe/fields/1/options/1/value",
            "options",
        ),
        (
            field(r#""type": "enum", "options": [ { "value": "a" } ], "default": "b""#),
            "/recipe/fields/1/default",
            "default",
        ),
        (
            field(r#""pattern": "[0-9]+", "default": "x""#),
            "/recipe/fields/1/default",
            "default",
        ),
        (
            field(r#""fixed": "x", "default": "y""#),
            "/recipe/fields/1/fixed",
            "fixed",
        ),
        (field(r#""secret": true, "default": "x""#), at, "secret_in_row"),
        (field(r#""secret": true, "fixed": "x""#), at, "secret_in_row"),
        (
            field(r#""secret": true, "type": "email", "default": "a@example.com""#),
            at,
            "secret_in_row",
        ),
    ];
    for (json, pointer, code) in &cases {
        assert_findings(&[(&[(at, json)], pointer, code)]);
    }
    assert_findings(&[
        (
            &[("/recipe/fields/3", r#"{ "name": "tenant" }"#)],
            "/recipe/fields/3/name",
            "duplicate_field",
        ),
        (
            &[("/recipe/fields/2/secret", "true")],
            "/recipe/fields/2/type",
            "secret_type",
        ),
    ]);
    let bad_name = with(&[("/recipe/fields/3", r#"{ "name": "API-Key" }"#)]);
    assert!(findings(&bad_name).contains(&("/recipe/fields/3/name".to_owned(), "field_name")));
}

#[test]
fn a_condition_names_an_earlier_public_field_and_its_values() {
    let region = |when: &str| {
        format!(r#"{{ "name": "region", "type": "enum", "options": [ {{ "value": "eu" }} ], "visible_when": {when} }}"#)
    };
    for (when, pointer) in [
        (
            r#"{ "field": "key", "equals": "x" }"#,
            "/recipe/fields/2/visible_when/field",
        ),
        (
            r#"{ "field": "later", "equals": "x" }"#,
            "/recipe/fields/2/visible_when/field",
        ),
        (r#"{ "field": "tenant" }"#, "/recipe/fields/2/visible_when"),
    ] {
        assert_findings(&[(&[("/recipe/fields/2", &region(when))], pointer, "visible_when")]);
    }
    assert_eq!(
        findings(&with(&[(
            "/recipe/fields/2",
            &region(r#"{ "field": "tenant", "in": [ "a" ] }"#)
        )])),
        []
    );
}

#[test]
fn counts_and_sizes_are_limited() {
    let many = |count: usize, item: &dyn Fn(usize) -> String| (0..count).map(item).collect::<Vec<_>>().join(",");
    let headers = format!(
        "{{ \"X-Region\": \"{{region}}\", {} }}",
        many(32, &|at| format!("\"X-{at}\": \"1\""))
    );
    let query = format!("{{ {} }}", many(33, &|at| format!("\"q{at}\": \"1\"")));
    let rules = format!("[ {} ]", many(33, &|_| r#"{ "status": 200 }"#.to_owned()));
    let refuse = format!(
        "[ {} ]",
        many(17, &|_| r#"{ "pattern": "x", "message": "No." }"#.to_owned())
    );
    let options = format!("[ {} ]", many(65, &|at| format!(r#"{{ "value": "v{at}" }}"#)));
    let body = format!("[ {} ]", many(20, &|_| long(1900)));
    assert_findings(&[
        (
            &[("/recipe/request/headers", &headers)],
            "/recipe/request/headers",
            "too_many",
        ),
        (
            &[("/recipe/request/query", &query)],
            "/recipe/request/query",
            "too_many",
        ),
        (&[("/recipe/test/accept", &rules)], "/recipe/test/accept", "too_many"),
        (
            &[("/recipe/fields/0/refuse", &refuse)],
            "/recipe/fields/0/refuse",
            "too_many",
        ),
        (
            &[("/recipe/fields/2/options", &options)],
            "/recipe/fields/2/options",
            "too_many",
        ),
        (&[("/recipe/test/body/json", &body)], "/recipe", "too_long"),
        (
            &[("/recipe/request/headers/X-Long", &long(2001))],
            "/recipe/request/headers/X-Long",
            "too_long",
        ),
    ]);
    let fields = format!("[ {} ]", many(17, &|at| format!(r#"{{ "name": "f{at}" }}"#)));
    assert!(findings(&with(&[("/recipe/fields", &fields)])).contains(&("/recipe/fields".to_owned(), "too_many")));
}

#[test]
fn what_is_derived_comes_from_a_field_by_a_capture() {
    assert_findings(&[(
        &[("/recipe/derive/unused", r#"{ "from": "key", "pattern": "(x)" }"#)],
        "/recipe/derive/unused",
        "unused_variable",
    )]);
    let found = findings(&with(&[(
        "/recipe/derive/dc",
        r#"{ "from": "nobody", "pattern": "[a-z]" }"#,
    )]));
    assert!(
        found.contains(&("/recipe/derive/dc/from".to_owned(), "undeclared_variable")),
        "{found:?}"
    );
    assert!(
        found.contains(&("/recipe/derive/dc/pattern".to_owned(), "no_capture")),
        "{found:?}"
    );
    let clash = findings(&with(&[(
        "/recipe/derive/tenant",
        r#"{ "from": "key", "pattern": "(x)" }"#,
    )]));
    assert_eq!(clash, [("/recipe/derive/tenant".to_owned(), "duplicate_field")]);
}

#[test]
fn a_base_url_fixes_where_a_key_may_go() {
    let at = "/recipe/request/base_url";
    for (base_url, code) in [
        ("http://{dc}.api.example.com/{tenant}", "http"),
        ("ftp://{dc}.example.com/{tenant}", "base_url"),
        ("{tenant}://{dc}.example.com", "base_url"),
        ("https://{dc}.example.com:{tenant}", "base_url"),
        ("https://{tenant}@{dc}.example.com", "base_url"),
        ("https://{dc}.example.com/{tenant}?x=1", "base_url"),
        ("https://{dc}.example.com/{tenant}/{x", "base_url"),
        ("https://{dc}.{tenant}.com", "open_host"),
        ("https://{dc}.{tenant}", "open_host"),
        ("https://{dc}{tenant}example.com", "open_host"),
        ("https://{dc}.{tenant}.co.uk", "open_host"),
        ("https://{dc}.{tenant}.internal", "open_host"),
        ("https://{key}.{dc}.{tenant}.example.com", "secret_in_host"),
        ("https://{dc}.example.com:8443/{tenant}", "port"),
        ("https://{dc} .example.com/{tenant}", "host"),
        ("https://{dc}.example.com/{tenant}/../x", "path"),
        ("https://{dc}.example.com/{tenant}/a b", "path"),
    ] {
        assert_findings(&[(&[(at, &format!("{base_url:?}"))], at, code)]);
    }
    let unused = [("/recipe/derive", "{}"), (at, "\"https://x/{tenant}\"")];
    for (base_url, code) in [
        ("https://10.0.0.1/{tenant}", "ip_literal"),
        ("https://[::1]/{tenant}", "ip_literal"),
        ("https://0x7f.1/{tenant}", "ip_literal"),
        ("https://localhost/{tenant}", "host"),
        ("https://com/{tenant}", "host"),
        ("https://db.internal/{tenant}", "host"),
        ("https://api.example.com/{tenant}/{nobody}", "undeclared_variable"),
        ("{tenant}/api", "open_host"),
    ] {
        assert_findings(&[(&[unused[0], (at, &format!("{base_url:?}"))], at, code)]);
    }
}

#[test]
fn a_piece_of_a_secret_in_a_host_is_short() {
    let at = "/recipe/request/base_url";
    for pattern in ["-(.*)$", "-([a-z]{17})$", "(x+)"] {
        let change = format!("{pattern:?}");
        assert_findings(&[(&[("/recipe/derive/dc/pattern", &change)], at, "secret_in_host")]);
    }
    assert_eq!(
        findings(&with(&[("/recipe/derive/dc/pattern", "\"-([a-z]{1,16})$\"")])),
        []
    );
}

#[test]
fn every_option_of_a_region_is_a_host_of_its_own() {
    let at = "/recipe/request/base_url";
    let base = ("/recipe/request/base_url", "\"https://{region}/{tenant}\"");
    let derive = ("/recipe/derive", "{}");
    assert_eq!(findings(&with(&[derive, base])), []);
    for option in [
        "10.0.0.1",
        "localhost",
        "eu.example.com:8080",
        "a b.example.com",
        "eu.example.com/x",
        "",
    ] {
        let options = format!(
            r#"[ {{ "value": "us", "maps_to": "us.example.com" }}, {{ "value": "eu", "maps_to": {option:?} }} ]"#
        );
        let found = findings(&with(&[derive, base, ("/recipe/fields/2/options", &options)]));
        assert_eq!(
            found.iter().filter(|(pointer, _)| pointer == at).count(),
            1,
            "{option}: {found:?}"
        );
    }
    let optional = ("/recipe/fields/2/optional", "true");
    assert!(findings(&with(&[derive, base, optional])).contains(&(at.to_owned(), "optional_in_host")));
}

#[test]
fn an_account_s_own_server_stands_alone() {
    let at = "/recipe/request/base_url";
    let derive = ("/recipe/derive", "{}");
    for (kind, base_url, fine) in [
        ("host", "https://{tenant}/api", true),
        ("url", "{tenant}/api", true),
        ("host", "http://{tenant}/api", false),
        ("host", "https://{tenant}:8443/api", false),
        ("host", "https://api.{tenant}", false),
        ("host", "https://{tenant}.example.com", false),
        ("url", "https://{tenant}/api", false),
        ("host", "{tenant}/api", false),
    ] {
        let changes = [
            derive,
            ("/recipe/fields/1/type", &format!("{kind:?}")),
            (at, &format!("{base_url:?}")),
        ];
        let found = findings(&with(&changes));
        assert_eq!(found.is_empty(), fine, "{kind} {base_url} {found:?}");
        assert!(found.iter().all(|(pointer, _)| pointer == at), "{found:?}");
    }
    let optional = [
        derive,
        (
            "/recipe/fields/1",
            r#"{ "name": "tenant", "type": "url", "optional": true }"#,
        ),
        (at, "\"{tenant}/api\""),
    ];
    assert_eq!(findings(&with(&optional)), [(at.to_owned(), "optional_in_host")]);
}

#[test]
fn the_operator_s_hosts_may_be_plain_and_internal() {
    let policy = |allowed: &str| LintPolicy {
        allowed: vec![allowed.parse().unwrap()],
    };
    for (base_url, allowed) in [
        ("http://10.0.0.1:8080/{tenant}", "10.0.0.1:8080"),
        ("http://[fd00::5]/{tenant}", "[fd00::5]:80"),
        ("https://gitlab.internal:8443/{tenant}", "gitlab.internal:8443"),
    ] {
        let row = with(&[
            ("/recipe/derive", "{}"),
            ("/recipe/request/base_url", &format!("{base_url:?}")),
        ]);
        assert_eq!(lint(&row, &policy(allowed)), [], "{base_url}");
        assert_eq!(lint(&row, &LintPolicy::default()).len(), 1, "{base_url}");
        assert_eq!(lint(&row, &policy("other.internal:80")).len(), 1, "{base_url}");
    }
}

#[test]
fn headers_and_parameters_are_names_and_one_line() {
    let region = "\"{region}\"";
    for (name, code) in [
        ("Host", "forbidden_header"),
        ("CONTENT-LENGTH", "forbidden_header"),
        ("Transfer-Encoding", "forbidden_header"),
        ("Connection", "forbidden_header"),
        ("Cookie", "forbidden_header"),
        ("X-Forwarded-For", "forbidden_header"),
        ("x-forwarded-host", "forbidden_header"),
        ("Proxy-Authorization", "forbidden_header"),
        ("a b", "header_name"),
        ("a:b", "header_name"),
        ("{key}", "header_name"),
        ("", "header_name"),
        ("authorization", "duplicate_header"),
        ("x-region", "duplicate_header"),
    ] {
        let at = format!("/recipe/request/headers/{name}");
        assert_findings(&[(&[(&at, region)], &at, code)]);
    }
    let at = "/recipe/request/headers/X-Region";
    assert_findings(&[
        (&[(at, "\"{region}\\r\\nX-Evil: 1\"")], at, "header_value"),
        (&[(at, "\"{region} é\"")], at, "header_value"),
        (&[(at, "\"{region} {oops\"")], at, "stray_brace"),
        (&[(at, "\"{region} {nobody}\"")], at, "undeclared_variable"),
        (
            &[("/recipe/request/auth", r#"{ "bearer": "{key}\n" }"#)],
            "/recipe/request/auth/bearer",
            "header_value",
        ),
        (
            &[(
                "/recipe/request/auth",
                r#"{ "header": { "name": "Host", "value": "{key}" } }"#,
            )],
            "/recipe/request/auth/header/name",
            "forbidden_header",
        ),
        (
            &[(
                "/recipe/request/auth",
                r#"{ "query": { "name": "a b", "value": "{key}" } }"#,
            )],
            "/recipe/request/auth/query/name",
            "parameter_name",
        ),
        (
            &[
                (
                    "/recipe/request/auth",
                    r#"{ "query": { "name": "k", "value": "{key}" } }"#,
                ),
                ("/recipe/request/query/k", "\"1\""),
            ],
            "/recipe/request/query/k",
            "duplicate_parameter",
        ),
        (
            &[("/recipe/request/query/{key}", "\"1\"")],
            "/recipe/request/query/{key}",
            "parameter_name",
        ),
        (
            &[("/recipe/fields/3", r#"{ "name": "spare" }"#)],
            "/recipe/fields/3",
            "unused_variable",
        ),
    ]);
}

#[test]
fn a_test_changes_nothing_and_knows_success() {
    assert_findings(&[
        (&[("/recipe/test/path", "\"me\"")], "/recipe/test/path", "path"),
        (&[("/recipe/test/path", "\"/me?x=1\"")], "/recipe/test/path", "path"),
        (&[("/recipe/test/path", "\"/../me\"")], "/recipe/test/path", "path"),
        (
            &[("/recipe/test/path", "\"/{nobody}\"")],
            "/recipe/test/path",
            "undeclared_variable",
        ),
        (
            &[("/recipe/test/accept", "[]")],
            "/recipe/test/accept",
            "no_success_rule",
        ),
        (
            &[("/recipe/test/accept/0", "{}")],
            "/recipe/test/accept/0",
            "rule_without_condition",
        ),
        (
            &[("/recipe/test/warn/0", r#"{ "status": 403 }"#)],
            "/recipe/test/warn/0",
            "warn_without_code",
        ),
        (
            &[("/recipe/test/warn/0/code", "\"No Scope\"")],
            "/recipe/test/warn/0/code",
            "code",
        ),
        (
            &[("/recipe/test/accept/0/body", r#"{ "pointer": "/a" }"#)],
            "/recipe/test/accept/0/body",
            "comparison",
        ),
        (
            &[(
                "/recipe/test/accept/0/body",
                r#"{ "pointer": "/a", "exists": true, "equals": 1 }"#,
            )],
            "/recipe/test/accept/0/body",
            "comparison",
        ),
        (
            &[("/recipe/test/accept/0/body", r#"{ "pointer": "a", "exists": true }"#)],
            "/recipe/test/accept/0/body/pointer",
            "pointer",
        ),
        (
            &[("/recipe/test/accept/0/body", r#"{ "pointer": "/a~2", "exists": true }"#)],
            "/recipe/test/accept/0/body/pointer",
            "pointer",
        ),
        (
            &[("/recipe/test/accept/0/body", r#"{ "pointer": "/a", "matches": "(" }"#)],
            "/recipe/test/accept/0/body/matches",
            "pattern",
        ),
        (
            &[("/recipe/test/accept/0/header", r#"{ "name": "X" }"#)],
            "/recipe/test/accept/0/header",
            "comparison",
        ),
        (
            &[("/recipe/test/accept/0/header", r#"{ "name": "a b", "exists": true }"#)],
            "/recipe/test/accept/0/header/name",
            "header_name",
        ),
        (
            &[("/recipe/test/identity/pointer", "\"id\"")],
            "/recipe/test/identity/pointer",
            "pointer",
        ),
        (
            &[("/recipe/test/method", "\"GET\"")],
            "/recipe/test/body",
            "body_without_post",
        ),
        (
            &[("/recipe/test/headers", r#"{ "Cookie": "a=b" }"#)],
            "/recipe/test/headers/Cookie",
            "forbidden_header",
        ),
        (
            &[("/recipe/test/query", r#"{ "a b": "c" }"#)],
            "/recipe/test/query/a b",
            "parameter_name",
        ),
        (
            &[("/recipe/test/body/json/q", "\"{nobody}\"")],
            "/recipe/test/body/json/q",
            "undeclared_variable",
        ),
        (
            &[("/recipe/test/body", r#"{ "form": { "": "x" } }"#)],
            "/recipe/test/body/form/",
            "parameter_name",
        ),
    ]);
    for method in ["DELETE", "PUT", "PATCH"] {
        let found = findings(&with(&[("/recipe/test/method", &format!("{method:?}"))]));
        assert!(
            found.contains(&("/recipe/test/method".to_owned(), "method")),
            "{found:?}"
        );
    }
    let head = [
        ("/recipe/test/method", "\"HEAD\""),
        (
            "/recipe/test",
            r#"{ "method": "HEAD", "path": "/me", "accept": [ { "status": 200, "body": { "pointer": "/a", "exists": true } } ] }"#,
        ),
    ];
    assert_eq!(
        findings(&with(&head)),
        [("/recipe/test/accept/0/body".to_owned(), "head_has_no_body")]
    );
    let body_auth = [
        (
            "/recipe/request/auth",
            r#"{ "body": { "name": "token", "value": "{key}" } }"#,
        ),
        ("/recipe/test/body", r#"{ "json": [ 1 ] }"#),
    ];
    assert_eq!(findings(&with(&body_auth)), [("/recipe/test".to_owned(), "body_auth")]);
    let alone = row(
        "{ key: a, name: A, category: B, auth: bearer, credential: { label: Key }, recipe: { test: { path: /x, accept: [ { status: 200 } ] } } }",
    );
    assert_eq!(findings(&alone), [("/recipe/test".to_owned(), "test_without_request")]);
    let optional = with(&[("/recipe/fields/1/optional", "true")]);
    assert_eq!(
        findings(&optional),
        [("/recipe/request/base_url".to_owned(), "optional_in_path")]
    );
}

#[test]
fn what_the_language_does_not_know_is_refused_when_it_is_read() {
    for (what, yaml) in [
        ("auth type", "{ key: a, name: A, category: B, auth: magic }"),
        (
            "place",
            "{ key: a, name: A, category: B, auth: bearer, recipe: { request: { base_url: 'https://a.example.com', auth: { magic: x } } } }",
        ),
        (
            "part",
            "{ key: a, name: A, category: B, auth: bearer, recipe: { script: x } }",
        ),
        (
            "field key",
            "{ key: a, name: A, category: B, auth: bearer, recipe: { fields: [ { name: a, eval: x } ] } }",
        ),
        (
            "type",
            "{ key: a, name: A, category: B, auth: bearer, recipe: { fields: [ { name: a, type: file } ] } }",
        ),
        (
            "status",
            "{ key: a, name: A, category: B, auth: bearer, recipe: { test: { path: /, accept: [ { status: 700 } ] } } }",
        ),
        (
            "class",
            "{ key: a, name: A, category: B, auth: bearer, recipe: { test: { path: /, accept: [ { status: 6xx } ] } } }",
        ),
        (
            "range",
            "{ key: a, name: A, category: B, auth: bearer, recipe: { test: { path: /, accept: [ { status: 299-200 } ] } } }",
        ),
        (
            "method",
            "{ key: a, name: A, category: B, auth: bearer, recipe: { test: { path: /, method: TRACE } } }",
        ),
        ("key", "{ key: A B, name: A, category: B, auth: bearer }"),
    ] {
        assert!(serde_saphyr::from_str::<ProviderRow>(yaml).is_err(), "{what}");
    }
}
