//! What the pages of `web` ask of this process.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use domain::provider::Logo;
use domain::{AccountId, CredentialId, ProviderKey, Sha256Digest, TokenId};
use projections::{ProviderRevision, TokenView};
use url::Url;
use web::{Backstage, Hints, NewSecret, SignOn, Site, Unavailable};

use crate::auth::{Caller, format};
use crate::logo;
use crate::problem::Problem;
use crate::state::AppState;

/// The pages over a running system. `public_url` is where people reach them, when that is not where this process listens;
/// `sign_on` is where they may sign in beside tokens.
#[must_use]
pub fn site(app: &AppState, public_url: Option<Url>, sign_on: Option<Arc<dyn SignOn>>) -> Site {
    Site::new(web::Parts {
        commands: app.commands.clone(),
        projections: Arc::clone(&app.projections),
        clock: Arc::clone(&app.clock),
        ids: Arc::clone(&app.ids),
        backstage: Arc::new(app.clone()),
        sign_on,
        public_url,
    })
}

#[async_trait]
impl Backstage for AppState {
    fn digest(&self, token: &str) -> Option<Sha256Digest> {
        format::digest(token)
    }

    async fn holder(&self, digest: Sha256Digest) -> Result<Option<Arc<TokenView>>, Unavailable> {
        match Caller::of(self, digest).await {
            Ok(caller) => Ok(Some(caller.into_token())),
            Err(problem) if problem.is_of_the_caller() => Ok(None),
            Err(problem) => Err(unavailable(&problem)),
        }
    }

    async fn hints(
        &self,
        account: &AccountId,
        versions: &[(CredentialId, u32)],
    ) -> Result<HashMap<(CredentialId, u32), Hints>, Unavailable> {
        if versions.is_empty() {
            return Ok(HashMap::new());
        }
        let found = self
            .vault
            .hints(account, versions)
            .await
            .map_err(|error| Unavailable(error.into()))?;
        let shown = |hints: vault::Hints| Hints {
            masked: hints.masked,
            public: hints.public,
        };
        Ok(found
            .into_iter()
            .map(|(version, hints)| (version, shown(hints)))
            .collect())
    }

    fn random(&self) -> Result<[u8; 32], Unavailable> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|error| Unavailable(error.into()))?;
        Ok(bytes)
    }

    fn new_token(&self) -> Result<NewSecret, Unavailable> {
        let text = format::generate().map_err(|error| Unavailable(error.into()))?;
        let sha256 = format::digest_of(&text);
        Ok(NewSecret { text, sha256 })
    }

    fn revoked(&self, token: TokenId) {
        self.standing.revoke(token);
    }

    async fn revisions(&self, provider: &ProviderKey, most: usize) -> Result<Vec<ProviderRevision>, Unavailable> {
        let catalog = self.projections.catalog();
        let found = catalog.revisions(&*self.log, provider, most).await;
        found.map_err(|error| Unavailable(error.into()))
    }

    async fn logo(&self, file: Vec<u8>) -> Result<Logo, String> {
        // Decoding may take a while: it does not hold up the other requests of this thread.
        let decoded = tokio::task::spawn_blocking(move || logo::from_file(&file)).await;
        match decoded {
            Ok(logo) => logo.map_err(|error| error.to_string()),
            Err(_) => Err("it could not be decoded".to_owned()),
        }
    }
}

fn unavailable(problem: &Problem) -> Unavailable {
    Unavailable(problem.detail().to_owned().into())
}
