use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Field, Rule, unique};

/// The part of a row that makes "no code, no deploy" true. Every part of it is optional.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// What to ask for, instead of the row's shorthand for a single key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Field>,
    /// Values that are read out of fields, by name.
    #[serde(
        default,
        deserialize_with = "unique::map",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub derive: BTreeMap<String, Derive>,
    /// How the provider is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Request>,
    /// How a key is tested. A row without it is *untested*. It is boxed, since most events that could hold one do not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<Box<Test>>,
    /// Which AI interface the credential is for; only where an AI consumes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ai: Option<Ai>,
}

/// A value that is read out of a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Derive {
    /// The field.
    pub from: String,
    /// A regular expression whose first capture is the value.
    pub pattern: String,
}

/// How the provider is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// Scheme, host and the part of the path that all calls share. A template.
    pub base_url: String,
    /// Where the credential goes.
    #[serde(default, skip_serializing_if = "Auth::is_none")]
    pub auth: Auth,
    /// Further headers, by name. The values are templates; one whose placeholder is empty is left out.
    #[serde(
        default,
        deserialize_with = "unique::map",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub headers: BTreeMap<String, String>,
    /// Further query parameters, by name. The values are templates; one whose placeholder is empty is left out.
    #[serde(
        default,
        deserialize_with = "unique::map",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub query: BTreeMap<String, String>,
}

/// Where the credential goes in a request.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Auth {
    /// Nowhere, or only where headers, query, path or body name it.
    #[default]
    None,
    /// `Authorization: Basic …` (RFC 7617).
    Basic(UserPassword),
    /// `Authorization: Bearer …` (RFC 6750); the template of the token.
    Bearer(String),
    /// A header of its own.
    Header(NamedValue),
    /// A query parameter.
    Query(NamedValue),
    /// A member of the JSON or form body. It is part of tests alone: a ready request has no body.
    Body(NamedValue),
}

impl Auth {
    /// Whether the credential goes nowhere by itself.
    #[must_use]
    pub const fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }
}

/// The two parts of HTTP basic authentication, as templates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserPassword {
    /// The user name; a placeholder in it may not hold a colon.
    #[serde(default)]
    pub username: String,
    /// The password.
    #[serde(default)]
    pub password: String,
}

/// A name and the template of its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedValue {
    /// The name of the header, parameter or member.
    pub name: String,
    /// The template of the value.
    pub value: String,
}

/// How a key is tested: one request, and how to read its answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Test {
    /// GET unless said otherwise.
    #[serde(default)]
    pub method: Method,
    /// What follows the base URL. A template.
    pub path: String,
    /// Headers of the test alone; they take the place of the request's headers of the same name.
    #[serde(
        default,
        deserialize_with = "unique::map",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub headers: BTreeMap<String, String>,
    /// Query parameters of the test alone; they take the place of the request's of the same name.
    #[serde(
        default,
        deserialize_with = "unique::map",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub query: BTreeMap<String, String>,
    /// The body of a POST.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Body>,
    /// Answers that mean: the key works.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accept: Vec<Rule>,
    /// Answers that mean: the key does not work.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reject: Vec<Rule>,
    /// Answers that mean: the key works, but something is amiss.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warn: Vec<Rule>,
    /// Whom the key belongs to: "connected as …".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identity>,
}

/// A request method. A test may only use those that change nothing, and POST for providers that ask for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// GET.
    #[default]
    Get,
    /// HEAD.
    Head,
    /// POST.
    Post,
    /// PUT; refused by the linter.
    Put,
    /// PATCH; refused by the linter.
    Patch,
    /// DELETE; refused by the linter.
    Delete,
}

impl Method {
    /// Its name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }

    /// Whether a test may use it.
    #[must_use]
    pub const fn may_test(self) -> bool {
        matches!(self, Self::Get | Self::Head | Self::Post)
    }
}

/// The body of a test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// JSON; every string in it is a template, and stays one string whatever the values are.
    Json(serde_json::Value),
    /// `application/x-www-form-urlencoded`; the values are templates, and one whose placeholder is empty is left out.
    Form(#[serde(deserialize_with = "unique::map")] BTreeMap<String, String>),
}

/// Where an answer says whom the key belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// A JSON pointer (RFC 6901) into the body, to a string or a number.
    pub pointer: String,
}

/// Which AI interface the credential is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ai {
    /// The interface that the provider speaks, such as `anthropic` or `openai`.
    pub api: String,
    /// The model to use where the account chose none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_model: Option<String>,
}
