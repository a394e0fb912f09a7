mod activity;
mod connections;

use std::time::Duration;

use anyhow::Result;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;
use web::Site;

use self::connections::Limits;
use crate::routes::router;
use crate::state::AppState;

/// How long requests that are under way may take to end after the sign to stop. A test of a key takes 10 s at most.
const DRAIN: Duration = Duration::from_secs(15);

/// How long the tasks in the background may take to store where they are.
const WIND_DOWN: Duration = Duration::from_secs(5);

/// A started system.
pub struct Running {
    app: AppState,
    site: Site,
    stop: watch::Sender<bool>,
    background: JoinSet<()>,
    admin_token_written: bool,
}

impl Running {
    pub(super) const fn new(
        app: AppState,
        site: Site,
        stop: watch::Sender<bool>,
        background: JoinSet<()>,
        admin_token_written: bool,
    ) -> Self {
        Self {
            app,
            site,
            stop,
            background,
            admin_token_written,
        }
    }

    /// The system as the handlers see it.
    #[must_use]
    pub const fn app(&self) -> &AppState {
        &self.app
    }

    /// Whether this start wrote the first admin's token.
    #[must_use]
    pub const fn admin_token_written(&self) -> bool {
        self.admin_token_written
    }

    /// Answers requests until `stopped` is true, lets those that are under way end, and then ends the rest.
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn serve(self, listener: TcpListener, stopped: watch::Receiver<bool>) -> Result<()> {
        let mut drained = stopped.clone();
        let site = self.site.clone();
        let router = router(self.app.clone(), site.router());
        let serving = connections::serve(listener, router, Limits::of_this_process(), stopped);
        let hurried = async {
            let _ = drained.wait_for(|stop| *stop).await;
            site.close();
            tokio::time::sleep(DRAIN).await;
        };
        tokio::select! {
            () = serving => {}
            () = hurried => tracing::warn!("requests that took too long were cut off"),
        }
        self.end().await;
        Ok(())
    }

    /// Ends what runs in the background and closes the log and the vault: checkpoints are stored, files are in order.
    /// Nothing is lost either way.
    pub async fn end(mut self) {
        let _ = self.stop.send(true);
        let ended = timeout(WIND_DOWN, async {
            while self.background.join_next().await.is_some() {}
        })
        .await;
        if ended.is_err() {
            tracing::warn!("a task in the background did not end in time");
        }
        self.app.log.close().await;
        self.app.vault.close().await;
        tracing::info!("stopped");
    }
}
