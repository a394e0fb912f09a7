//! One finding for each rule of the linter.

mod fields;
mod request;
mod row;
mod test;

use domain::provider::ProviderRow;
use domain::recipe::{LintPolicy, lint};

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

/// Changes to the fine row, and the pointer and the code of the one finding that they make.
type Expected<'a> = (&'a [(&'a str, &'a str)], &'a str, &'a str);

/// Each change makes exactly the finding that stands beside it.
fn assert_findings(table: &[Expected<'_>]) {
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

/// Each change below `base` makes exactly the finding that stands beside it: what is replaced, by what, and where below
/// `base` the finding is, with its code.
fn assert_below(base: &str, table: &[(&str, &str, &str, &str)]) {
    for (changed, value, found, code) in table {
        let below = |name: &str| {
            if name.is_empty() {
                base.to_owned()
            } else {
                format!("{base}/{name}")
            }
        };
        assert_findings(&[(&[(&below(changed), value)], &below(found), code)]);
    }
}

fn long(count: usize) -> String {
    format!("\"{}\"", "a".repeat(count))
}
