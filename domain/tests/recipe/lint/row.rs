//! What people read of a row, its parts and its size.

use domain::provider::ProviderRow;

use super::{assert_findings, findings, long, with};
use crate::row;

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
fn what_authenticates_is_kept_as_a_secret() {
    let open = row("{ key: a, name: A, category: B, auth: bearer, recipe: { fields: [ { name: token } ] } }");
    assert_eq!(findings(&open), [("/recipe/fields".to_owned(), "no_secret")]);
    let none = row("{ key: a, name: A, category: B, auth: none, recipe: { fields: [ { name: site } ] } }");
    assert_eq!(findings(&none), []);
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
