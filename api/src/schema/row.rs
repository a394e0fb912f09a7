use serde::Serialize;
use utoipa::ToSchema;

/// How a provider authenticates its callers, for people and filters; the recipe says how it is done.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AuthType {
    /// A key in a header, the query or the body.
    ApiKey,
    /// HTTP basic authentication (RFC 7617).
    Basic,
    /// A bearer token (RFC 6750).
    Bearer,
    /// OAuth 2.0 (RFC 6749).
    Oauth2,
    /// No credential at all.
    None,
}

/// The label and the hint of a single pasted key.
#[derive(Debug, Serialize, ToSchema)]
pub struct CredentialLabel {
    /// What the provider calls the key.
    #[schema(example = "API Key")]
    pub label: String,
    /// What it looks like.
    #[schema(required = false, example = "Ends with a data centre, such as -us19")]
    pub hint: String,
}

/// Where a person finds the key.
#[derive(Debug, Serialize, ToSchema)]
pub struct Help {
    /// A page of the provider, https.
    #[schema(example = "https://mailchimp.com/help/about-api-keys/")]
    pub url: Option<String>,
    /// The way there, in Markdown.
    #[schema(required = false, example = "Profile → Extras → API keys.")]
    pub instructions: String,
}
