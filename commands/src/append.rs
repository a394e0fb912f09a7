use std::time::Duration;

use domain::{AccountId, Event, EventId, Metadata, StreamId};
use eventlog::{Appended, Expected, LogError, NewEvent};

use crate::{CommandError, Commands, Context};

/// How often an append of unknown outcome is sent again, and how long to wait before each.
const AGAIN: [Duration; 3] = [
    Duration::from_millis(10),
    Duration::from_millis(50),
    Duration::from_millis(250),
];

impl Commands {
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
            match self.inner.log.append(stream, expected, events.clone()).await {
                Err(LogError::UnknownOutcome(source)) => {
                    let Some(pause) = pauses.next() else {
                        return Err(LogError::UnknownOutcome(source));
                    };
                    tracing::warn!(%stream, %source, "an append had no known outcome; it is sent again");
                    tokio::time::sleep(pause).await;
                    sent_before = true;
                }
                // What is there already was put there by this call.
                Ok(appended) if sent_before => {
                    return Ok(Appended {
                        duplicate: false,
                        ..appended
                    });
                }
                outcome => return outcome,
            }
        }
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
        StreamId::Provider(_) | StreamId::Token(_) | StreamId::Keyring => None,
    }
}
