use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::sync::Arc;

use async_trait::async_trait;
use domain::provider::Logo;
use domain::{AccountId, CredentialId, ProviderKey, Sha256Digest, TokenId};
use projections::{ProviderRevision, TokenView};
use secrecy::SecretString;

/// What the pages ask of the process that they run in, beyond the write side and the read side.
#[async_trait]
pub trait Backstage: Send + Sync {
    /// The digest by which a token is found, when the text is of a token's form.
    fn digest(&self, token: &str) -> Option<Sha256Digest>;

    /// Who holds the token with this digest, if it is good now: neither unknown nor revoked nor expired.
    ///
    /// # Errors
    /// [`Unavailable`] when that cannot be found out: nobody is let in then.
    async fn holder(&self, digest: Sha256Digest) -> Result<Option<Arc<TokenView>>, Unavailable>;

    /// The hints of these versions of an account's keys, which are erased with the keys.
    ///
    /// # Errors
    /// [`Unavailable`].
    async fn hints(
        &self,
        account: &AccountId,
        versions: &[(CredentialId, u32)],
    ) -> Result<HashMap<(CredentialId, u32), Hints>, Unavailable>;

    /// 256 random bits.
    ///
    /// # Errors
    /// [`Unavailable`] when the operating system has none.
    fn random(&self) -> Result<[u8; 32], Unavailable>;

    /// The text of a new token, and its digest.
    ///
    /// # Errors
    /// [`Unavailable`] when the operating system has no random bytes.
    fn new_token(&self) -> Result<NewSecret, Unavailable>;

    /// A token was revoked by this node: it is refused from here on.
    fn revoked(&self, token: TokenId);

    /// The last `most` revisions of a row of the catalog, the oldest first.
    ///
    /// # Errors
    /// [`Unavailable`].
    async fn revisions(&self, provider: &ProviderKey, most: usize) -> Result<Vec<ProviderRevision>, Unavailable>;

    /// A logo, decoded and encoded anew from a PNG, JPEG or WebP file; else what is wrong with it, for a person.
    ///
    /// # Errors
    /// The reason.
    async fn logo(&self, file: Vec<u8>) -> Result<Logo, String>;
}

/// What may be shown of a key.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hints {
    /// Hints of the secret fields, enough to recognise a key and not to use it.
    pub masked: BTreeMap<String, String>,
    /// The other fields.
    pub public: BTreeMap<String, String>,
}

/// The text of a token, to be shown once.
pub struct NewSecret {
    /// The token.
    pub text: SecretString,
    /// Its digest, which is what is kept.
    pub sha256: Sha256Digest,
}

/// A part of the system cannot be reached.
#[derive(Debug, thiserror::Error)]
#[error("a part of the system cannot be reached now")]
pub struct Unavailable(#[source] pub Box<dyn Error + Send + Sync>);
