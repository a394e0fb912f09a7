use std::sync::Arc;

use domain::Position;
use eventlog::EventLog;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::Worker;
use super::audience::WAITING;
use super::pages::Pages;
use crate::ProjectionError;
use crate::decoded::{Batch, Decoded};

/// Brings new models from the log's start to its end and puts each in its live one's place. The log is read and decoded once
/// for all of them. A model that cannot be built leaves the live one where it is, and the others go on.
pub(crate) async fn build(
    log: &Arc<dyn EventLog>,
    workers: Vec<Worker>,
    mut progress: impl FnMut(Position, Position) + Send,
) -> Result<(), ProjectionError> {
    let mut tasks = JoinSet::new();
    let mut senders = Vec::with_capacity(workers.len());
    for worker in workers {
        let (sender, batches) = mpsc::channel(WAITING);
        senders.push(sender);
        tasks.spawn(follow(worker, batches));
    }
    let read = read(log, &senders, &mut progress).await;
    drop(senders);
    let mut outcome = Ok(());
    while let Some(ended) = tasks.join_next().await {
        let built = ended.map_err(|_| ProjectionError::Interrupted).flatten();
        let taken_over = match built {
            Ok(mut worker) if read.is_ok() => worker.take_over().await,
            Ok(_) => Ok(()),
            Err(error) => Err(error),
        };
        outcome = outcome.and(taken_over);
    }
    read.and(outcome)
}

async fn read(
    log: &Arc<dyn EventLog>,
    senders: &[mpsc::Sender<Batch>],
    progress: &mut (impl FnMut(Position, Position) + Send),
) -> Result<(), ProjectionError> {
    let mut after = Position::START;
    let mut pages = Pages::new(Arc::clone(log), after);
    loop {
        let page = pages.next().await?;
        let events: Vec<Decoded> = page
            .events
            .into_iter()
            .map(|event| Decoded::new(Arc::new(event)))
            .collect();
        let batch = Batch {
            after,
            events: Arc::new(events),
            caught_up: page.next >= page.head,
        };
        for sender in senders {
            // One that has failed says so when it is joined.
            let _ = sender.send(batch.clone()).await;
        }
        after = page.next;
        progress(page.next, page.head);
        if batch.caught_up {
            return Ok(());
        }
    }
}

async fn follow(mut worker: Worker, mut batches: mpsc::Receiver<Batch>) -> Result<Worker, ProjectionError> {
    while let Some(batch) = batches.recv().await {
        worker.take(&batch).await?;
    }
    Ok(worker)
}
