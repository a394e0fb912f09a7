use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use egress::OperatorClient;
use tokio::sync::Mutex;
use url::Url;

use crate::config::Issuer;
use crate::discovery::Description;
use crate::error::OidcError;
use crate::jwk::Keys;

/// How long what an issuer says of itself is relied on: a key that it takes back is good for no longer.
const GOOD_FOR: TimeDelta = TimeDelta::hours(1);

/// So often at most it is read anew because a token names a key that is not known: anybody can make such a token, but
/// only the issuer's endpoint can hand it over.
const KEYS_ANEW: TimeDelta = TimeDelta::minutes(1);

/// An issuer that could not be reached is not asked again for so long, so that people do not wait one after the other.
const LEFT_ALONE: TimeDelta = TimeDelta::seconds(5);

/// What is known of an issuer.
pub(crate) struct Known {
    pub(crate) description: Description,
    pub(crate) keys: Keys,
}

/// Keeps what is known of an issuer, and asks it when that is nothing, or too old.
pub(crate) struct Memory {
    issuer: Issuer,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    known: Option<(DateTime<Utc>, Arc<Known>)>,
    failed: Option<DateTime<Utc>>,
    keys_anew: Option<DateTime<Utc>>,
}

impl Memory {
    pub(crate) fn of(issuer: Issuer) -> Self {
        Self {
            issuer,
            kept: Mutex::default(),
        }
    }

    /// What is known of the issuer now.
    ///
    /// # Errors
    /// When it must be asked, and cannot be, or its documents cannot be used.
    pub(crate) async fn known(&self, http: &OperatorClient, now: DateTime<Utc>) -> Result<Arc<Known>, OidcError> {
        // Held while it is asked: who comes meanwhile wants the same answer.
        let mut kept = self.kept.lock().await;
        match &kept.known {
            Some((at, known)) if now < *at + GOOD_FOR => Ok(Arc::clone(known)),
            _ => self.ask(&mut kept, http, now).await,
        }
    }

    /// The same after a token with a key that `before` does not have: none when it was asked for that a moment ago.
    ///
    /// # Errors
    /// As for [`Memory::known`].
    pub(crate) async fn newer(
        &self,
        before: &Arc<Known>,
        http: &OperatorClient,
        now: DateTime<Utc>,
    ) -> Result<Option<Arc<Known>>, OidcError> {
        let mut kept = self.kept.lock().await;
        if let Some((_, known)) = &kept.known
            && !Arc::ptr_eq(known, before)
        {
            return Ok(Some(Arc::clone(known)));
        }
        if kept.keys_anew.is_some_and(|at| now < at + KEYS_ANEW) {
            return Ok(None);
        }
        kept.keys_anew = Some(now);
        self.ask(&mut kept, http, now).await.map(Some)
    }

    async fn ask(&self, kept: &mut Kept, http: &OperatorClient, now: DateTime<Utc>) -> Result<Arc<Known>, OidcError> {
        if kept.failed.is_some_and(|at| now < at + LEFT_ALONE) {
            return Err(OidcError::AwayStill);
        }
        match self.read(http).await {
            Ok(known) => {
                let known = Arc::new(known);
                kept.known = Some((now, Arc::clone(&known)));
                kept.failed = None;
                Ok(known)
            }
            Err(error) => {
                kept.failed = Some(now);
                Err(error)
            }
        }
    }

    async fn read(&self, http: &OperatorClient) -> Result<Known, OidcError> {
        let address = self.issuer.description().parse().map_err(|_| OidcError::Document {
            what: "description",
            why: "its address cannot be made from the issuer's",
        })?;
        let description = Description::read(&document(http, "description", &address).await?, &self.issuer)?;
        let keys = document(http, "keys", &description.keys).await?;
        let keys = Keys::read(&keys).ok_or(OidcError::Document {
            what: "keys",
            why: "they are no JSON Web Key set",
        })?;
        Ok(Known { description, keys })
    }
}

async fn document(http: &OperatorClient, what: &'static str, address: &Url) -> Result<Vec<u8>, OidcError> {
    let reply = http.get(address).await.map_err(OidcError::away(what))?;
    if reply.status == 200 {
        return Ok(reply.body);
    }
    Err(OidcError::Away {
        what,
        why: format!("it answers with status {}", reply.status),
    })
}
