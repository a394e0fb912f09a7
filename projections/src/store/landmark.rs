use domain::{EventId, Position, StreamId};
use eventlog::{EventLog, LogError, StoredEvent};
use serde::{Deserialize, Serialize};

/// The event at a checkpoint, by which the log is recognised. A log that was set back to before it has no such event any more,
/// or another in its place, however far it has grown since.
///
/// It is looked for in its stream: unlike a position, a revision can be asked for whether or not there is such an event, in
/// every kind of log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Landmark {
    /// The checkpoint that it is about.
    pub(crate) position: Position,
    id: EventId,
    stream: StreamId,
    revision: u64,
    /// In microseconds since 1970. A command that is sent again after the log was set back gives its event the same id, but
    /// another time.
    recorded_at: i64,
}

impl Landmark {
    /// What this event is recognised by.
    pub(crate) fn of(event: &StoredEvent) -> Self {
        Self {
            position: event.position,
            id: event.id,
            stream: event.stream.clone(),
            revision: event.revision,
            recorded_at: event.recorded_at.timestamp_micros(),
        }
    }

    /// Whether the event is in the log, and the log therefore still the one that the checkpoint was taken on.
    pub(crate) async fn stands(&self, log: &dyn EventLog) -> Result<bool, LogError> {
        let found = log.read_stream(&self.stream, self.revision, 1).await?;
        let same = |event: &StoredEvent| {
            (event.id, event.revision, event.recorded_at.timestamp_micros())
                == (self.id, self.revision, self.recorded_at)
        };
        Ok(found.first().is_some_and(same))
    }

    /// As it is stored.
    pub(super) fn to_text(&self) -> Result<String, sqlx::Error> {
        serde_json::to_string(self).map_err(|error| sqlx::Error::Encode(Box::new(error)))
    }

    /// What is stored with a checkpoint. None where it is about another one: a program that knows nothing of landmarks has moved
    /// the checkpoint since.
    pub(super) fn from_text(text: Option<&str>, checkpoint: Position) -> Option<Self> {
        let stored: Self = serde_json::from_str(text?).ok()?;
        (stored.position == checkpoint).then_some(stored)
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use domain::{Actor, CommandId, CorrelationId, Metadata};
    use eventlog::{Expected, MemoryLog, NewEvent};

    use super::*;

    const AT: Position = Position::from_stored(1);

    fn event(name: &str) -> NewEvent {
        let command = CommandId::of("scope", name);
        NewEvent {
            id: EventId::of(command, 0),
            kind: "SomethingHappened".to_owned(),
            schema: 1,
            recorded_at: DateTime::default(),
            metadata: Metadata {
                actor: Actor::system("test"),
                account: None,
                command_id: command,
                correlation_id: CorrelationId::new(command.step("outside").uuid()),
                request: None,
            },
            data: "{}".to_owned(),
        }
    }

    async fn log(names: &[&str]) -> MemoryLog {
        let log = MemoryLog::new();
        for name in names {
            log.append(&StreamId::Keyring, Expected::Any, vec![event(name)])
                .await
                .unwrap();
        }
        log
    }

    async fn newest(log: &MemoryLog) -> StoredEvent {
        log.read_all(Position::START, 10).await.unwrap().events.pop().unwrap()
    }

    #[tokio::test]
    async fn it_stands_in_the_log_that_holds_the_event_and_in_no_other() {
        let landmark = Landmark::of(&newest(&log(&["one", "two"]).await).await);
        for (names, stands) in [
            (&["one", "two"][..], true),
            (&["one", "two", "three"], true),
            (&["one"], false),
            (&["one", "other", "three"], false),
            (&[], false),
        ] {
            assert_eq!(landmark.stands(&log(names).await).await.unwrap(), stands, "{names:?}");
        }
        let mut again = event("two");
        again.recorded_at += chrono::TimeDelta::microseconds(1);
        let repeated = log(&["one"]).await;
        let sent = repeated.append(&StreamId::Keyring, Expected::Any, vec![again]);
        sent.await.unwrap();
        assert!(
            !landmark.stands(&repeated).await.unwrap(),
            "a command that was sent again"
        );
    }

    #[tokio::test]
    async fn what_is_stored_counts_for_its_own_checkpoint_alone() {
        let landmark = Landmark::of(&newest(&log(&["one"]).await).await);
        let text = landmark.to_text().unwrap();
        assert_eq!(Landmark::from_text(Some(&text), AT), Some(landmark));
        // A program that knows nothing of landmarks moved the checkpoint.
        assert_eq!(Landmark::from_text(Some(&text), Position::from_stored(2)), None);
        assert_eq!(Landmark::from_text(Some("what a newer program writes"), AT), None);
        assert_eq!(Landmark::from_text(None, AT), None);
    }
}
