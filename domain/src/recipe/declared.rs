use regex::Regex;

use super::spec::fields;
use super::{Field, pattern};
use crate::provider::ProviderRow;

/// What a row declares for its placeholders, with the patterns compiled. It holds no values.
pub(super) struct Declared {
    pub(super) fields: Vec<Field>,
    /// In the order of their names, in which one may be derived from another.
    pub(super) derived: Vec<Derived>,
}

/// A value that is read out of another.
pub(super) struct Derived {
    pub(super) name: String,
    /// The field, or an earlier one of these.
    pub(super) from: String,
    /// None when it does not compile.
    pub(super) pattern: Option<Regex>,
}

impl Declared {
    pub(super) fn of(row: &ProviderRow) -> Self {
        let derived = row.recipe.derive.iter().map(|(name, derive)| Derived {
            name: name.clone(),
            from: derive.from.clone(),
            pattern: pattern::compile(&derive.pattern),
        });
        Self {
            fields: fields(row).into_owned(),
            derived: derived.collect(),
        }
    }
}
