//! Signing in at an identity provider, as the pages of `web` ask for it.

use std::sync::Arc;

use async_trait::async_trait;
use commands::Clock;
use oidc::{OidcError, Provider};
use secrecy::SecretString;
use url::Url;
use web::{Identity, Proof, SignOn, SignOnError};

/// An identity provider, and what people call it.
#[derive(Debug, Clone)]
pub struct SignOnSettings {
    /// The provider.
    pub oidc: oidc::Config,
    /// What people call it, after "Continue with".
    pub name: String,
}

/// An identity provider that speaks `OpenID` Connect.
struct OidcSignOn {
    provider: Provider,
    name: String,
    claim: String,
    clock: Arc<dyn Clock>,
}

/// The identity provider that these settings name. It is not asked for anything yet.
///
/// # Errors
/// When the HTTP client cannot be set up.
pub fn sign_on(settings: SignOnSettings, clock: Arc<dyn Clock>) -> anyhow::Result<Arc<dyn SignOn>> {
    tracing::info!(
        issuer = settings.oidc.issuer.as_str(),
        "people may sign in at an identity provider"
    );
    Ok(Arc::new(OidcSignOn {
        claim: settings.oidc.claim.to_string(),
        provider: Provider::new(settings.oidc)?,
        name: settings.name,
        clock,
    }))
}

#[async_trait]
impl SignOn for OidcSignOn {
    fn name(&self) -> &str {
        &self.name
    }

    fn claim(&self) -> &str {
        &self.claim
    }

    async fn address(&self, state: &str, proof: &Proof) -> Result<Url, SignOnError> {
        let address = self.provider.address(state, &own(proof), self.clock.now()).await;
        address.map_err(failed)
    }

    async fn identity(
        &self,
        code: &SecretString,
        issuer: Option<&str>,
        proof: &Proof,
    ) -> Result<Identity, SignOnError> {
        let now = self.clock.now();
        let found = self.provider.identity(code, issuer, &own(proof), now).await;
        found.map(known).map_err(failed)
    }
}

fn own(proof: &Proof) -> oidc::Proof {
    oidc::Proof {
        nonce: proof.nonce.clone(),
        verifier: proof.verifier.clone(),
    }
}

/// The history names a person by the address that the provider has verified, which people can read; without one by the
/// subject, which has no `@` in front of it that could make it look like an address.
fn known(identity: oidc::Identity) -> Identity {
    let oidc::Identity {
        subject,
        email,
        name,
        values,
    } = identity;
    Identity {
        id: email.unwrap_or_else(|| format!("oidc:{subject}")),
        name,
        values,
    }
}

fn failed(error: OidcError) -> SignOnError {
    if error.is_away() {
        SignOnError::Away(error.into())
    } else {
        SignOnError::Unacceptable(error.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(subject: &str, email: Option<&str>) -> String {
        let identity = oidc::Identity {
            subject: subject.to_owned(),
            email: email.map(str::to_owned),
            name: "Ada".to_owned(),
            values: Vec::new(),
        };
        known(identity).id
    }

    #[test]
    fn a_person_is_named_by_a_verified_address_and_else_by_the_subject() {
        assert_eq!(id("7f", Some("ada@example.com")), "ada@example.com");
        assert_eq!(id("7f", None), "oidc:7f");
        // Nobody gets another's name by the subject that he has.
        assert_eq!(id("ada@example.com", None), "oidc:ada@example.com");
    }
}
