use std::time::Duration;

use commands::Commands;
use eventlog::Causes;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

/// How often what was left half-done is finished, and overlaps that are over are ended.
const EVERY: Duration = Duration::from_secs(30);

/// Sweeps now and every 30 seconds until `shutdown` is true.
pub(super) async fn sweep(commands: Commands, mut shutdown: watch::Receiver<bool>) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = shutdown.wait_for(|stop| *stop) => return,
            _ = ticks.tick() => {}
        }
        match commands.sweep().await {
            Ok(swept) => tracing::debug!(?swept, "swept"),
            Err(error) => tracing::warn!(cause = %Causes(&error), "a sweep was cut short; the next one goes on"),
        }
    }
}
