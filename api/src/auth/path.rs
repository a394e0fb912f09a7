use std::str::FromStr;

use axum::extract::FromRequestParts;
use axum::extract::RawPathParams;
use axum::http::request::Parts;
use domain::{AccountId, ConnectionName, CredentialId, ProviderKey, Sha256Digest, TokenId};

use crate::problem::Problem;

/// A part of a path that names something.
pub(crate) trait PathPart: FromStr {
    /// Its name in the route.
    const NAME: &'static str;
}

impl PathPart for AccountId {
    const NAME: &'static str = "account";
}

impl PathPart for ProviderKey {
    const NAME: &'static str = "provider";
}

impl PathPart for ConnectionName {
    const NAME: &'static str = "connection";
}

impl PathPart for TokenId {
    const NAME: &'static str = "token";
}

impl PathPart for CredentialId {
    const NAME: &'static str = "credential";
}

impl PathPart for Sha256Digest {
    const NAME: &'static str = "sha256";
}

/// What a path names. A name that is impossible is answered like one that is missing: with the same 404.
///
/// It stands after the extractor of the access, so that nobody learns anything about paths without a token.
#[derive(Debug, Clone)]
pub(crate) struct At<T>(pub T);

impl<T: PathPart, S: Send + Sync> FromRequestParts<S> for At<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let params = RawPathParams::from_request_parts(parts, &()).await;
        let params = params.map_err(|_| Problem::not_found())?;
        let text = params.iter().find(|(name, _)| *name == T::NAME).map(|(_, text)| text);
        text.and_then(|text| text.parse().ok())
            .map(Self)
            .ok_or_else(Problem::not_found)
    }
}
