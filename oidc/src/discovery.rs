use egress::OperatorClient;
use serde::Deserialize;
use url::Url;

use crate::config::Issuer;
use crate::error::OidcError;

/// What an issuer says of itself (`OpenID` Connect Discovery 1.0, section 3), as far as it matters here.
#[derive(Debug, Clone)]
pub(crate) struct Description {
    /// Where people sign in.
    pub(crate) authorization: Url,
    /// Where a code becomes a token.
    pub(crate) token: Url,
    /// Where its keys are.
    pub(crate) keys: Url,
    /// How it wants to be told the client's secret.
    pub(crate) proof: SecretIn,
    /// Whether it says with every answer that it is from it (RFC 9207).
    pub(crate) signs_answers: bool,
}

/// Where in a request the client's secret stands (`OpenID` Connect Core 1.0, section 9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SecretIn {
    Header,
    Form,
}

#[derive(Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: Url,
    token_endpoint: Url,
    jwks_uri: Url,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

impl Description {
    /// Reads the document of an issuer. Another issuer's document is refused, and one that names unsafe addresses.
    pub(crate) fn read(json: &[u8], issuer: &Issuer) -> Result<Self, OidcError> {
        let cannot = |why| OidcError::Document {
            what: "description",
            why,
        };
        let document: Document = serde_json::from_slice(json)
            .map_err(|_| cannot("it is not JSON, or an address that is needed is missing"))?;
        if document.issuer != issuer.as_str() {
            return Err(OidcError::OtherIssuer(document.issuer.chars().take(200).collect()));
        }
        let addresses = [
            &document.authorization_endpoint,
            &document.token_endpoint,
            &document.jwks_uri,
        ];
        if !addresses.into_iter().all(OperatorClient::may_call) {
            return Err(cannot("it names an address that is not https"));
        }
        let methods = document.token_endpoint_auth_methods_supported;
        let takes = |name: &str| {
            methods
                .as_ref()
                .is_some_and(|all| all.iter().any(|method| method == name))
        };
        let proof = if takes("client_secret_post") && !takes("client_secret_basic") {
            SecretIn::Form
        } else {
            SecretIn::Header
        };
        Ok(Self {
            authorization: document.authorization_endpoint,
            token: document.token_endpoint,
            keys: document.jwks_uri,
            proof,
            signs_answers: document.authorization_response_iss_parameter_supported,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(change: impl FnOnce(&mut Value)) -> Result<Description, OidcError> {
        let mut document = json!({
            "issuer": "https://id.example",
            "authorization_endpoint": "https://id.example/authorize",
            "token_endpoint": "https://id.example/token",
            "jwks_uri": "https://keys.example/jwks",
        });
        change(&mut document);
        Description::read(document.to_string().as_bytes(), &"https://id.example".parse().unwrap())
    }

    #[test]
    fn another_issuers_document_is_refused_by_the_name_that_it_has() {
        let error = read(|document| document["issuer"] = "https://id.example/".into()).unwrap_err();
        assert!(matches!(error, OidcError::OtherIssuer(named) if named == "https://id.example/"));
    }

    #[test]
    fn no_address_may_be_plain_http() {
        for name in ["authorization_endpoint", "token_endpoint", "jwks_uri"] {
            let error = read(|document| document[name] = "http://id.example/x".into()).unwrap_err();
            assert!(matches!(error, OidcError::Document { .. }), "{name}");
        }
    }

    #[test]
    fn the_secret_stands_in_the_header_unless_only_a_form_is_taken() {
        let proof = |methods: Value| {
            let read = read(|document| document["token_endpoint_auth_methods_supported"] = methods);
            read.unwrap().proof
        };
        assert_eq!(proof(Value::Null), SecretIn::Header);
        assert_eq!(proof(json!(["client_secret_post"])), SecretIn::Form);
        assert_eq!(
            proof(json!(["client_secret_post", "client_secret_basic"])),
            SecretIn::Header
        );
    }
}
