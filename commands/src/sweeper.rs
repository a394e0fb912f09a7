use std::collections::{BTreeMap, BTreeSet, HashSet};

use chrono::TimeDelta;
use domain::integration::{Integration, IntegrationCommand, Validity};
use domain::{AccountId, Aggregate, Position, ProviderKey, StreamId};
use eventlog::StoredEvent;
use vault::{PendingSecret, SecretContext};

use crate::execute::Freshness;
use crate::integration::unerased;
use crate::{CommandError, Commands, Context};

/// What a sweep did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Swept {
    /// Pending secrets whose event is in the log, made live.
    pub made_live: usize,
    /// Secrets that have no event, removed.
    pub removed: usize,
    /// Versions whose overlap was over, retired.
    pub retired: usize,
    /// Versions that are no longer valid, erased.
    pub erased: usize,
    /// Live secrets that the log does not know, left alone: the log may have been restored from a backup.
    pub unknown: usize,
}

/// What the sweeper has to look at again. It is made from the log, so that it may be forgotten at any time.
#[derive(Debug, Default)]
pub(crate) struct Watchlist {
    read_to: Position,
    integrations: BTreeSet<StreamId>,
    /// Closed accounts, and providers whose keys came into them too late.
    closed: BTreeMap<AccountId, BTreeSet<ProviderKey>>,
    /// All accounts that were ever closed: a node that was overtaken may save a key into one of them.
    ever_closed: HashSet<AccountId>,
    /// Whether the vault was compared with the log since the start.
    compared: bool,
}

/// For how long a pending secret is left alone: whoever is saving it is done by then.
const GRACE: TimeDelta = TimeDelta::minutes(5);
/// How many secrets are read at a time.
const BATCH: u32 = 1000;
/// How many events are read at a time.
const PAGE: usize = 1000;
/// Whether an event may leave the sweeper something to do. A test does so only when it promoted a version.
fn is_watched(event: &StoredEvent) -> bool {
    match &*event.kind {
        "CredentialRotated" | "CredentialRetired" | "CredentialDisconnected" => true,
        "CredentialTested" => event.data.contains("promotes_over"),
        _ => false,
    }
}

/// Whether an event puts a key into its account.
fn brings_a_key(event: &StoredEvent) -> bool {
    matches!(&*event.kind, "CredentialConnected" | "CredentialRotated")
}

impl Commands {
    /// Finishes what was left half-done: by a crash, by an outage of the log or the vault, or because its time had not
    /// come yet. Sweeping twice does nothing the second time. The first sweep after a start reads the whole log and
    /// compares the vault with it; later ones read what is new. One secret, account or integration that cannot be swept
    /// keeps none of the others from it.
    ///
    /// # Errors
    /// The log or the vault cannot be reached; the next sweep goes on.
    pub async fn sweep(&self) -> Result<Swept, CommandError> {
        self.to_the_end(|this| async move {
            let mut watchlist = this.inner.watchlist.lock().await;
            let mut swept = Swept::default();
            this.watch(&mut watchlist).await?;
            let pending = this.sweep_pending(&mut swept).await;
            let closed = this.sweep_closed(&mut watchlist, &mut swept).await;
            let integrations = this.sweep_integrations(&mut watchlist, &mut swept).await;
            pending.and(closed).and(integrations)?;
            if !watchlist.compared {
                this.compare(&mut swept).await?;
                watchlist.compared = true;
            }
            Ok(swept)
        })
        .await
    }

    /// Reads what is new in the log.
    async fn watch(&self, watchlist: &mut Watchlist) -> Result<(), CommandError> {
        loop {
            let page = self.log.read_all(watchlist.read_to, PAGE).await?;
            for event in &page.events {
                match &event.stream {
                    StreamId::Account(account) if &*event.kind == "AccountClosed" => {
                        watchlist.closed.entry(account.clone()).or_default();
                        watchlist.ever_closed.insert(account.clone());
                    }
                    StreamId::Integration(account, provider) => {
                        if brings_a_key(event) && watchlist.ever_closed.contains(account) {
                            let late = watchlist.closed.entry(account.clone()).or_default();
                            late.insert(provider.clone());
                        }
                        if is_watched(event) {
                            watchlist.integrations.insert(event.stream.clone());
                        }
                    }
                    _ => {}
                }
            }
            let leads_on = page.leads_on(watchlist.read_to);
            watchlist.read_to = page.next;
            if !leads_on {
                return Ok(());
            }
        }
    }

    async fn sweep_pending(&self, swept: &mut Swept) -> Result<(), CommandError> {
        let mut outcome = Ok(());
        for secret in self.inner.vault.pending(self.now() - GRACE).await? {
            outcome = outcome.and(self.sweep_secret(&secret, swept).await);
        }
        outcome
    }

