//! What a row asks for, and what it derives from that.

use super::{assert_below, assert_findings, findings, long, with};

const TENANT: &str = "/recipe/fields/1";

#[test]
fn patterns_compile_and_say_what_to_do() {
    assert_below(
        TENANT,
        &[
            ("pattern", r#""(""#, "pattern", "pattern"),
            ("pattern", r#""(?=x)""#, "pattern", "pattern"),
            ("pattern", r#""a)|(b""#, "pattern", "pattern"),
            ("pattern", &long(513), "pattern", "pattern"),
            ("pattern", r#""((\\w{90}){90}){90}""#, "pattern", "pattern"),
            ("pattern_help", r#""""#, "pattern_help", "empty"),
            (
                "refuse",
                r#"[{ "pattern": "[", "message": "No." }]"#,
                "refuse/0/pattern",
                "pattern",
            ),
            (
                "refuse",
                r#"[{ "pattern": "x", "message": "" }]"#,
                "refuse/0/message",
                "empty",
            ),
            ("extract", r#"["abc"]"#, "extract/0", "no_capture"),
            ("extract", r#"["("]"#, "extract/0", "pattern"),
        ],
    );
}

#[test]
fn the_parts_of_a_field_hold_together() {
    let field = |rest: &str| format!(r#"{{ "name": "tenant", {rest} }}"#);
    for (rest, found, code) in [
        (r#""prefix": """#, "prefix", "affix"),
        (r#""suffix": "é""#, "suffix", "affix"),
        (r#""type": "uuid", "suffix": ".x""#, "suffix", "affix"),
        (r#""type": "enum""#, "options", "options"),
        (r#""options": [{ "value": "a" }]"#, "options", "options"),
        (
            r#""type": "enum", "options": [{ "value": "a" }, { "value": "a" }]"#,
            "options/1/value",
            "options",
        ),
        (
            r#""type": "enum", "options": [{ "value": "" }]"#,
            "options/0/value",
            "empty",
        ),
        (
            r#""type": "enum", "options": [{ "value": "a" }], "default": "b""#,
            "default",
            "default",
        ),
        (r#""pattern": "[0-9]+", "default": "x""#, "default", "default"),
        (r#""prefix": "act_", "default": "act_1""#, "default", "default"),
        (r#""fixed": "x", "default": "y""#, "fixed", "fixed"),
        (r#""secret": true, "default": "x""#, "", "secret_in_row"),
        (r#""secret": true, "fixed": "x""#, "", "secret_in_row"),
    ] {
        assert_below(TENANT, &[("", &field(rest), found, code)]);
    }
    assert_below("/recipe/fields/2", &[("secret", "true", "type", "secret_type")]);
}

#[test]
fn a_field_has_a_name_of_its_own() {
    let again = ("/recipe/fields/3", r#"{ "name": "tenant" }"#);
    assert_eq!(
        findings(&with(&[again])),
        [("/recipe/fields/3/name".to_owned(), "duplicate_field")]
    );
    for name in ["API-Key", "", "1key", "ключ", &"a".repeat(41)] {
        let found = findings(&with(&[("/recipe/fields/3", &format!(r#"{{ "name": {name:?} }}"#))]));
        assert!(
            found.contains(&("/recipe/fields/3/name".to_owned(), "field_name")),
            "{name} {found:?}"
        );
    }
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
