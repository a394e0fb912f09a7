use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::field::Field;
use super::rule::Rule;

/// The part of a row that makes "no code, no deploy" true: what to ask, how to call, how to test. Every part is
/// optional; a row without a test is published as *untested*.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "fields": [{"name": "api_key", "label": "API Key", "secret": true, "pattern": "^[0-9a-f]{32}-[a-z]{2}\\d{1,3}$"}],
    "derive": {"dc": {"from": "api_key", "pattern": "-([a-z]{2}\\d{1,3})$"}},
    "request": {
        "base_url": "https://{dc}.api.mailchimp.com/3.0",
        "auth": {"basic": {"username": "anystring", "password": "{api_key}"}}
    },
    "test": {
        "path": "/ping",
        "accept": [{"status": 200, "body": {"pointer": "/health_status", "equals": "Everything's Chimpy!"}}],
        "reject": [{"status": 401}]
    }
}))]
pub struct Recipe {
    /// What to ask for, instead of the row's shorthand for a single key.
    #[schema(required = false)]
    pub fields: Vec<Field>,
    /// Values that are read out of fields, by name.
    #[schema(required = false)]
    pub derive: BTreeMap<String, Derive>,
    /// How the provider is called.
    pub request: Option<Request>,
    /// How a key is tested.
    pub test: Option<Test>,
    /// Which AI interface the credential is for; only where an AI consumes it.
    pub ai: Option<Ai>,
}

/// A value that is read out of a field.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RecipeDerive)]
pub struct Derive {
    /// The field.
    #[schema(example = "api_key")]
    pub from: String,
    /// A regular expression whose first capture is the value.
    #[schema(example = "-([a-z]{2}\\d{1,3})$")]
    pub pattern: String,
}

/// How the provider is called. In templates, `{name}` stands for a field or a derived value, encoded by where it stands.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RecipeRequest)]
pub struct Request {
    /// Scheme, host and the part of the path that all calls share. A template.
    #[schema(example = "https://{dc}.api.mailchimp.com/3.0")]
    pub base_url: String,
    /// Where the credential goes.
    #[schema(required = false)]
    pub auth: Auth,
    /// Further headers, by name. One whose placeholder is empty is left out.
    #[schema(required = false)]
    pub headers: BTreeMap<String, String>,
    /// Further query parameters, by name. One whose placeholder is empty is left out.
    #[schema(required = false)]
    pub query: BTreeMap<String, String>,
}

/// Where the credential goes in a request.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RecipeAuth)]
#[serde(rename_all = "snake_case")]
pub enum Auth {
    /// Nowhere, or only where headers, query, path or body name it.
    None,
    /// `Authorization: Basic …` (RFC 7617).
    Basic(UserPassword),
    /// `Authorization: Bearer …` (RFC 6750); the template of the token.
    Bearer(String),
    /// A header of its own.
    Header(NamedValue),
    /// A query parameter.
    Query(NamedValue),
    /// A member of the JSON or form body of a test.
    Body(NamedValue),
}

/// The two parts of HTTP basic authentication, as templates.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RecipeUserPassword)]
pub struct UserPassword {
    /// The user name.
    #[schema(required = false)]
    pub username: String,
    /// The password.
    #[schema(required = false)]
    pub password: String,
}

/// A name and the template of its value.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RecipeNamedValue)]
pub struct NamedValue {
    /// The name of the header, parameter or member.
    #[schema(example = "x-api-key")]
    pub name: String,
    /// The template of the value.
    #[schema(example = "{api_key}")]
    pub value: String,
}

/// How a key is tested: one request, and how to read its answer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RecipeTest)]
pub struct Test {
    /// GET unless said otherwise.
    #[schema(required = false)]
    pub method: Method,
    /// What follows the base URL. A template.
    #[schema(example = "/ping")]
    pub path: String,
    /// Headers of the test alone; they take the place of the request's headers of the same name.
    #[schema(required = false)]
    pub headers: BTreeMap<String, String>,
    /// Query parameters of the test alone.
    #[schema(required = false)]
    pub query: BTreeMap<String, String>,
    /// The body of a POST.
    pub body: Option<Body>,
    /// Answers that mean: the key works.
    #[schema(required = false)]
    pub accept: Vec<Rule>,
    /// Answers that mean: the key does not work.
    #[schema(required = false)]
    pub reject: Vec<Rule>,
    /// Answers that mean: the key works, but something is amiss.
    #[schema(required = false)]
    pub warn: Vec<Rule>,
    /// Whom the key belongs to: "connected as …".
    pub identity: Option<Identity>,
}

/// What a test may call with.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RecipeMethod)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// GET.
    Get,
    /// HEAD.
    Head,
    /// POST, for providers that ask for it.
    Post,
}

/// The body of a test.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RecipeBody)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// JSON; every string in it is a template.
    Json(serde_json::Value),
    /// `application/x-www-form-urlencoded`; the values are templates.
    Form(BTreeMap<String, String>),
}

/// Where an answer says whom the key belongs to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RecipeIdentity)]
pub struct Identity {
    /// A JSON pointer (RFC 6901) into the body, to a string or a number.
    #[schema(example = "/account_id")]
    pub pointer: String,
}

/// Which AI interface the credential is for.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RecipeAi)]
pub struct Ai {
    /// The interface that the provider speaks.
    #[schema(example = "anthropic")]
    pub api: String,
    /// The model to use where the account chose none.
    pub default_model: Option<String>,
}
