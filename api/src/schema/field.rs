use serde::Serialize;
use utoipa::ToSchema;

/// One thing that a row asks an account for.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RecipeField, example = json!({
    "name": "shop", "label": "Shop", "hint": "your-shop", "type": "text", "suffix": ".myshopify.com",
    "pattern": "^[a-z0-9-]+$", "pattern_help": "The first part of your shop's admin address."
}))]
pub struct Field {
    /// The name by which templates refer to it.
    pub name: String,
    /// What the provider calls it; the name where nothing is given.
    pub label: Option<String>,
    /// What it looks like.
    #[schema(required = false)]
    pub hint: String,
    /// A page of its own that says where to find it, https.
    pub help_url: Option<String>,
    /// Whether it is never shown again.
    #[schema(required = false, default = false)]
    pub secret: bool,
    /// What kind of value it is.
    #[serde(rename = "type")]
    #[schema(required = false)]
    pub kind: FieldKind,
    /// A regular expression that the whole value must match.
    pub pattern: Option<String>,
    /// What to say when it does not.
    pub pattern_help: Option<String>,
    /// Values that are often pasted by mistake, each with what to do instead.
    #[schema(required = false)]
    pub refuse: Vec<Refusal>,
    /// The choices of an `enum`.
    #[schema(required = false)]
    pub options: Vec<EnumOption>,
    /// What people paste before the value; it is taken off.
    pub prefix: Option<String>,
    /// What people paste after the value; it is taken off, with whatever follows it.
    pub suffix: Option<String>,
    /// Other forms in which it is pasted: regular expressions whose first capture is the value.
    #[schema(required = false)]
    pub extract: Vec<String>,
    /// Whether it may be left empty.
    #[schema(required = false, default = false)]
    pub optional: bool,
    /// The value where nothing is given.
    pub default: Option<String>,
    /// A value that is never asked for.
    pub fixed: Option<String>,
    /// Asked for only while an earlier field has a certain value.
    pub visible_when: Option<VisibleWhen>,
}

/// What kind of value a field holds.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    /// Any text of one line.
    Text,
    /// The name of the account's own server.
    Host,
    /// The https address of the account's own server.
    Url,
    /// A UUID (RFC 9562).
    Uuid,
    /// An e-mail address.
    Email,
    /// One of the options.
    Enum,
}

/// One choice of an `enum` field.
#[derive(Debug, Serialize, ToSchema)]
pub struct EnumOption {
    /// What is stored.
    #[schema(example = "eu")]
    pub value: String,
    /// What people read; the value where nothing is given.
    #[schema(example = "Europe")]
    pub label: Option<String>,
    /// What templates stand for; the value where nothing is given.
    #[schema(example = "api.eu.sendgrid.com")]
    pub maps_to: Option<String>,
}

/// A value that is often pasted by mistake.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RecipeRefusal)]
pub struct Refusal {
    /// A regular expression that is found in it.
    #[schema(example = "^pk_")]
    pub pattern: String,
    /// What to do instead.
    #[schema(example = "This is a publishable key. Paste the secret key from the same page.")]
    pub message: String,
}

/// A field is asked for only while another one has one of these values.
#[derive(Debug, Serialize, ToSchema)]
pub struct VisibleWhen {
    /// The other field, which stands before this one and is not secret.
    pub field: String,
    /// Its value.
    pub equals: Option<String>,
    /// Or any of these.
    #[serde(rename = "in")]
    #[schema(required = false)]
    pub one_of: Vec<String>,
}

/// A field of a connect form: what a person is asked for.
#[derive(Debug, Serialize, ToSchema)]
pub struct FormField {
    /// The name under which the value is sent.
    #[schema(example = "api_key")]
    pub name: String,
    /// What people read.
    #[schema(example = "API Key")]
    pub label: String,
    /// What it looks like.
    pub hint: String,
    /// A page of its own that says where to find it.
    pub help_url: Option<String>,
    /// Whether it is never shown again.
    pub secret: bool,
    /// What kind of value it is.
    #[serde(rename = "type")]
    pub kind: FieldKind,
    /// A regular expression that the whole value must match, once prefix and suffix are off.
    pub pattern: Option<String>,
    /// What to say when it does not.
    pub pattern_help: Option<String>,
    /// The choices of an `enum`.
    #[schema(required = false)]
    pub options: Vec<EnumOption>,
    /// What may stand before the value.
    pub prefix: Option<String>,
    /// What may stand after the value.
    pub suffix: Option<String>,
    /// Whether it may be left empty.
    pub optional: bool,
    /// The value where nothing is given.
    pub default: Option<String>,
    /// Asked for only while an earlier field has a certain value.
    pub visible_when: Option<VisibleWhen>,
}
