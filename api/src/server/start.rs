use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};
use bus::Relay;
use commands::Ids;
use domain::recipe::HostPort;
use tokio::sync::watch;
use tokio::task::JoinSet;
use url::Url;

use super::first_start::ensure_admin;
use super::forgetting::forget_what_was_lost;
use super::running::Running;
use super::sweeping::sweep;
use super::{DataFolder, Stores, WriteSide, seeds};
use crate::clock::{SystemClock, SystemIds};
use crate::pages::site;
use crate::sign_on::{self, SignOnSettings};
use crate::state::{AppState, Parts};

/// What the operator chooses.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where everything is kept.
    pub stores: Stores,
    /// The file with the vault's key-encryption keys; in the data folder when there is none.
    pub keyring: Option<PathBuf>,
    /// Providers inside the operator's own network that may be called.
    pub egress_allow: Vec<HostPort>,
    /// Where people reach the pages, when that is not where this process listens.
    pub public_url: Option<Url>,
    /// Where people sign in beside tokens.
    pub sign_on: Option<SignOnSettings>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            stores: Stores::embedded(),
            keyring: None,
            egress_allow: Vec::new(),
            public_url: None,
            sign_on: None,
        }
    }
}

/// Starts everything but the listener: the log, the vault, the relay, the read models, the sweeper.
/// A new folder gets the seeded catalog and a first admin.
///
/// # Errors
/// When a part cannot be opened or started.
pub async fn start(folder: &DataFolder, settings: &Settings) -> Result<Running> {
    let side = WriteSide::open(folder, settings).await?;
    let added = side
        .commands
        .seed(seeds()?)
        .await
        .context("the catalog cannot be seeded")?;
    if added > 0 {
        tracing::info!(rows = added, "seeded the catalog");
    }
    let projections = Arc::new(settings.stores.open_projections(folder).await?);
    let (stop, stopped) = watch::channel(false);
    let bus = settings.stores.open_bus(&*side.log).await?;
    let mut background = JoinSet::new();
    background.spawn(Relay::new(Arc::clone(&side.log), Arc::clone(&bus)).run(stopped.clone()));
    let mut applying = projections
        .spawn(Arc::clone(&side.log), bus, stopped.clone())
        .await
        .context("the read models cannot be started")?;
    background.spawn(async move { while applying.join_next().await.is_some() {} });
    background.spawn(forget_what_was_lost(
        side.commands.clone(),
        projections.set_backs(),
        stopped.clone(),
    ));
    background.spawn(sweep(side.commands.clone(), stopped));

    let ids = Arc::new(SystemIds);
    let written = ensure_admin(folder, &*side.log, &side.commands, &projections, ids.uuid()).await?;
    let parts = Parts {
        commands: side.commands,
        projections,
        log: side.log,
        vault: side.vault,
        clock: Arc::new(SystemClock),
        ids,
        metrics: side.metrics,
    };
    let app = AppState::new(parts).await.context("the log cannot be read")?;
    let sign_on = settings.sign_on.clone();
    let sign_on = sign_on
        .map(|settings| sign_on::sign_on(settings, Arc::clone(&app.clock)))
        .transpose()?;
    let pages = site(&app, settings.public_url.clone(), sign_on);
    Ok(Running::new(app, pages, stop, background, written))
}
