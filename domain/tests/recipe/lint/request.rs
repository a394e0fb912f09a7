//! Where a key may go.

use domain::recipe::{LintPolicy, lint};

use super::{assert_findings, findings, with};

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
        ("https://{dc}.example.com/a%{tenant}", "path"),
        ("https://{dc}.example.com/{tenant}%2", "path"),
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
        ("https://a_b.example.com/{tenant}", "host"),
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
fn pieces_of_secrets_in_a_host_are_short_together() {
    let at = "/recipe/request/base_url";
    let halves = r#"{ "dc": { "from": "key", "pattern": "^([a-z0-9]{8})" },
                      "rest": { "from": "key", "pattern": "([a-z0-9]{9})$" } }"#;
    let host = "\"https://{dc}{rest}.api.example.com/{tenant}\"";
    assert_findings(&[(&[("/recipe/derive", halves), (at, host)], at, "secret_in_host")]);
    let short = halves.replace("{9}", "{8}");
    assert_eq!(findings(&with(&[("/recipe/derive", &short), (at, host)])), []);
}

#[test]
fn a_key_that_is_never_sent_cannot_be_tested() {
    let unsent = [("/recipe/request/auth", "\"none\"")];
    assert_findings(&[(&unsent, "/recipe/fields/0", "secret_not_sent")]);
    for (pointer, value) in [
        (
            "/recipe/request/base_url",
            "\"https://{dc}.example.com/{tenant}/{key}\"",
        ),
        ("/recipe/request/query/k", "\"{key}\""),
        ("/recipe/test/body/json/k", "\"{key}\""),
        ("/recipe/test/headers", "{ \"X-Part\": \"{dc}\" }"),
    ] {
        assert_eq!(findings(&with(&[unsent[0], (pointer, value)])), [], "{pointer}");
    }
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
fn a_header_has_a_name_of_its_own_that_a_row_may_set() {
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
        ("X-HTTP-Method-Override", "forbidden_header"),
        ("X-HTTP-Method", "forbidden_header"),
        ("X-Method-Override", "forbidden_header"),
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
}

#[test]
fn headers_and_parameters_are_names_and_one_line() {
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
