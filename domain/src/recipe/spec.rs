use std::borrow::Cow;

use serde::Serialize;

use super::{EnumOption, Field, FieldKind, VisibleWhen};
use crate::provider::{AuthType, ProviderRow};

/// A field of the connect form: what a person is asked for. It holds no values, only what the row says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldSpec {
    /// The name under which the value is sent.
    pub name: String,
    /// What people read.
    pub label: String,
    /// What it looks like.
    pub hint: String,
    /// A page of its own that says where to find it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help_url: Option<String>,
    /// Whether it is never shown again.
    pub secret: bool,
    /// What kind of value it is.
    #[serde(rename = "type")]
    pub kind: FieldKind,
    /// A regular expression that the whole value must match, once prefix and suffix are off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// What to say when it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pattern_help: Option<String>,
    /// The choices of an `enum`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<EnumOption>,
    /// What may stand before the value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// What may stand after the value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suffix: Option<String>,
    /// Whether it may be left empty: it is optional, or has a default.
    pub optional: bool,
    /// The value where nothing is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// Asked for only while an earlier field has a certain value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visible_when: Option<VisibleWhen>,
}

/// The connect form of a row: its fields in order, the shorthand expanded, fixed values left out.
#[must_use]
pub fn form(row: &ProviderRow) -> Vec<FieldSpec> {
    fields(row)
        .iter()
        .filter(|field| field.fixed.is_none())
        .map(spec)
        .collect()
}

/// The fields of a row: its recipe's, or the single key that the shorthand stands for.
pub(super) fn fields(row: &ProviderRow) -> Cow<'_, [Field]> {
    if !row.recipe.fields.is_empty() {
        return Cow::Borrowed(&row.recipe.fields);
    }
    match (&row.credential, row.auth) {
        (None, AuthType::None) => Cow::Borrowed(&[]),
        (credential, _) => Cow::Owned(vec![Field {
            name: "api_key".to_owned(),
            label: Some(
                credential
                    .as_ref()
                    .map_or_else(|| "API key".to_owned(), |c| c.label.clone()),
            ),
            hint: credential.as_ref().map(|c| c.hint.clone()).unwrap_or_default(),
            secret: true,
            ..Field::default()
        }]),
    }
}

fn spec(field: &Field) -> FieldSpec {
    FieldSpec {
        name: field.name.clone(),
        label: field.title().to_owned(),
        hint: field.hint.clone(),
        help_url: field.help_url.clone(),
        secret: field.secret,
        kind: field.kind,
        pattern: field.pattern.clone(),
        pattern_help: field.pattern_help.clone(),
        options: field.options.clone(),
        prefix: field.prefix.clone(),
        suffix: field.suffix.clone(),
        optional: field.optional || field.default.is_some(),
        default: field.default.clone(),
        visible_when: field.visible_when.clone(),
    }
}
