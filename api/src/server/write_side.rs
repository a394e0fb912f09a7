use std::sync::Arc;

use anyhow::{Context, Result};
use commands::Commands;
use domain::recipe::{HostPort, LintPolicy};
use egress::{Egress, EgressConfig};
use eventlog::EventLog;
use vault::Vault;

use super::{DataFolder, Settings};
use crate::clock::{SystemClock, SystemIds};
use crate::metrics::{CountingLog, Metrics};

/// The log, the vault and the commands. Several processes may have the same ones at a time: the log and the vault are safe
/// for that.
pub struct WriteSide {
    /// The log.
    pub log: Arc<dyn EventLog>,
    /// The vault.
    pub vault: Arc<Vault>,
    /// The way out.
    pub egress: Arc<Egress>,
    /// The commands.
    pub commands: Commands,
    /// What is counted.
    pub metrics: Metrics,
}

impl WriteSide {
    /// Opens it.
    ///
    /// # Errors
    /// When a file cannot be opened, or does not belong to the others.
    pub async fn open(folder: &DataFolder, settings: &Settings) -> Result<Self> {
        let metrics = Metrics::new().context("the counters cannot be made")?;
        let stores = &settings.stores;
        let log = stores.log.open(Some(folder)).await?;
        let log: Arc<dyn EventLog> = Arc::new(CountingLog::new(log, metrics.clone()));
        let vault = Arc::new(stores.open_vault(folder, settings.keyring.as_deref()).await?);
        let config = EgressConfig {
            allow: settings.egress_allow.clone(),
            ..EgressConfig::default()
        };
        let egress = Arc::new(Egress::new(config).context("outgoing calls cannot be set up")?);
        let (clock, ids) = (Arc::new(SystemClock), Arc::new(SystemIds));
        let commands = Commands::new(Arc::clone(&log), Arc::clone(&vault), Arc::clone(&egress), clock, ids);
        Ok(Self {
            log,
            vault,
            egress,
            commands,
            metrics,
        })
    }
}

/// What the linter of rows allows with these exceptions.
#[must_use]
pub const fn egress_policy(allow: Vec<HostPort>) -> LintPolicy {
    LintPolicy { allowed: allow }
}
