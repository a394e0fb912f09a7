use std::time::Duration;

use commands::Commands;
use eventlog::Causes;
use tokio::sync::watch;
use tokio::time::sleep;

/// How long to wait after the log failed.
const PAUSE: Duration = Duration::from_secs(1);

/// Has the write side forget what it remembers whenever the log was found to have been set back, until `shutdown` is true.
pub(super) async fn forget_what_was_lost(
    commands: Commands,
    mut set_backs: watch::Receiver<u64>,
    mut shutdown: watch::Receiver<bool>,
) {
    let forgetting = async {
        while set_backs.changed().await.is_ok() {
            while let Err(error) = commands.forget().await {
                tracing::warn!(cause = %Causes(&error), "it is not known yet where the log ends that was set back; it is tried again");
                sleep(PAUSE).await;
            }
        }
    };
    tokio::select! {
        () = forgetting => {}
        _ = shutdown.wait_for(|stop| *stop) => {}
    }
}
