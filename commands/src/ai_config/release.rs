use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::access::{AccessEvent, CredentialReleased};
use domain::account::Account;
use domain::integration::{ConnectionStatus, Integration, IntegrationRejection, SealedSecret};
use domain::provider::ProviderRow;
use domain::{AccountId, Aggregate, CredentialId, Position, StreamId, has_hidden};
use eventlog::Expected;
use vault::{SecretContext, VaultError};

use super::lease::{LEASE, LeaseKey};
use super::{ReleaseRequest, Released};
use crate::account::MAX_DEPTH;
use crate::append::concerned;
use crate::execute::Freshness;
use crate::{CommandError, Commands, Context};

/// The longest purpose, in characters.
const MAX_PURPOSE: usize = 200;

/// A key that may be released.
struct Found {
    row: Arc<ProviderRow>,
    credential: CredentialId,
    version: u32,
    sealed: SealedSecret,
    status: ConnectionStatus,
    position: Position,
}

impl Commands {
    /// Gives a key in clear. The release stands in the log before the key leaves, once per lease of 60 s; when it cannot
    /// be written, nothing leaves.
    ///
    /// Within a lease neither the log nor a database is read, as long as the log rests. `ctx` is asked for only when there
    /// is a release to be written.
    ///
    /// # Errors
    /// [`CommandError::NotFound`]; `account-closed`, `not-installed`, `disconnected`, `credential-rejected`,
    /// `needs-reauth`, `recipe-mismatch`, `too-many-purposes`; [`CommandError::Invalid`] at `/purpose`.
    pub async fn release(
        &self,
        ctx: impl FnOnce() -> Context + Send,
        request: &ReleaseRequest,
    ) -> Result<Released, CommandError> {
        check_purpose(request)?;
        self.catch_up().await?;
        let now = self.now();
        if let Some((found, until)) = self.within_lease(request, now).await? {
            return self.open(request, found, until).await;
        }
        // One at a time, so that a burst of requests at the end of a lease is one release.
        let access = StreamId::Access(request.account.clone());
        let _alone = self.inner.locks.stream(&access).await;
        if let Some((found, until)) = self.within_lease(request, now).await? {
            return self.open(request, found, until).await;
        }
        let found = self.find(request, Freshness::Fresh).await?;
        let lease = LeaseKey::new(request, found.credential, found.version);
        if self.inner.leases.are_spent(&lease, now) {
            return Err(too_many_purposes());
        }
        let until = now + LEASE;
        let released = AccessEvent::from(CredentialReleased {
            provider: request.provider.clone(),
            connection: request.connection.clone(),
            credential: found.credential,
            version: found.version,
            principal: request.principal.clone(),
            purpose: request.purpose.clone(),
            on_behalf_of: request.on_behalf_of.clone(),
            lease_until: until,
        });
        let events = self.stamp(&ctx().metadata(concerned(&access)), &[released])?;
        if self.append(&access, Expected::Any, events).await?.duplicate {
            // The id stands for a release that was made before, perhaps of another key.
            return Err(CommandError::IdempotencyKeyReused);
        }
        // Once more, so that a key that was taken back before its release is not given.
        let now = self.find(request, Freshness::Fresh).await?;
        if (now.credential, now.version) != (found.credential, found.version) {
            return Err(CommandError::Busy);
        }
        self.inner.leases.grant(lease, until);
        self.open(request, now, until).await
    }

    async fn within_lease(
        &self,
        request: &ReleaseRequest,
        now: DateTime<Utc>,
    ) -> Result<Option<(Found, DateTime<Utc>)>, CommandError> {
        // What memory refuses is looked up again before anybody is told.
        let Ok(found) = self.find(request, Freshness::Cached).await else {
            return Ok(None);
        };
        let key = LeaseKey::new(request, found.credential, found.version);
        Ok(self.inner.leases.running(&key, now).map(|until| (found, until)))
    }

