use domain::StreamId;
use tokio::sync::{mpsc, oneshot, watch};

use super::Pending;
use crate::{Append, Appended, Expected, LogError, NewEvent, limits};

/// How many appends, or appends in an order, may wait for the writer; more wait outside, in their callers.
const QUEUE: usize = 1024;
/// One commit takes no more appends once it holds this many events or bytes, so that nobody waits long for others.
const MAX_EVENTS: usize = 512;
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// Sends appends to a [`Writer`](super::Writer).
pub(crate) struct Queue {
    sender: mpsc::Sender<Vec<Pending>>,
    stop: watch::Sender<bool>,
}

/// What a [`Writer`](super::Writer) takes its work from.
pub(crate) struct Work {
    queue: mpsc::Receiver<Vec<Pending>>,
    stop: watch::Receiver<bool>,
    open: bool,
}

/// A queue and its other end.
pub(crate) fn queue() -> (Queue, Work) {
    let (sender, queue) = mpsc::channel(QUEUE);
    let (stop, stopped) = watch::channel(false);
    (
        Queue { sender, stop },
        Work {
            queue,
            stop: stopped,
            open: true,
        },
    )
}

impl Queue {
    /// Has an append stored, and waits for its answer. See [`crate::EventLog::append`].
    pub(crate) async fn append(
        &self,
        stream: &StreamId,
        expected: Expected,
        events: Vec<NewEvent>,
    ) -> Result<Appended, LogError> {
        limits::check(&events)?;
        let (reply, answer) = oneshot::channel();
        let pending = Pending::new(stream.clone(), expected, events, reply)?;
        self.send(vec![pending]).await?;
        given(answer).await
    }

    /// Has several appends stored in this order, in one commit. See [`crate::EventLog::append_in_order`].
    pub(crate) async fn append_in_order(&self, appends: Vec<Append>) -> Result<Vec<Appended>, LogError> {
        let (mut unit, mut answers) = (Vec::new(), Vec::new());
        for append in appends {
            limits::check(&append.events)?;
            let (reply, answer) = oneshot::channel();
            let mut pending = Pending::new(append.stream, append.expected, append.events, reply)?;
            pending.follows = !unit.is_empty();
            unit.push(pending);
            answers.push(answer);
        }
        if !unit.is_empty() {
            self.send(unit).await?;
        }
        let mut done = Vec::with_capacity(answers.len());
        for answer in answers {
            done.push(given(answer).await?);
        }
        Ok(done)
    }

    async fn send(&self, unit: Vec<Pending>) -> Result<(), LogError> {
        let sent = self.sender.send(unit).await;
        sent.map_err(|_| LogError::Unavailable("the log is closed".into()))
    }

    /// Takes nothing any more. What is queued is still stored.
    pub(crate) fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Becomes true when the queue takes nothing any more; its sender is gone when the queue is.
    pub(crate) fn stopped(&self) -> watch::Receiver<bool> {
        self.stop.subscribe()
    }
}

async fn given(answer: oneshot::Receiver<Result<Appended, LogError>>) -> Result<Appended, LogError> {
    answer
        .await
        .map_err(|stopped| LogError::UnknownOutcome(Box::new(stopped)))?
}

impl Work {
    /// All that is queued, up to a limit; waits for the first. None: the queue was stopped, and is empty.
    pub(super) async fn next(&mut self) -> Option<Vec<Pending>> {
        loop {
            let first = tokio::select! {
                biased;
                first = self.queue.recv() => first?,
                _ = self.stop.wait_for(|stop| *stop), if self.open => {
                    self.open = false;
                    self.queue.close();
                    continue;
                }
            };
            let mut batch = first;
            gather(&mut batch, &mut self.queue).await;
            return Some(batch);
        }
    }
}

/// Takes what else is queued. The callers that the last commit woke up come first: without that, they would queue just
/// behind a commit of one.
async fn gather(batch: &mut Vec<Pending>, queue: &mut mpsc::Receiver<Vec<Pending>>) {
    let mut events = batch.iter().map(|pending| pending.events.len()).sum::<usize>();
    let mut bytes = batch.iter().map(|pending| pending.bytes).sum::<usize>();
    loop {
        tokio::task::yield_now().await;
        let before = batch.len();
        while events < MAX_EVENTS && bytes < MAX_BYTES {
            let Ok(unit) = queue.try_recv() else {
                break;
            };
            events += unit.iter().map(|pending| pending.events.len()).sum::<usize>();
            bytes += unit.iter().map(|pending| pending.bytes).sum::<usize>();
            batch.extend(unit);
        }
        if batch.len() == before {
            return;
        }
    }
}
