use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use anyhow::{Result, anyhow};
use clap::Args;
use commands::Recorder;
use secrecy::{ExposeSecret, SecretString};

use super::DataArgs;
use crate::clock::{SystemClock, SystemIds};
use crate::server::{BusPlace, DataFolder, Stores};

/// Where everything is kept. Without any of these, in files of the data folder.
///
/// URLs may hold passwords: give them by the environment variables, which other users of the machine cannot see.
#[derive(Debug, Clone, Args)]
pub struct StoreArgs {
    /// The data folder.
    #[command(flatten)]
    pub data: DataArgs,
    /// The log: sqlite: (in the data folder), postgres://…, or esdb://… (`EventStoreDB`).
    // Parsed later, since clap would repeat a wrong value with its password.
    #[arg(
        long,
        value_name = "URL",
        default_value = "sqlite:",
        env = "SOCONNECTIVE_LOG",
        hide_env_values = true
    )]
    pub log: SecretString,
    /// The vault and the read models: sqlite: (in the data folder), or postgres://… for several nodes.
    #[arg(
        long,
        value_name = "URL",
        default_value = "sqlite:",
        env = "SOCONNECTIVE_DB",
        hide_env_values = true
    )]
    pub db: SecretString,
    /// Another PostgreSQL database for the vault's wrapped keys, so that they are guarded and backed up apart from the
    /// envelopes that they open.
    #[arg(long, value_name = "URL", env = "SOCONNECTIVE_KEYSTORE", hide_env_values = true)]
    pub keystore: Option<SecretString>,
    /// The file with the vault's key-encryption keys, the same on every node; `keyring` in the data folder when left out.
    #[arg(long, value_name = "FILE", env = "SOCONNECTIVE_KEYRING")]
    pub keyring: Option<PathBuf>,
}

impl StoreArgs {
    /// What these mean together with a bus.
    ///
    /// # Errors
    /// Which option is wrong, without its value, or what does not go together.
    pub fn stores(&self, bus: BusPlace) -> Result<Stores> {
        let keystore = self.keystore.as_ref().map(|url| place("--keystore", url)).transpose()?;
        Stores::new(place("--log", &self.log)?, bus, place("--db", &self.db)?, keystore)
    }

    /// What writes what needs the log alone, for a command at the terminal: neither vault nor key ring is opened.
    ///
    /// # Errors
    /// When the log cannot be opened.
    pub async fn recorder(&self) -> Result<Recorder> {
        let stores = self.stores(BusPlace::Local)?;
        let folder = self.folder(&stores)?;
        let log = stores.log.open(Some(&folder)).await?;
        Ok(Recorder::new(log, Arc::new(SystemClock), Arc::new(SystemIds)))
    }

    /// The data folder: for a log that is kept in it, one that holds a log already.
    ///
    /// # Errors
    /// When it holds no log, or cannot be made.
    pub fn folder(&self, stores: &Stores) -> Result<DataFolder> {
        if stores.are_shared() {
            DataFolder::open(&self.data.data)
        } else {
            DataFolder::existing(&self.data.data)
        }
    }
}

/// Reads a place that an option names. The value is not repeated when it is wrong.
///
/// # Errors
/// The option's name and the form of its value.
pub(super) fn place<P: FromStr<Err = String>>(option: &str, value: &SecretString) -> Result<P> {
    let parsed = value.expose_secret().parse();
    parsed.map_err(|problem: String| anyhow!("the value of {option} cannot be used: {problem}"))
}
