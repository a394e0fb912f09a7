use serde::{Deserialize, Serialize};

/// One thing that a row asks an account for.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// The name by which templates refer to it.
    pub name: String,
    /// What the provider calls it; the name where nothing is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// What it looks like.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hint: String,
    /// A page of its own that says where to find it, https.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help_url: Option<String>,
    /// Whether it is never shown again.
    #[serde(default, skip_serializing_if = "is_false")]
    pub secret: bool,
    /// What kind of value it is.
    #[serde(default, rename = "type", skip_serializing_if = "FieldKind::is_text")]
    pub kind: FieldKind,
    /// A regular expression that the whole value must match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// What to say when it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern_help: Option<String>,
    /// Values that are often pasted by mistake, each with what to do instead.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refuse: Vec<Refusal>,
    /// The choices of an `enum`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<EnumOption>,
    /// What people paste before the value; it is taken off. Templates stand for the value without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// What people paste after the value, such as `.myshopify.com`; it is taken off, with whatever follows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suffix: Option<String>,
    /// Other forms in which it is pasted: regular expressions whose first capture is the value.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extract: Vec<String>,
    /// Whether it may be left empty.
    #[serde(default, skip_serializing_if = "is_false")]
    pub optional: bool,
    /// The value where nothing is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// A value that is never asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed: Option<String>,
    /// Asked for only while an earlier field has a certain value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visible_when: Option<VisibleWhen>,
}

impl Field {
    /// What people read: the label, or the name.
    #[must_use]
    pub fn title(&self) -> &str {
        self.label.as_deref().unwrap_or(&self.name)
    }

    /// The choice of an `enum` that `value` names, by its value or by what it maps to.
    #[must_use]
    pub fn option(&self, value: &str) -> Option<&EnumOption> {
        let by_value = self.options.iter().find(|option| option.value == value);
        by_value.or_else(|| self.options.iter().find(|option| option.mapped() == value))
    }
}

/// What kind of value a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    /// Any text of one line.
    #[default]
    Text,
    /// The name of the account's own server, such as `forum.example.com`. It may stand as the whole host, after https.
    Host,
    /// The https address of the account's own server. It may stand as the whole start of a base URL.
    Url,
    /// A UUID (RFC 9562), in any of its spellings.
    Uuid,
    /// An e-mail address.
    Email,
    /// One of the options.
    Enum,
}

impl FieldKind {
    /// Whether it is plain text.
    #[must_use]
    pub const fn is_text(&self) -> bool {
        matches!(self, Self::Text)
    }
}

/// One choice of an `enum` field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnumOption {
    /// What is stored.
    pub value: String,
    /// What people read; the value where nothing is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// What templates stand for, such as the host of a region; the value where nothing is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maps_to: Option<String>,
}

impl EnumOption {
    /// What a template stands for.
    #[must_use]
    pub fn mapped(&self) -> &str {
        self.maps_to.as_deref().unwrap_or(&self.value)
    }
}

/// A value that is often pasted by mistake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    /// A regular expression that is found in it, as it was pasted.
    pub pattern: String,
    /// What to do instead.
    pub message: String,
}

/// A field is asked for only while another one has one of these values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VisibleWhen {
    /// The other field, which stands before this one and is not secret.
    pub field: String,
    /// Its value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub equals: Option<String>,
    /// Or any of these.
    #[serde(default, rename = "in", skip_serializing_if = "Vec::is_empty")]
    pub one_of: Vec<String>,
}

impl VisibleWhen {
    /// Whether the other field's value makes this one visible.
    #[must_use]
    pub fn holds(&self, value: &str) -> bool {
        self.equals.as_deref() == Some(value) || self.one_of.iter().any(|one| one == value)
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_false(value: &bool) -> bool {
    !*value
}
