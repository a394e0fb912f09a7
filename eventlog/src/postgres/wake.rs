use std::time::Duration;

use domain::Position;
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use super::options::CHANNEL;
use super::read;
use crate::writer::{Queue, raise};

/// How often the log looks for itself: what the server tells is a hint, and may be lost.
const LOOK: Duration = Duration::from_secs(1);
/// After this long without a word the connection is made anew: a machine that is cut off cannot say so.
const SILENCE: Duration = Duration::from_mins(1);

/// Starts to raise `head` when other processes have committed, until the queue is stopped or gone.
pub(super) fn start(options: PgConnectOptions, readers: PgPool, head: &watch::Sender<Position>, queue: &Queue) {
    let (mut listening, mut looking) = (queue.stopped(), queue.stopped());
    let (told, found) = (head.clone(), head.clone());
    tokio::spawn(async move {
        tokio::select! {
            _ = listening.wait_for(|stopped| *stopped) => {}
            () = listen(options, told) => {}
        }
    });
    tokio::spawn(async move {
        tokio::select! {
            _ = looking.wait_for(|stopped| *stopped) => {}
            () = look(readers, found) => {}
        }
    });
}

/// Passes on what the server tells, for ever.
async fn listen(options: PgConnectOptions, head: watch::Sender<Position>) {
    loop {
        if let Err(error) = listen_once(options.clone(), &head).await {
            tracing::debug!(%error, "the log cannot be listened to, and is looked at every second instead");
            sleep(LOOK).await;
        }
    }
}

async fn listen_once(options: PgConnectOptions, head: &watch::Sender<Position>) -> Result<(), sqlx::Error> {
    let pool = PgPoolOptions::new().max_connections(1).connect_lazy_with(options);
    let mut listener = PgListener::connect_with(&pool).await?;
    // The pool is dropped with the listener and never closed.
    listener.ignore_pool_close_event(true);
    listener.listen(CHANNEL).await?;
    while let Ok(told) = timeout(SILENCE, listener.recv()).await {
        if let Ok(position) = told?.payload().parse() {
            raise(head, Position::from_stored(position));
        }
    }
    Ok(())
}

/// Looks now and then, for ever.
async fn look(readers: PgPool, head: watch::Sender<Position>) {
    let mut ticks = interval(LOOK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match read::head(&readers).await {
            Ok(newest) => raise(&head, newest),
            Err(error) => tracing::debug!(%error, "the head of the log cannot be looked at"),
        }
    }
}
