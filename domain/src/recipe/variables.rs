use std::borrow::Cow;

use super::declared::{Declared, Derived};
use super::{Field, FieldKind, FieldValues, RenderError};

/// What the placeholders of a row stand for, with one account's values.
///
/// Values are borrowed, so that a secret is not copied before it is encoded. There are few: a list is searched faster
/// than a tree is made. Of two with one name the later one counts.
pub(super) struct Variables<'a>(Vec<(Cow<'a, str>, Variable<'a>)>);

/// What one placeholder stands for.
pub(super) struct Variable<'a> {
    /// The text, or why there is none.
    text: Result<Cow<'a, str>, RenderError>,
    pub(super) origin: Origin,
    /// The field that a person can put right.
    field: Cow<'a, str>,
}

/// Where a value comes from, which decides where it may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// The row itself: a fixed value, or one of its options.
    Row,
    /// The account's own server, by name.
    Host,
    /// The account's own server, by address.
    Url,
    /// A public value that the account chose.
    Public,
    /// A secret.
    Secret,
    /// A piece of a secret.
    SecretPiece,
}

impl Origin {
    pub(super) const fn of(field: &Field) -> Self {
        match field.kind {
            _ if field.fixed.is_some() => Self::Row,
            _ if field.secret => Self::Secret,
            FieldKind::Enum => Self::Row,
            FieldKind::Host => Self::Host,
            FieldKind::Url => Self::Url,
            FieldKind::Text | FieldKind::Uuid | FieldKind::Email => Self::Public,
        }
    }

    /// The origin of what is derived from it. A piece of a host is no host.
    pub(super) const fn piece(self) -> Self {
        match self {
            Self::Row | Self::Host | Self::Url | Self::Public => Self::Public,
            Self::Secret | Self::SecretPiece => Self::SecretPiece,
        }
    }
}

impl Variable<'_> {
    /// The field that a person can put right.
    pub(super) fn field(&self) -> String {
        self.field.clone().into_owned()
    }

    pub(super) fn text(&self) -> Result<&str, RenderError> {
        self.text.as_deref().map_err(Clone::clone)
    }
}

impl<'a> Variables<'a> {
    pub(super) fn of(declared: &'a Declared, values: &'a FieldValues) -> Self {
        let mut variables = Self(Vec::with_capacity(declared.fields.len() + declared.derived.len()));
        for field in &declared.fields {
            let variable = Variable {
                text: field_text(field, &declared.fields, values),
                origin: Origin::of(field),
                field: Cow::Borrowed(&field.name),
            };
            variables.0.push((Cow::Borrowed(&field.name), variable));
        }
        for derived in &declared.derived {
            let Ok(from) = variables.get(&derived.from) else {
                continue;
            };
            let variable = Variable {
                text: from.text.clone().and_then(|text| piece(derived, text)),
                origin: from.origin.piece(),
                field: from.field.clone(),
            };
            variables.0.push((Cow::Borrowed(&derived.name), variable));
        }
        variables
    }

    /// None at all, for what has no placeholders.
    pub(super) const fn none() -> Self {
        Self(Vec::new())
    }

    /// Variables with made-up texts, by which the linter tries a row out.
    pub(super) fn samples(samples: impl IntoIterator<Item = (String, String, Origin)>) -> Self {
        let variable = |(name, text, origin): (String, String, Origin)| {
            let name: Cow<'_, str> = Cow::Owned(name);
            let variable = Variable {
                text: Ok(Cow::Owned(text)),
                origin,
                field: name.clone(),
            };
            (name, variable)
        };
        Self(samples.into_iter().map(variable).collect())
    }

    pub(super) fn get(&self, name: &str) -> Result<&Variable<'a>, RenderError> {
        let found = self.0.iter().rev().find(|(known, _)| known == name);
        found
            .map(|(_, variable)| variable)
            .ok_or_else(|| RenderError::Undeclared {
                variable: name.to_owned(),
            })
    }
}

fn field_text<'a>(field: &'a Field, all: &[Field], values: &'a FieldValues) -> Result<Cow<'a, str>, RenderError> {
    if let Some(fixed) = &field.fixed {
        return Ok(Cow::Borrowed(fixed));
    }
    let value = values.text(&field.name);
    if !value.is_empty() {
        return match field.kind {
            // An option is stored by its value, and the row says what it stands for: whatever is stored, only the row's
            // own words reach a host.
            FieldKind::Enum => field
                .option(value)
                .map(|option| Cow::Borrowed(option.mapped()))
                .ok_or_else(|| RenderError::Missing {
                    field: field.name.clone(),
                }),
            _ => Ok(Cow::Borrowed(value)),
        };
    }
    if field.optional || !is_visible(field, all, values) {
        return Ok(Cow::Borrowed(""));
    }
    match &field.default {
        Some(default) => Ok(Cow::Borrowed(
            field.option(default).map_or(default.as_str(), |option| option.mapped()),
        )),
        None => Err(RenderError::Missing {
            field: field.name.clone(),
        }),
    }
}

/// Whether a field is asked for, given the other values. It depends on the fields before it alone.
pub(super) fn is_visible(field: &Field, all: &[Field], values: &FieldValues) -> bool {
    let Some(when) = &field.visible_when else { return true };
    let before = all.iter().take_while(|other| other.name != field.name);
    let before = &all[..before.count()];
    before
        .iter()
        .find(|other| other.name == when.field)
        .is_some_and(|other| {
            let default = other.fixed.as_deref().or(other.default.as_deref()).unwrap_or("");
            let value = values.text(&other.name);
            is_visible(other, before, values) && when.holds(if value.is_empty() { default } else { value })
        })
}

fn piece<'a>(derived: &Derived, text: Cow<'a, str>) -> Result<Cow<'a, str>, RenderError> {
    if text.is_empty() {
        return Ok(text);
    }
    let pattern = derived.pattern.as_ref().ok_or_else(|| RenderError::Pattern {
        variable: derived.name.clone(),
    })?;
    let range = pattern
        .captures(&text)
        .and_then(|captures| captures.get(1))
        .map(|capture| capture.range());
    let range = range
        .filter(|range| !range.is_empty())
        .ok_or_else(|| RenderError::NotDerived {
            variable: derived.name.clone(),
            field: derived.from.clone(),
        })?;
    Ok(match text {
        Cow::Borrowed(text) => Cow::Borrowed(&text[range]),
        Cow::Owned(text) => Cow::Owned(text[range].to_owned()),
    })
}
