use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512,
    RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};
use serde::Deserialize;
use serde_json::Value;

use crate::error::TokenError;

/// The signature algorithms that are taken (RFC 7518, section 3.1; RFC 8037). All of them need the issuer's private key:
/// `none` and those with a shared secret are not among them, so that they cannot be confused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) enum Algorithm {
    RS256,
    RS384,
    RS512,
    PS256,
    PS384,
    PS512,
    ES256,
    ES384,
    #[serde(rename = "EdDSA")]
    EdDsa,
}

/// The issuer's public keys that signatures can be checked with.
#[derive(Debug, Default)]
pub(crate) struct Keys(Vec<Key>);

#[derive(Debug)]
struct Key {
    id: Option<String>,
    /// The one algorithm that it is for, if it says so.
    algorithm: Option<Algorithm>,
    public: Public,
}

#[derive(Debug)]
enum Public {
    Rsa { n: Vec<u8>, e: Vec<u8> },
    P256(Vec<u8>),
    P384(Vec<u8>),
    Ed25519(Vec<u8>),
}

/// RFC 7517, section 4; RFC 7518, section 6.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    #[serde(rename = "use")]
    usage: Option<String>,
    kid: Option<String>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

#[derive(Deserialize)]
struct JwkSet {
    keys: Vec<Value>,
}

impl Algorithm {
    /// By its registered name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        serde_json::from_value(name.into()).ok()
    }
}

impl Keys {
    /// The keys of a JWK set. Those for other uses and of other kinds are passed by, as the standard has it.
    pub(crate) fn read(json: &[u8]) -> Option<Self> {
        let set: JwkSet = serde_json::from_slice(json).ok()?;
        let jwks = set.keys.into_iter().filter_map(|key| serde_json::from_value(key).ok());
        Some(Self(jwks.filter_map(Key::of).collect()))
    }

    /// Checks a signature with the key of this id; without an id, with every key that fits.
    ///
    /// # Errors
    /// [`TokenError::UnknownKey`] when there is none, [`TokenError::Signature`] when it does not hold.
    pub(crate) fn verify(
        &self,
        id: Option<&str>,
        algorithm: Algorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), TokenError> {
        let named = |key: &&Key| id.is_none_or(|id| key.id.as_deref() == Some(id));
        let fits = |key: &&Key| key.algorithm.is_none_or(|only| only == algorithm) && key.public.fits(algorithm);
        let mut candidates = self.0.iter().filter(named).filter(fits).peekable();
        if candidates.peek().is_none() {
            return Err(TokenError::UnknownKey);
        }
        let holds = candidates.any(|key| key.public.verify(algorithm, message, signature));
        if holds { Ok(()) } else { Err(TokenError::Signature) }
    }
}

impl Key {
    fn of(jwk: Jwk) -> Option<Self> {
        if jwk.usage.as_deref().is_some_and(|usage| usage != "sig") {
            return None;
        }
        let algorithm = match &jwk.alg {
            // One for an algorithm that is not taken is of no use here.
            Some(name) => Some(Algorithm::named(name)?),
            None => None,
        };
        let public = Public::of(&jwk)?;
        Some(Self {
            id: jwk.kid,
            algorithm,
            public,
        })
    }
}

impl Public {
    fn of(jwk: &Jwk) -> Option<Self> {
        let bytes = |text: &Option<String>| URL_SAFE_NO_PAD.decode(text.as_deref()?).ok();
        let number = |text| {
            let all = bytes(text)?;
            // Some issuers write a zero before it, which would be another encoding of the same number.
            let first = all.iter().position(|byte| *byte != 0)?;
            Some(all[first..].to_vec())
        };
        let point = |length: usize| {
            let (x, y) = (bytes(&jwk.x)?, bytes(&jwk.y)?);
            (x.len() == length && y.len() == length).then(|| [&[4], x.as_slice(), y.as_slice()].concat())
        };
        match (jwk.kty.as_str(), jwk.crv.as_deref()) {
            ("RSA", _) => Some(Self::Rsa {
                n: number(&jwk.n)?,
                e: number(&jwk.e)?,
            }),
            ("EC", Some("P-256")) => point(32).map(Self::P256),
            ("EC", Some("P-384")) => point(48).map(Self::P384),
            ("OKP", Some("Ed25519")) => bytes(&jwk.x).map(Self::Ed25519),
            _ => None,
        }
    }

    const fn fits(&self, algorithm: Algorithm) -> bool {
        use Algorithm::{ES256, ES384, EdDsa};
        match self {
            Self::Rsa { .. } => !matches!(algorithm, ES256 | ES384 | EdDsa),
            Self::P256(_) => matches!(algorithm, ES256),
            Self::P384(_) => matches!(algorithm, ES384),
            Self::Ed25519(_) => matches!(algorithm, EdDsa),
        }
    }

    fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        let plain = |kind: &'static dyn VerificationAlgorithm, key: &[u8]| {
            UnparsedPublicKey::new(kind, key).verify(message, signature).is_ok()
        };
        match self {
            Self::Rsa { n, e } => {
                let key = RsaPublicKeyComponents { n, e };
                rsa(algorithm).is_some_and(|kind| key.verify(kind, message, signature).is_ok())
            }
            Self::P256(point) => plain(&ECDSA_P256_SHA256_FIXED, point),
            Self::P384(point) => plain(&ECDSA_P384_SHA384_FIXED, point),
            Self::Ed25519(point) => plain(&ED25519, point),
        }
    }
}

fn rsa(algorithm: Algorithm) -> Option<&'static RsaParameters> {
    match algorithm {
        Algorithm::RS256 => Some(&RSA_PKCS1_2048_8192_SHA256),
        Algorithm::RS384 => Some(&RSA_PKCS1_2048_8192_SHA384),
        Algorithm::RS512 => Some(&RSA_PKCS1_2048_8192_SHA512),
        Algorithm::PS256 => Some(&RSA_PSS_2048_8192_SHA256),
        Algorithm::PS384 => Some(&RSA_PSS_2048_8192_SHA384),
        Algorithm::PS512 => Some(&RSA_PSS_2048_8192_SHA512),
        Algorithm::ES256 | Algorithm::ES384 | Algorithm::EdDsa => None,
    }
}

#[cfg(test)]
mod tests;
