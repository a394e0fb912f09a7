use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use egress::{EgressError, OperatorClient, Post, Reply};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use url::Url;
use url::form_urlencoded::{Serializer, byte_serialize};

use crate::config::Config;
use crate::discovery::{Description, SecretIn};
use crate::error::{OidcError, TokenError};
use crate::id_token::{Expected, checked};
use crate::identity::Identity;
use crate::memory::Memory;

/// The identity provider that people come from.
pub struct Provider {
    config: Config,
    http: OperatorClient,
    memory: Memory,
}

/// What ties an answer to the attempt that it belongs to: random texts that the caller keeps until then.
pub struct Proof {
    /// Stands in the ID token.
    pub nonce: String,
    /// Proves at the token endpoint that the code is ours (RFC 7636): 43 to 128 letters and digits.
    pub verifier: SecretString,
}

#[derive(Deserialize)]
struct Granted {
    id_token: String,
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
}

impl Provider {
    /// A provider as it is configured. Nobody is asked yet: one that is away holds up no start.
    ///
    /// # Errors
    /// [`EgressError`] when the HTTP client cannot be set up.
    pub fn new(config: Config) -> Result<Self, EgressError> {
        Ok(Self {
            http: OperatorClient::new()?,
            memory: Memory::of(config.issuer.clone()),
            config,
        })
    }

    /// Where a browser is sent to, with the attempt's state.
    ///
    /// # Errors
    /// [`OidcError`] when the issuer must be asked first and does not answer as it should.
    pub async fn address(&self, state: &str, proof: &Proof, now: DateTime<Utc>) -> Result<Url, OidcError> {
        let known = self.memory.known(&self.http, now).await?;
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(proof.verifier.expose_secret()));
        let mut url = known.description.authorization.clone();
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.config.client_id)
            .append_pair("redirect_uri", self.config.redirect.as_str())
            .append_pair("scope", &self.config.scopes.join(" "))
            .append_pair("state", state)
            .append_pair("nonce", &proof.nonce)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        Ok(url)
    }

    /// Whom a code stands for. `issuer` is what the answer said of where it comes from (RFC 9207).
    ///
    /// # Errors
    /// [`OidcError`].
    pub async fn identity(
        &self,
        code: &SecretString,
        issuer: Option<&str>,
        proof: &Proof,
        now: DateTime<Utc>,
    ) -> Result<Identity, OidcError> {
        let known = self.memory.known(&self.http, now).await?;
        let named = issuer.map_or(!known.description.signs_answers, |named| {
            named == self.config.issuer.as_str()
        });
        if !named {
            return Err(TokenError::Issuer.into());
        }
        let token = self.redeem(&known.description, code, proof).await?;
        let token = token.expose_secret();
        let expected = Expected {
            issuer: self.config.issuer.as_str(),
            client_id: &self.config.client_id,
            nonce: &proof.nonce,
            now,
        };
        let claims = match checked(token, &known.keys, &expected) {
            Err(TokenError::UnknownKey) => match self.memory.newer(&known, &self.http, now).await? {
                Some(newer) => checked(token, &newer.keys, &expected),
                None => Err(TokenError::UnknownKey),
            },
            checked => checked,
        };
        Ok(Identity::of(&claims?, &self.config.claim)?)
    }

    async fn redeem(
        &self,
        description: &Description,
        code: &SecretString,
        proof: &Proof,
    ) -> Result<SecretString, OidcError> {
        let post = self.request(description.proof, code, proof);
        let reply = self.http.post(&description.token, &post).await;
        let reply = reply.map_err(OidcError::away("token endpoint"))?;
        if reply.status != 200 {
            return Err(refused(&reply));
        }
        let granted = serde_json::from_slice::<Granted>(&reply.body).map_err(|_| OidcError::Document {
            what: "answer",
            why: "it has no ID token; the scope `openid` must be allowed for this client",
        })?;
        Ok(granted.id_token.into())
    }

    fn request(&self, secret_in: SecretIn, code: &SecretString, proof: &Proof) -> Post {
        let mut form = Serializer::new(String::new());
        form.append_pair("grant_type", "authorization_code")
            .append_pair("code", code.expose_secret())
            .append_pair("redirect_uri", self.config.redirect.as_str())
            .append_pair("code_verifier", proof.verifier.expose_secret());
        let id = &self.config.client_id;
        let authorization = match (&self.config.client_secret, secret_in) {
            (Some(secret), SecretIn::Header) => {
                let coded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
                let pair = format!("{}:{}", coded(id), coded(secret.expose_secret()));
                Some(format!("Basic {}", STANDARD.encode(pair)).into())
            }
            (Some(secret), SecretIn::Form) => {
                form.append_pair("client_id", id)
                    .append_pair("client_secret", secret.expose_secret());
                None
            }
            (None, _) => {
                form.append_pair("client_id", id);
                None
            }
        };
        Post {
            form: form.finish().into(),
            authorization,
        }
    }
}

/// Why there is no token, by the code of RFC 6749, section 5.2; other texts of the answer are not for a log.
fn refused(reply: &Reply) -> OidcError {
    if reply.status >= 500 {
        return OidcError::Away {
            what: "token endpoint",
            why: format!("it answers with status {}", reply.status),
        };
    }
    let code = serde_json::from_slice::<Refusal>(&reply.body).map(|refusal| refusal.error);
    let code = code.ok().filter(|code| {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
        code.len() <= 40 && code.bytes().all(plain)
    });
    OidcError::Refused(code.unwrap_or_else(|| format!("status {}", reply.status)))
}
