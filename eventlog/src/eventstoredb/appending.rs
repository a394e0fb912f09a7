use domain::{Position, StreamId};
use eventstore::{EventData, ExpectedRevision};

use super::Shared;
use super::codec::Codec;
use super::connection::{Refused, Source, unavailable};
use super::index::{IDS, StreamIndex};
use crate::ledger::Decision;
use crate::{Appended, Expected, LogError, NewEvent};

/// How often an append that expects nothing is sent when other nodes write to the stream faster.
const TRIES: usize = 100;

impl Shared {
    /// Appends at the revision that the decision was made on: the server checks that it still holds. So nothing is left
    /// to what the server remembers of ids, which it does only for a while.
    pub(super) async fn append_to(
        &self,
        stream: &StreamId,
        expected: Expected,
        events: &[NewEvent],
    ) -> Result<Appended, LogError> {
        let encoded = events
            .iter()
            .map(|event| self.codec.encode(event))
            .collect::<Result<Vec<_>, _>>()?;
        let index = self.indexes.of(stream);
        let mut index = index.lock().await;
        let mut fresh = !index.current;
        if fresh {
            self.refresh(stream, &mut index).await?;
        }
        for _ in 0..TRIES {
            let decision = self
                .indexes
                .ledger(stream, &index, events)
                .decide(stream, expected, events);
            match decision {
                Ok(Decision::Known(appended)) => return self.with_position(stream, appended).await,
                Ok(Decision::Write { revision, .. }) => {
                    if let Some(appended) = self.write(stream, &mut index, revision, events, &encoded).await? {
                        return Ok(appended);
                    }
                }
                // Another node may have written what makes the difference.
                Err(_) if !fresh => {}
                Err(refusal) => return Err(refusal),
            }
            self.refresh(stream, &mut index).await?;
            fresh = true;
        }
        Err(unavailable("other nodes write to the stream faster than this one can"))
    }

    /// Appends after `revision - 1`; none when the stream has grown meanwhile.
    async fn write(
        &self,
        stream: &StreamId,
        index: &mut StreamIndex,
        revision: u64,
        events: &[NewEvent],
        encoded: &[EventData],
    ) -> Result<Option<Appended>, LogError> {
        // Revisions count from 1 here and from 0 there.
        let expected = match revision.checked_sub(2) {
            None => ExpectedRevision::NoStream,
            Some(last) => ExpectedRevision::Exact(last),
        };
        // Whatever becomes of it, also when nobody waits for the answer any more: what is known is in doubt until then.
        index.current = false;
        let name = self.codec.name(stream);
        let result = match self.connection.append(&name, expected, encoded).await {
            Ok(result) => result,
            Err(Refused::WrongVersion) => return Ok(None),
            Err(Refused::Failed(error)) => {
                if !matches!(error, LogError::UnknownOutcome(_)) {
                    index.current = true;
                }
                return Err(error);
            }
        };
        let last = revision + events.len() as u64 - 1;
        if result.next_expected_version + 1 != last {
            return Err(LogError::UnknownOutcome(
                "the server answered for another revision".into(),
            ));
        }
        let position = result.position.commit;
        for (revision, event) in (revision..).zip(events) {
            let position = if revision == last { position } else { 0 };
            index.note(event.id, revision, position);
            self.indexes.note(event.id, stream, revision);
        }
        index.current = true;
        let appended = Appended {
            revision: last,
            position: Position::from_stored(position),
            duplicate: false,
        };
        let appended = self.with_position(stream, appended).await?;
        let position = appended.position.to_stored();
        self.tail.note(Some(position), position);
        Ok(Some(appended))
    }

    /// The same, with its position read where it is not known.
    async fn with_position(&self, stream: &StreamId, appended: Appended) -> Result<Appended, LogError> {
        if appended.position != Position::START {
            return Ok(appended);
        }
        let unknown = || LogError::UnknownOutcome("what was stored cannot be read back".into());
        let read = self
            .stream_from(stream, appended.revision, 1)
            .await
            .map_err(|_| unknown())?;
        let position = read.first().ok_or_else(unknown)?.position;
        Ok(Appended { position, ..appended })
    }

    /// Reads what was appended since the index was made; the newest part of the stream, when there is none.
    async fn refresh(&self, stream: &StreamId, index: &mut StreamIndex) -> Result<(), LogError> {
        let name = self.codec.name(stream);
        if index.last == 0 {
            index.clear();
            let batch = self.connection.read(Source::StreamBackwards(&name), IDS).await?;
            for event in batch.events.into_iter().rev() {
                self.take(stream, index, event)?;
            }
        } else {
            loop {
                let batch = self.connection.read(Source::Stream(&name, index.last), IDS).await?;
                for event in batch.events {
                    self.take(stream, index, event)?;
                }
                if batch.ended {
                    break;
                }
            }
        }
        index.current = true;
        Ok(())
    }

    fn take(
        &self,
        stream: &StreamId,
        index: &mut StreamIndex,
        event: eventstore::RecordedEvent,
    ) -> Result<(), LogError> {
        let event = Codec::decode(stream.clone(), event)?;
        index.note(event.id, event.revision, event.position.to_stored());
        self.indexes.note(event.id, stream, event.revision);
        Ok(())
    }
}
