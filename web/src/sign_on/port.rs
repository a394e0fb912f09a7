use std::error::Error;

use async_trait::async_trait;
use secrecy::SecretString;
use url::Url;

/// How people sign in at their organisation.
#[async_trait]
pub trait SignOn: Send + Sync {
    /// What people call it, after "Continue with".
    fn name(&self) -> &str;

    /// Where at the identity provider people's memberships stand, for whoever sets them up.
    fn claim(&self) -> &str;

    /// Where a browser is sent to.
    ///
    /// # Errors
    /// [`SignOnError`].
    async fn address(&self, state: &str, proof: &Proof) -> Result<Url, SignOnError>;

    /// Whom the code stands for that a browser came back with. `issuer` is who the answer says it is from, if it does.
    ///
    /// # Errors
    /// [`SignOnError`].
    async fn identity(&self, code: &SecretString, issuer: Option<&str>, proof: &Proof)
    -> Result<Identity, SignOnError>;
}

/// Random texts of one attempt, which the provider's answer must fit.
pub struct Proof {
    /// Comes back in what the provider signs.
    pub nonce: String,
    /// Proves to the provider that the code is ours.
    pub verifier: SecretString,
}

/// Who has signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// What the history names the person by. It tells people apart, and nobody can choose his own.
    pub id: String,
    /// What to call the person.
    pub name: String,
    /// What the person belongs to, here and elsewhere.
    pub values: Vec<String>,
}

/// Why somebody cannot be signed in. Its text is shown and logged: it holds nothing that is secret.
#[derive(Debug, thiserror::Error)]
pub enum SignOnError {
    /// The identity provider is away.
    #[error("{0}")]
    Away(#[source] Box<dyn Error + Send + Sync>),
    /// It says something that cannot be accepted.
    #[error("{0}")]
    Unacceptable(#[source] Box<dyn Error + Send + Sync>),
}
