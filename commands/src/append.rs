use std::time::Duration;

use domain::{AccountId, Event, EventId, Metadata, StreamId};
use eventlog::{Appended, Expected, LogError, NewEvent};

use crate::{CommandError, Context, Recorder};

/// How often an append of unknown outcome is sent again, and how long to wait before each.
const AGAIN: [Duration; 3] = [
    Duration::from_millis(10),
    Duration::from_millis(50),
    Duration::from_millis(250),
];

impl Recorder {
    /// Appends, and finds out what became of an append of unknown outcome by sending the same ids again.
    pub(crate) async fn append(
        &self,
        stream: &StreamId,
        expected: Expected,
        events: Vec<NewEvent>,
    ) -> Result<Appended, LogError> {
        let mut pauses = AGAIN.into_iter();
        let mut sent_before = false;
        loop {
            match self.log.append(stream, expected, events.clone()).await {
                Err(error) if is_in_doubt(&error, sent_before) => {
                    let source = error.into();
                    let Some(pause) = pauses.next() else {
                        return Err(LogError::UnknownOutcome(source));
                    };
                    tracing::warn!(%stream, %source, "an append had no known outcome; it is sent again");
                    tokio::time::sleep(pause).await;
                    sent_before = true;
                }
                Ok(appended) if sent_before && appended.duplicate => {
                    let held = self.holds(stream, appended.revision, &events).await;
                    let duplicate = !held.map_err(|error| LogError::UnknownOutcome(error.into()))?;
                    return Ok(Appended { duplicate, ..appended });
                }
                outcome => return outcome,
            }
        }
    }

    /// Whether it was these very events that were stored under their ids, up to `revision`, and not those of the same
    /// command that was sent somewhere else at the same moment.
    async fn holds(&self, stream: &StreamId, revision: u64, events: &[NewEvent]) -> Result<bool, LogError> {
        let first = (revision + 1).saturating_sub(events.len() as u64);
        let stored = self.log.read_stream(stream, first, events.len()).await?;
        let data = stored.iter().map(|stored| (stored.id, &stored.data));
        Ok(data.eq(events.iter().map(|event| (event.id, &event.data))))
    }

    /// The events of a command as they go into the log.
    pub(crate) fn stamp<E: Into<Event> + Clone>(
        &self,
        metadata: &Metadata,
        events: &[E],
    ) -> Result<Vec<NewEvent>, CommandError> {
        let now = self.now();
        (0..)
            .zip(events)
            .map(|(index, event)| {
                let id = EventId::of(metadata.command_id, index);
                NewEvent::new(id, &event.clone().into(), now, metadata.clone())
                    .map_err(|error| CommandError::internal("an event that cannot be written", error))
            })
            .collect()
    }
}

/// Whether an append may be stored after this error: a log that cannot be reached says nothing of an append that was
/// sent before.
const fn is_in_doubt(error: &LogError, sent_before: bool) -> bool {
    match error {
        LogError::UnknownOutcome(_) => true,
        LogError::Unavailable(_) => sent_before,
        _ => false,
    }
}

impl Context {
    /// What the log keeps of a command besides its events.
    pub(crate) fn metadata(&self, account: Option<AccountId>) -> Metadata {
        Metadata {
            actor: self.actor.clone(),
            account,
            command_id: self.command,
            correlation_id: self.correlation,
            request: self.request,
        }
    }
}

/// The account that the events of a stream concern.
pub(crate) fn concerned(stream: &StreamId) -> Option<AccountId> {
    match stream {
        StreamId::Account(account) | StreamId::Integration(account, _) | StreamId::Access(account) => {
            Some(account.clone())
        }
        StreamId::Provider(_) | StreamId::Token(_) | StreamId::Keyring | StreamId::Operations => None,
    }
}
