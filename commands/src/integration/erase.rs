use std::fmt::Write;

use domain::integration::{Integration, IntegrationCommand};
use domain::{AccountId, Aggregate, CredentialId, Position, ProviderKey};

use super::Erasure;
use crate::execute::Freshness;
use crate::{CommandError, Commands, Context, Receipt};

/// What was erased of the versions that are no longer valid.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Erased {
    /// How many versions.
    pub(crate) versions: usize,
    /// Whether that was all of them.
    pub(crate) complete: bool,
    /// The position and the revision of the last event about it.
    last: Option<(Position, u64)>,
}

impl Default for Erased {
    fn default() -> Self {
        Self {
            versions: 0,
            complete: true,
            last: None,
        }
    }
}

impl Erased {
    /// A receipt that waits for the erasure, too.
    pub(crate) fn onto<T>(self, receipt: Receipt<T>) -> Receipt<T> {
        match self.last {
            Some((position, revision)) if position > receipt.position => Receipt {
                position,
                revision,
                ..receipt
            },
            _ => receipt,
        }
    }

    pub(crate) const fn report(self) -> Erasure {
        Erasure {
            complete: self.complete,
        }
    }

    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            versions: self.versions + other.versions,
            complete: self.complete && other.complete,
            last: self.last.max(other.last),
        }
    }
}

impl Commands {
    /// Erases the secrets of all versions that are no longer valid, and says so in the log. What fails is left to the
    /// sweeper: the versions are invalid already.
    pub(crate) async fn erase_remains(&self, ctx: &Context, id: &(AccountId, ProviderKey)) -> Erased {
        let remains = match self
            .load::<Integration>(&Integration::stream(id), Freshness::Cached)
            .await
        {
            Ok(loaded) => unerased(&loaded.state),
            Err(error) => return left_to_the_sweeper(&error),
        };
        let mut erased = Erased::default();
        for (credential, versions) in remains {
            let step = match self.erase(ctx, id, credential, versions).await {
                Ok(step) => step,
                Err(error) => left_to_the_sweeper(&error),
            };
            erased = erased.and(step);
        }
        erased
    }

    async fn erase(
        &self,
        ctx: &Context,
        id: &(AccountId, ProviderKey),
        credential: CredentialId,
        versions: Vec<u32>,
    ) -> Result<Erased, CommandError> {
        self.inner.vault.erase(credential, &versions).await?;
        let mut step = format!("erase {credential}");
        for version in &versions {
            let _ = write!(step, " {version}");
        }
        let count = versions.len();
        let command = IntegrationCommand::RecordErased { credential, versions };
        let noted = self
            .execute::<Integration>(id, &ctx.step(&step), |loaded| {
                Ok(loaded.state.decide(command.clone())?)
            })
            .await?;
        Ok(Erased {
            versions: count,
            complete: true,
            last: Some((noted.position, noted.after.revision)),
        })
    }
}

pub(crate) fn unerased(state: &Integration) -> Vec<(CredentialId, Vec<u32>)> {
    let remains = state
        .remains()
        .into_iter()
        .flat_map(domain::integration::Remains::unerased);
    remains
        .map(|(credential, remnant)| (credential, remnant.unerased.iter().copied().collect()))
        .collect()
}

fn left_to_the_sweeper(error: &CommandError) -> Erased {
    tracing::warn!(%error, "secrets that are no longer valid are left to the sweeper");
    Erased {
        complete: false,
        ..Erased::default()
    }
}