    async fn sweep_secret(&self, pending: &PendingSecret, swept: &mut Swept) -> Result<(), CommandError> {
        let (secret, dek) = (&pending.context, pending.dek);
        let stream = stream_of(secret);
        let _alone = self.inner.locks.stream(&stream).await;
        let vault = &self.inner.vault;
        if self.logged_dek(secret).await? != Some(dek) {
            vault.discard(secret, dek).await?;
            swept.removed += 1;
            return Ok(());
        }
        let loaded = self.load::<Integration>(&stream, Freshness::Fresh).await?;
        match loaded.state.validity(secret.credential, secret.version) {
            Validity::Valid | Validity::Unknown => {
                vault.make_live(secret, dek).await?;
                swept.made_live += 1;
            }
            Validity::Retired => {
                let id = (secret.account.clone(), secret.provider.clone());
                swept.erased += self.erase_remains(&self.by_sweeper(), &id).await.versions;
            }
            Validity::Erased => vault.erase(secret.credential, &[secret.version]).await?,
        }
        Ok(())
    }

    async fn sweep_closed(&self, watchlist: &mut Watchlist, swept: &mut Swept) -> Result<(), CommandError> {
        let mut outcome = Ok(());
        for (account, late) in std::mem::take(&mut watchlist.closed) {
            let complete = match self.erase_closed(&self.by_sweeper(), &account, late.clone()).await {
                Ok(erased) => {
                    swept.erased += erased.versions;
                    erased.complete
                }
                Err(error) => {
                    outcome = outcome.and(Err(error));
                    false
                }
            };
            if !complete {
                watchlist.closed.insert(account, late);
            }
        }
        outcome
    }

    async fn sweep_integrations(&self, watchlist: &mut Watchlist, swept: &mut Swept) -> Result<(), CommandError> {
        let mut outcome = Ok(());
        for stream in std::mem::take(&mut watchlist.integrations) {
            let settled = match self.sweep_integration(&stream, swept).await {
                Ok(settled) => settled,
                Err(error) => {
                    outcome = outcome.and(Err(error));
                    false
                }
            };
            if !settled {
                watchlist.integrations.insert(stream);
            }
        }
        outcome
    }

    /// Retires what is over and erases what is retired. Says whether that was the end of it.
    async fn sweep_integration(&self, stream: &StreamId, swept: &mut Swept) -> Result<bool, CommandError> {
        let StreamId::Integration(account, provider) = stream else {
            return Ok(true);
        };
        let id = (account.clone(), provider.clone());
        let ctx = self.by_sweeper();
        let now = self.now();
        let retired = self
            .execute::<Integration>(&id, &ctx, |loaded| {
                Ok(loaded.state.decide(IntegrationCommand::RetireExpired { now })?)
            })
            .await?;
        swept.retired += retired.events.len();
        let erased = self.erase_remains(&ctx, &id).await;
        swept.erased += erased.versions;
        let loaded = self.load::<Integration>(stream, Freshness::Cached).await?;
        Ok(erased.complete && is_settled(&loaded.state))
    }

    /// Erases what the vault holds although the log says that it is erased: a backup of the vault was restored, or the
    /// process ended between the two. A live secret that the log does not know is left alone, since the log may be the
    /// one that was restored.
    async fn compare(&self, swept: &mut Swept) -> Result<(), CommandError> {
        let mut after = None;
        loop {
            let secrets = self.inner.vault.all(after, BATCH).await?;
            // Read after them: what is being saved is still among these, or in the log by now.
            let pending = self.inner.vault.pending(self.now() + TimeDelta::days(1)).await?;
            for secret in &secrets {
                let mut validity = self.validity(secret, Freshness::Cached).await?;
                if validity == Validity::Unknown {
                    validity = self.validity(secret, Freshness::Fresh).await?;
                }
                match validity {
                    Validity::Erased => {
                        self.inner.vault.erase(secret.credential, &[secret.version]).await?;
                        swept.erased += 1;
                    }
                    Validity::Unknown if pending.iter().any(|pending| pending.context == *secret) => {}
                    Validity::Unknown => {
                        swept.unknown += 1;
                        tracing::warn!(
                            account = %secret.account, provider = %secret.provider, credential = %secret.credential,
                            version = secret.version, "the vault holds a secret that the log does not know"
                        );
                    }
                    Validity::Valid | Validity::Retired => {}
                }
            }
            match secrets.last() {
                Some(last) if secrets.len() == BATCH as usize => after = Some((last.credential, last.version)),
                _ => return Ok(()),
            }
        }
    }

    /// What the log says of a secret.
    async fn validity(&self, secret: &SecretContext, freshness: Freshness) -> Result<Validity, CommandError> {
        let loaded = self.load::<Integration>(&stream_of(secret), freshness).await?;
        Ok(loaded.state.validity(secret.credential, secret.version))
    }

    fn by_sweeper(&self) -> Context {
        self.by_system("sweeper")
    }
}

fn stream_of(secret: &SecretContext) -> StreamId {
    Integration::stream(&(secret.account.clone(), secret.provider.clone()))
}

/// Whether time alone can give the sweeper no more work here.
fn is_settled(state: &Integration) -> bool {
    let retiring = state.installed().is_ok_and(|installation| {
        installation
            .keyed()
            .any(|(_, credential)| !credential.retiring.is_empty())
    });
    !retiring && unerased(state).is_empty()
}