    /// The key, if it may be released.
    async fn find(&self, request: &ReleaseRequest, freshness: Freshness) -> Result<Found, CommandError> {
        self.load::<Account>(&StreamId::Account(request.account.clone()), freshness)
            .await?
            .state
            .open()?;
        if let Some(user) = &request.on_behalf_of
            && user != &request.account
        {
            self.check_inheritance(user, &request.account, freshness).await?;
        }
        let stream = StreamId::Integration(request.account.clone(), request.provider.clone());
        let loaded = self.load::<Integration>(&stream, freshness).await?;
        let credential = loaded.state.installed()?.credential(&request.connection)?;
        let current = &credential.current;
        if let Some(refusal) = refusal(current.status) {
            return Err(refusal);
        }
        Ok(Found {
            row: self.row(&request.provider).await?,
            credential: credential.id,
            version: current.number,
            sealed: current.sealed.clone(),
            status: current.status,
            position: loaded.position,
        })
    }

    /// Checks that `user` may use a key of `owner`: it stands below it, and everybody on the way up wants to inherit.
    async fn check_inheritance(
        &self,
        user: &AccountId,
        owner: &AccountId,
        freshness: Freshness,
    ) -> Result<(), CommandError> {
        let mut below = user.clone();
        for _ in 0..MAX_DEPTH {
            let loaded = self.load::<Account>(&Account::stream(&below), freshness).await?;
            let profile = loaded.state.open()?;
            match &profile.parent {
                Some(parent) if profile.ai.inherit && parent == owner => return Ok(()),
                Some(parent) if profile.ai.inherit => below = parent.clone(),
                _ => break,
            }
        }
        Err(IntegrationRejection::NotInstalled.into())
    }

    async fn open(
        &self,
        request: &ReleaseRequest,
        found: Found,
        lease_until: DateTime<Utc>,
    ) -> Result<Released, CommandError> {
        let secret = SecretContext {
            account: request.account.clone(),
            credential: found.credential,
            version: found.version,
            provider: request.provider.clone(),
        };
        let fields = match self.inner.vault.open_secret(&secret, &found.sealed).await {
            Ok(fields) => fields,
            // It was taken back after it was looked up: say so.
            Err(error @ VaultError::Missing { .. }) => {
                return match self.find(request, Freshness::Fresh).await {
                    Err(refusal) => Err(refusal),
                    Ok(now) if now.version != found.version || now.credential != found.credential => {
                        Err(CommandError::Busy)
                    }
                    Ok(_) => Err(error.into()),
                };
            }
            Err(error) => return Err(error.into()),
        };
        let parts = self
            .inner
            .renderers
            .of(&found.row)
            .request(&fields)
            .map_err(|error| CommandError::Rejected {
                code: "recipe-mismatch",
                message: format!("The saved fields no longer fit the provider's recipe: {error}."),
            })?;
        Ok(Released {
            credential: found.credential,
            version: found.version,
            status: found.status,
            request: parts,
            fields,
            lease_until,
            position: found.position,
        })
    }
}

fn refusal(status: ConnectionStatus) -> Option<CommandError> {
    let (code, message) = match status {
        ConnectionStatus::Unverified | ConnectionStatus::Connected => return None,
        ConnectionStatus::Disconnected => return Some(IntegrationRejection::Disconnected.into()),
        ConnectionStatus::Rejected => (
            "credential-rejected",
            "The provider refused this key. Save another one under Settings.",
        ),
        ConnectionStatus::NeedsReauth => (
            "needs-reauth",
            "The provider wants this account to authorize again. Do so under Settings.",
        ),
    };
    Some(CommandError::Rejected {
        code,
        message: message.to_owned(),
    })
}

fn too_many_purposes() -> CommandError {
    let message = "20 purposes were named for this key within a minute. Name what the key is for, not the single call; or \
                   ask again in a minute.";
    CommandError::Rejected {
        code: "too-many-purposes",
        message: message.to_owned(),
    }
}

fn check_purpose(request: &ReleaseRequest) -> Result<(), CommandError> {
    let fits = |purpose: &String| {
        purpose.chars().count() <= MAX_PURPOSE && !purpose.chars().any(char::is_control) && !has_hidden(purpose)
    };
    if request.purpose.as_ref().is_none_or(fits) {
        return Ok(());
    }
    let message = "A purpose has at most 200 characters, none of them invisible.";
    Err(CommandError::invalid("/purpose", "invalid-purpose", message))
}
