//! What a row and values make together, beyond the eleven shapes.

use domain::provider::ProviderRow;
use domain::recipe::{HostRule, RenderError, render_request, render_test};

use crate::{accepted, row, stored};

fn with_recipe(recipe: &str) -> ProviderRow {
    row(&format!(
        "key: acme\nname: Acme\ncategory: Test\nauth: api_key\nrecipe:\n{recipe}"
    ))
}

const FIELDS: &str = "
  fields:
    - { name: key, secret: true }
    - { name: note, optional: true }
";

#[test]
fn a_credential_in_the_body_joins_a_form_or_a_json_object() {
    let form = with_recipe(&format!(
        "{FIELDS}
  request: {{ base_url: 'https://api.example.com', auth: {{ body: {{ name: token, value: '{{key}}' }} }} }}
  test: {{ method: POST, path: /check, body: {{ form: {{ a: '1 & 2', note: '{{note}}' }} }}, accept: [ {{ status: 200 }} ] }}"
    ));
    let request = render_test(&form, &accepted(&form, &[("key", "k&x=1")])).unwrap();
    assert_eq!(request.body(), Some(b"a=1%20%26%202&token=k%26x%3D1".as_slice()));
    assert_eq!(
        request.headers(),
        [(
            "content-type".to_owned(),
            "application/x-www-form-urlencoded".to_owned()
        )]
    );

    let json = with_recipe(&format!(
        "{FIELDS}
  request: {{ base_url: 'https://api.example.com', auth: {{ body: {{ name: token, value: '{{key}}' }} }} }}
  test: {{ method: POST, path: /check, body: {{ json: {{ a: [ 1, true, null, {{}} ], n: '<{{note}}>' }} }}, accept: [ {{ status: 200 }} ] }}"
    ));
    let request = render_test(&json, &accepted(&json, &[("key", r#"k","admin":"1"#)])).unwrap();
    assert_eq!(
        std::str::from_utf8(request.body().unwrap()).unwrap(),
        r#"{"a":[1,true,null,{}],"n":"<>","token":"k\",\"admin\":\"1"}"#
    );
    let bare = with_recipe(&format!(
        "{FIELDS}
  request: {{ base_url: 'https://api.example.com', auth: {{ body: {{ name: token, value: '{{key}}' }} }} }}
  test: {{ method: POST, path: /check, accept: [ {{ status: 200 }} ] }}"
    ));
    let values = accepted(&bare, &[("key", "k")]);
    assert_eq!(render_test(&bare, &values).unwrap().body(), Some(b"token=k".as_slice()));
    let parts = render_request(&bare, &values).unwrap().unwrap();
    assert!(parts.headers.is_empty() && parts.query.is_empty());
}

#[test]
fn an_entry_whose_placeholder_is_empty_is_left_out() {
    let row = with_recipe(&format!(
        "{FIELDS}
  request:
    base_url: https://api.example.com/v1/
    auth: {{ query: {{ name: key, value: '{{key}}' }} }}
    headers: {{ X-Note: 'n={{note}}', Accept: application/json }}
    query: {{ note: '{{note}}', v: '2' }}
  test: {{ path: /check, query: {{ v: '3' }}, headers: {{ accept: text/plain }}, accept: [ {{ status: 200 }} ] }}"
    ));
    let without = render_test(&row, &accepted(&row, &[("key", "k")])).unwrap();
    assert_eq!(without.url(), "https://api.example.com/v1/check?key=k&v=3");
    assert_eq!(without.headers(), [("accept".to_owned(), "text/plain".to_owned())]);
    let with = render_test(&row, &accepted(&row, &[("key", "k"), ("note", "a b")])).unwrap();
    assert_eq!(with.url(), "https://api.example.com/v1/check?key=k&note=a%20b&v=3");
    assert_eq!(with.headers()[1], ("x-note".to_owned(), "n=a b".to_owned()));
    let parts = render_request(&row, &accepted(&row, &[("key", "k"), ("note", "a b")]))
        .unwrap()
        .unwrap();
    assert_eq!(
        (
            parts.base_url.as_str(),
            parts.query["note"].as_str(),
            parts.query["v"].as_str()
        ),
        ("https://api.example.com/v1", "a b", "2")
    );
}

#[test]
fn an_account_s_own_server_is_pinned() {
    for (kind, base_url, value) in [
        ("host", "https://{server}", "forum.example.com"),
        ("url", "{server}", "https://forum.example.com"),
    ] {
        let row = with_recipe(&format!(
            "{FIELDS}    - {{ name: server, type: {kind} }}
  request: {{ base_url: '{base_url}', auth: {{ bearer: '{{key}}' }} }}
  test: {{ path: '', accept: [ {{ status: 200 }} ] }}"
        ));
        let request = render_test(&row, &accepted(&row, &[("key", "k"), ("server", value)])).unwrap();
        assert_eq!(request.url(), "https://forum.example.com/");
        assert_eq!(request.host_rule(), &HostRule::Pinned("forum.example.com".to_owned()));
        assert!(request.host_rule().permits("forum.example.com"));
        assert!(!request.host_rule().permits("a.forum.example.com"));
        assert_eq!(
            render_request(&row, &accepted(&row, &[("key", "k"), ("server", value)]))
                .unwrap()
                .unwrap()
                .base_url,
            "https://forum.example.com"
        );
    }
}

#[test]
fn a_fixed_host_permits_itself_and_what_is_below_it() {
    let rule = HostRule::Fixed("example.com".to_owned());
    assert!(rule.permits("example.com") && rule.permits("a.b.example.com"));
    assert!(!rule.permits("evilexample.com") && !rule.permits("example.com.evil.net") && !rule.permits("com"));
    assert!(HostRule::Fixed("::1".to_owned()).permits("[::1]"));
}

#[test]
fn a_host_that_the_operator_allows_renders_as_it_is_written() {
    for (base_url, url, host) in [
        ("http://127.0.0.1:8080/x", "http://127.0.0.1:8080/x/check", "127.0.0.1"),
        ("http://[::1]:8080", "http://[::1]:8080/check", "::1"),
        (
            "https://Gitlab.Internal:443",
            "https://gitlab.internal/check",
            "gitlab.internal",
        ),
    ] {
        let row = with_recipe(&format!(
            "{FIELDS}
  request: {{ base_url: '{base_url}', auth: {{ bearer: '{{key}}' }} }}
  test: {{ path: /check, accept: [ {{ status: 200 }} ] }}"
        ));
        let request = render_test(&row, &accepted(&row, &[("key", "k")])).unwrap();
        assert_eq!(request.url(), url);
        assert_eq!(request.host_rule(), &HostRule::Fixed(host.to_owned()));
    }
}

#[test]
fn what_the_linter_refuses_does_not_render_either() {
    let field = || "key".to_owned();
    for (request, path, expected) in [
        (
            "base_url: 'https://{key}.example.com'",
            "/x",
            RenderError::SecretInHost { field: field() },
        ),
        ("base_url: 'https://{note}.com'", "/x", RenderError::OpenHost),
        ("base_url: 'https://a{note}example.com'", "/x", RenderError::OpenHost),
        ("base_url: 'https://{note}.co.uk'", "/x", RenderError::OpenHost),
        ("base_url: 'https://{note}'", "/x", RenderError::OpenHost),
        ("base_url: '{note}'", "/x", RenderError::OpenHost),
        ("base_url: 'https://api.example.com'", "x", RenderError::PathText),
        ("base_url: 'https://api.example.com'", "/a?b=c", RenderError::PathText),
        ("base_url: 'https://api.example.com'", "/a/../b", RenderError::PathText),
        (
            "base_url: 'https://api.example.com'",
            "/a/%2E%2e/b",
            RenderError::PathText,
        ),
        (
            "base_url: 'https://api.example.com'",
            "/{nobody}",
            RenderError::Undeclared {
                variable: "nobody".to_owned(),
            },
        ),
        (
            "base_url: 'https://api.example.com', headers: { 'a b': x }",
            "/x",
            RenderError::HeaderText,
        ),
        (
            "base_url: 'https://api.example.com', headers: { a: \"x\\r\\nb: c\" }",
            "/x",
            RenderError::HeaderText,
        ),
    ] {
        let row = with_recipe(&format!(
            "{FIELDS}\n  request: {{ {request} }}\n  test: {{ path: '{path}', accept: [ {{ status: 200 }} ] }}"
        ));
        let values = stored(&[("key", "k"), ("note", "n")]);
        assert_eq!(render_test(&row, &values).err(), Some(expected), "{request} {path}");
    }
}

#[test]
fn a_value_that_would_change_the_structure_is_named_and_not_repeated() {
    let row = with_recipe(
        "
  fields: [ { name: key, secret: true }, { name: user }, { name: item } ]
  request:
    base_url: https://api.example.com
    auth: { basic: { username: '{user}', password: '{key}' } }
    headers: { X-Item: '{item}' }
  test: { path: '/items/{item}', accept: [ { status: 200 } ] }",
    );
    let named = |field: &str| Some(field.to_owned());
    for (user, item, field) in [
        ("u:hunter2", "i", named("user")),
        ("u", "..", named("item")),
        ("u", ".", named("item")),
        ("u", "a\r\nhunter2: x", named("item")),
        ("u", "hünter2", named("item")),
        ("u", "", named("item")),
        ("u", "a/b", None),
        ("u", "a?b#c", None),
    ] {
        let error = render_test(&row, &stored(&[("key", "k"), ("user", user), ("item", item)])).err();
        assert_eq!(
            error.as_ref().and_then(|error| error.field().map(str::to_owned)),
            field,
            "{user:?} {item:?}"
        );
        if let Some(error) = error {
            assert!(!error.to_string().contains("hunter2"));
        }
    }
    let missing = render_test(&row, &stored(&[("user", "u"), ("item", "i")]))
        .err()
        .unwrap();
    assert_eq!((missing.code(), missing.field()), ("field_missing", Some("key")));
}

#[test]
fn a_long_piece_of_a_secret_never_reaches_a_host() {
    let row = with_recipe(
        "
  fields: [ { name: key, secret: true } ]
  derive: { dc: { from: key, pattern: '-(.*)$' } }
  request: { base_url: 'https://{dc}.example.com', auth: { bearer: '{key}' } }",
    );
    assert!(render_request(&row, &stored(&[("key", "k-us19")])).is_ok());
    let error = render_request(&row, &stored(&[("key", "k-abcdefghijklmnopq")])).err();
    assert_eq!(
        error,
        Some(RenderError::SecretInHost {
            field: "key".to_owned()
        })
    );
}
