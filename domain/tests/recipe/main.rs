//! The recipe language from the outside: rows as an admin writes them, values as people paste them.

#![expect(
    clippy::unwrap_used,
    reason = "what these tests share fails like they do: by a panic"
)]

mod accept;
mod encoding;
mod judge;
mod lint;
mod mask;
mod render;
mod shapes;

use std::collections::BTreeMap;
use std::path::PathBuf;

use domain::provider::ProviderRow;
use domain::recipe::{FieldValues, HttpResponse, LintPolicy, Problem};
use secrecy::{ExposeSecret, SecretString};

/// A row out of YAML.
fn row(yaml: &str) -> ProviderRow {
    serde_saphyr::from_str(yaml).unwrap_or_else(|error| panic!("{error}\n{yaml}"))
}

/// One of the rows beside these tests.
fn shape(name: &str) -> ProviderRow {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/shapes/{name}.yaml"));
    row(&std::fs::read_to_string(path).unwrap())
}

/// Values as they are pasted.
fn pasted(pairs: &[(&str, &str)]) -> BTreeMap<String, SecretString> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), SecretString::from(*value)))
        .collect()
}

/// Values that passed.
fn accepted(row: &ProviderRow, pairs: &[(&str, &str)]) -> FieldValues {
    domain::recipe::accept(row, pasted(pairs), &LintPolicy::default()).unwrap_or_else(|problems| panic!("{problems:?}"))
}

/// Values as the vault gives them back, unchecked.
fn stored(pairs: &[(&str, &str)]) -> FieldValues {
    FieldValues::from_pairs(pasted(pairs))
}

/// What is wrong with values.
fn refused(row: &ProviderRow, pairs: &[(&str, &str)]) -> Vec<Problem> {
    domain::recipe::accept(row, pasted(pairs), &LintPolicy::default())
        .err()
        .unwrap_or_default()
}

/// The text of a value.
fn text<'a>(values: &'a FieldValues, name: &str) -> Option<&'a str> {
    values.get(name).map(ExposeSecret::expose_secret)
}

/// An answer of a provider.
fn answer(status: u16, body: &str) -> HttpResponse {
    HttpResponse {
        status,
        headers: Vec::new(),
        body: body.as_bytes().to_vec(),
    }
}
