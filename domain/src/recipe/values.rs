use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};

use super::spec::fields;
use crate::provider::ProviderRow;

/// The values of all fields of a credential, secret and public ones, checked and normalised. It can be neither printed
/// nor serialized, and is wiped on drop.
#[derive(Clone, Default)]
pub struct FieldValues(BTreeMap<String, SecretString>);

impl FieldValues {
    /// Takes values that [`super::accept`] made, out of the vault.
    pub fn from_pairs(pairs: impl IntoIterator<Item = (String, SecretString)>) -> Self {
        // One by one: to collect them would sort them in a list first, which costs more for the few that there are.
        let mut values = BTreeMap::new();
        values.extend(pairs);
        Self(values)
    }

    /// The value of a field, where there is one.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&SecretString> {
        self.0.get(name)
    }

    /// Names and values, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &SecretString)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn insert(&mut self, name: &str, value: SecretString) {
        self.0.insert(name.to_owned(), value);
    }

    /// The text of a value; empty where there is none.
    pub(super) fn text(&self, name: &str) -> &str {
        self.0.get(name).map_or("", |value| value.expose_secret())
    }
}

/// The values that are no secret, by name: what Settings may show in full.
///
/// A value whose field the row no longer has is left out, since nothing says any more that it is public.
#[must_use]
pub fn public(row: &ProviderRow, values: &FieldValues) -> BTreeMap<String, String> {
    let public = fields(row)
        .iter()
        .filter(|field| !field.secret)
        .map(|field| field.name.clone())
        .collect::<Vec<_>>();
    public
        .into_iter()
        .filter_map(|name| {
            values
                .get(&name)
                .map(|value| value.expose_secret().to_owned())
                .map(|value| (name, value))
        })
        .collect()
}
