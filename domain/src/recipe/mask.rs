use std::collections::BTreeMap;

use secrecy::ExposeSecret;

use super::spec::fields;
use super::{Field, FieldValues, pattern};
use crate::provider::ProviderRow;

/// A secret shorter than this shows nothing of itself, so that its last four characters are a quarter of it at most.
const MIN_SHOWN: usize = 16;

/// The longest prefix that is shown, in characters.
const MAX_PREFIX: usize = 12;

/// What may be shown of each secret, by field: `sk-ant-…9f2c`.
///
/// The start is shown as far as the row's own pattern fixes it for every key of the provider, so that it says nothing of
/// this one; of the rest the last four characters, if it has 16 at least. A shorter secret is `…`.
#[must_use]
pub fn masked(row: &ProviderRow, values: &FieldValues) -> BTreeMap<String, String> {
    let fields = fields(row);
    let secrets = fields.iter().filter(|field| field.secret);
    secrets
        .filter_map(|field| values.get(&field.name).map(|value| (field, value)))
        .map(|(field, value)| (field.name.clone(), mask(field, value.expose_secret())))
        .collect()
}

fn mask(field: &Field, secret: &str) -> String {
    let prefixes = field
        .pattern
        .as_deref()
        .map(pattern::literal_prefixes)
        .unwrap_or_default();
    let known = prefixes
        .iter()
        .filter(|prefix| secret.starts_with(prefix.as_str()))
        .map(String::len)
        .max();
    let (prefix, rest) = secret.split_at(known.unwrap_or(0));
    let length = rest.chars().count();
    if length < MIN_SHOWN {
        return "…".to_owned();
    }
    let prefix: String = prefix.chars().take(MAX_PREFIX).collect();
    let end: String = rest.chars().skip(length - 4).collect();
    format!("{prefix}…{end}")
}
