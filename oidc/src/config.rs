use std::fmt;
use std::str::FromStr;

use egress::OperatorClient;
use secrecy::SecretString;
use serde_json::Value;
use url::Url;

/// How this product is known to the issuer, and what it asks of it.
#[derive(Debug, Clone)]
pub struct Config {
    /// The issuer.
    pub issuer: Issuer,
    /// The name under which it knows this product.
    pub client_id: String,
    /// What proves that it is this product; none for a public client, which PKCE alone protects.
    pub client_secret: Option<SecretString>,
    /// Where it sends people back to.
    pub redirect: Url,
    /// What is asked for.
    pub scopes: Vec<String>,
    /// Where people's memberships stand.
    pub claim: Claim,
}

/// The address that an identity provider calls itself by, letter for letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer(String);

/// An address that cannot be an issuer's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidIssuer {
    /// It is no address.
    #[error("give the address that the provider calls itself by, such as https://id.example.com/realms/main")]
    NoAddress,
    /// Whoever listens on the way could sign in as anybody.
    #[error("an issuer is reached over https; http is for one on this machine")]
    Insecure,
    /// Addresses of documents are made from it.
    #[error("an issuer has neither ? nor # in its address")]
    Query,
}

impl Issuer {
    /// It as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Where it describes itself (`OpenID` Connect Discovery 1.0, section 4).
    pub(crate) fn description(&self) -> String {
        format!("{}/.well-known/openid-configuration", self.0.trim_end_matches('/'))
    }
}

impl FromStr for Issuer {
    type Err = InvalidIssuer;

    fn from_str(text: &str) -> Result<Self, InvalidIssuer> {
        let url = Url::parse(text).map_err(|_| InvalidIssuer::NoAddress)?;
        if !OperatorClient::may_call(&url) {
            return Err(InvalidIssuer::Insecure);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(InvalidIssuer::Query);
        }
        Ok(Self(text.to_owned()))
    }
}

/// Where a value stands in an ID token: the name of a claim, or a pointer into one (RFC 6901) if it begins with `/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim(String);

impl Claim {
    /// It as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its texts: one, or those of a list.
    pub(crate) fn texts(&self, claims: &Value) -> Vec<String> {
        let found = if self.0.starts_with('/') {
            claims.pointer(&self.0)
        } else {
            claims.get(&self.0)
        };
        match found {
            Some(Value::String(text)) => vec![text.clone()],
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            _ => Vec::new(),
        }
    }
}

impl From<String> for Claim {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_issuer_is_kept_as_it_is_written_and_must_be_safe_to_reach() {
        let issuer: Issuer = "https://id.example/realms/main/".parse().unwrap();
        assert_eq!(issuer.as_str(), "https://id.example/realms/main/");
        assert_eq!(
            issuer.description(),
            "https://id.example/realms/main/.well-known/openid-configuration"
        );
        for (text, wrong) in [
            ("id.example", InvalidIssuer::NoAddress),
            ("http://id.example", InvalidIssuer::Insecure),
            ("https://id.example?x=1", InvalidIssuer::Query),
            ("https://id.example#x", InvalidIssuer::Query),
        ] {
            assert_eq!(text.parse::<Issuer>(), Err(wrong), "{text}");
        }
        assert!("http://127.0.0.1:9000".parse::<Issuer>().is_ok());
    }

    #[test]
    fn a_claim_is_a_text_or_a_list_by_its_name_or_by_a_pointer() {
        let claims = json!({"groups": ["a", 1, "b"], "https://x/y": "c", "realm_access": {"roles": ["d"]}});
        let texts = |claim: &str| Claim(claim.to_owned()).texts(&claims);
        assert_eq!(texts("groups"), ["a", "b"]);
        assert_eq!(texts("https://x/y"), ["c"]);
        assert_eq!(texts("/realm_access/roles"), ["d"]);
        assert!(texts("realm_access").is_empty() && texts("none").is_empty());
    }
}
