use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::TokenError;
use crate::jwk::{Algorithm, Keys};

/// So many seconds the issuer's clock may be ahead of ours or behind it.
const CLOCKS_APART: i64 = 60;

/// What an ID token must say.
pub(crate) struct Expected<'a> {
    /// Who made it.
    pub(crate) issuer: &'a str,
    /// Whom it is for.
    pub(crate) client_id: &'a str,
    /// The random text of this attempt.
    pub(crate) nonce: &'a str,
    /// Now.
    pub(crate) now: DateTime<Utc>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<Value>,
}

#[derive(Deserialize)]
struct Standard {
    iss: String,
    aud: Audience,
    azp: Option<String>,
    exp: i64,
    iat: i64,
    nbf: Option<i64>,
    nonce: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

/// The claims of a token that was checked (`OpenID` Connect Core 1.0, section 3.1.3.7): the signature first, so that
/// nothing that anybody could have written is even looked at.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn checked(token: &str, keys: &Keys, expected: &Expected<'_>) -> Result<Value, TokenError> {
    let (signed, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
    let (header, claims) = signed.split_once('.').ok_or(TokenError::Malformed)?;
    let header: Header = part(header)?;
    let algorithm = Algorithm::named(&header.alg).ok_or(TokenError::Algorithm)?;
    if header.crit.is_some() {
        return Err(TokenError::Critical);
    }
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| TokenError::Malformed)?;
    keys.verify(header.kid.as_deref(), algorithm, signed.as_bytes(), &signature)?;
    let claims: Value = part(claims)?;
    let standard = Standard::deserialize(&claims).map_err(|_| TokenError::Malformed)?;
    standard.check(expected)?;
    Ok(claims)
}

fn part<T: DeserializeOwned>(text: &str) -> Result<T, TokenError> {
    let json = URL_SAFE_NO_PAD.decode(text).map_err(|_| TokenError::Malformed)?;
    serde_json::from_slice(&json).map_err(|_| TokenError::Malformed)
}

impl Standard {
    fn check(&self, expected: &Expected<'_>) -> Result<(), TokenError> {
        if self.iss != expected.issuer {
            return Err(TokenError::Issuer);
        }
        let own = match &self.aud {
            Audience::One(one) => one == expected.client_id,
            // What is for several says who asked for it.
            Audience::Several(all) => {
                let single = all.len() == 1 || self.azp.is_some();
                single && all.iter().any(|one| one == expected.client_id)
            }
        };
        if !own || self.azp.as_ref().is_some_and(|azp| azp != expected.client_id) {
            return Err(TokenError::Audience);
        }
        if self.nonce.as_deref() != Some(expected.nonce) {
            return Err(TokenError::Nonce);
        }
        let now = expected.now.timestamp();
        if now >= self.exp.saturating_add(CLOCKS_APART) {
            return Err(TokenError::Expired);
        }
        let latest = now.saturating_add(CLOCKS_APART);
        if self.iat > latest || self.nbf.is_some_and(|from| from > latest) {
            return Err(TokenError::NotYet);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
