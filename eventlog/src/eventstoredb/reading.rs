use domain::{Position, StreamId};

use super::Shared;
use super::codec::Codec;
use super::connection::{Batch, Source};
use super::tail::Known;
use crate::{LogError, Page, StoredEvent};

/// The most events that are asked for at once.
const BATCH: usize = 4096;
/// The fewest: there may be foreign ones among them. Doubled with each batch of a page.
const MIN_BATCH: usize = 32;
/// A page is cut short once it holds more than this many bytes.
const PAGE_BYTES: usize = 8 * 1024 * 1024;
/// A page is cut short after this many events of any kind: on a server that others use, too, a caller gets to know how far
/// it is.
const SCANNED: usize = 65_536;
/// How many events are looked at first to find the newest one of this log. It grows eightfold.
const LOOK: usize = 8;

/// A page that is being filled.
struct Filling {
    after: u64,
    max: usize,
    events: Vec<StoredEvent>,
    bytes: usize,
    /// Events of any kind that were read.
    scanned: usize,
    /// The newest of them.
    seen: u64,
}

/// How far a page reaches.
#[derive(PartialEq, Eq)]
enum Filled {
    /// There was nothing beyond it.
    ToTheEnd,
    /// There may be more.
    InPart,
}

impl Shared {
    /// At most `max` events of a stream, from a revision that counts from 1.
    pub(super) async fn stream_from(
        &self,
        stream: &StreamId,
        from: u64,
        max: usize,
    ) -> Result<Vec<StoredEvent>, LogError> {
        let name = self.codec.name(stream);
        let mut next = from.max(1);
        let mut events = Vec::new();
        // Revisions are signed on the server.
        while events.len() < max && i64::try_from(next).is_ok() {
            let count = (max - events.len()).min(BATCH);
            let batch = self.connection.read(Source::Stream(&name, next - 1), count).await?;
            for event in batch.events {
                let event = Codec::decode(stream.clone(), event)?;
                if event.revision != next {
                    let reason = "an event of its stream is missing before it";
                    return Err(LogError::corrupt(event.position.to_stored(), reason));
                }
                next += 1;
                events.push(event);
            }
            if batch.ended {
                break;
            }
        }
        Ok(events)
    }

    /// At most `max` events of this log, after `after`.
    pub(super) async fn page(&self, after: Position, max: usize) -> Result<Page, LogError> {
        let after = after.to_stored();
        let mut known = self.tail.known();
        if max == 0 || after > known.end {
            known = self.look().await?;
        }
        // The server fails where no event is, so it is not asked for places beyond the end.
        if max == 0 || after > known.end {
            return Ok(page(after, Vec::new(), known.head));
        }
        let start = if after >= known.head { known.end } else { after };
        let mut filling = Filling {
            after,
            max,
            events: Vec::new(),
            bytes: 0,
            scanned: 0,
            seen: start.max(self.birth),
        };
        // Both at once: each costs as much as a call costs.
        let (head, filled) = tokio::join!(self.look(), self.fill_up(&mut filling));
        if filled? == Filled::ToTheEnd {
            let newest = filling.events.last().map(|event| event.position.to_stored());
            let head = self.tail.note(newest, filling.seen).head;
            return Ok(page(after, filling.events, head));
        }
        let head = head?.head.max(self.tail.known().head);
        let mut page = page(after, filling.events, head);
        page.head = page.head.max(page.next);
        if page.events.is_empty() && filling.seen < head {
            page.next = Position::from_stored(filling.seen);
        }
        Ok(page)
    }

    /// Reads on until the page is full or nothing is left.
    async fn fill_up(&self, filling: &mut Filling) -> Result<Filled, LogError> {
        let mut least = MIN_BATCH;
        loop {
            let wanted = (filling.max - filling.events.len()).clamp(least, BATCH);
            least = (least * 2).min(BATCH);
            let before = filling.seen;
            let from = Source::Forwards(Some(before));
            let batch = self.connection.read(from, wanted + 1).await?;
            let ended = batch.ended;
            if self.fill(filling, batch)? {
                return Ok(Filled::InPart);
            }
            if ended || filling.seen == before {
                return Ok(Filled::ToTheEnd);
            }
            if filling.bytes > PAGE_BYTES || filling.scanned > SCANNED {
                return Ok(Filled::InPart);
            }
        }
    }

    /// Takes over what is of this log. Whether the page is full and there is more.
    fn fill(&self, filling: &mut Filling, batch: Batch) -> Result<bool, LogError> {
        for event in batch.events {
            let position = event.position.commit;
            // A batch starts with the event that the one before it ended with.
            if position <= filling.seen || position <= filling.after {
                continue;
            }
            if let Some(stream) = self.codec.stream(&event.stream_id) {
                if filling.events.len() == filling.max {
                    return Ok(true);
                }
                filling.bytes += event.data.len() + event.custom_metadata.len();
                let event = Codec::decode(stream, event)?;
                self.indexes.note(event.id, &event.stream, event.revision);
                filling.events.push(event);
            }
            filling.scanned += 1;
            filling.seen = position;
        }
        Ok(false)
    }

    /// Looks at the end of the log, from the end back to what is known.
    pub(super) async fn look(&self) -> Result<Known, LogError> {
        let known = self.tail.known();
        let mut end = None;
        let mut before = None;
        let mut count = LOOK;
        loop {
            let batch = self.connection.read(Source::Backwards(before), count).await?;
            for event in &batch.events {
                let position = event.position.commit;
                let end = *end.get_or_insert(position);
                if position <= known.end {
                    return Ok(self.tail.note(None, end));
                }
                if self.codec.stream(&event.stream_id).is_some() {
                    return Ok(self.tail.note(Some(position), end));
                }
                before = Some(position);
            }
            if batch.ended {
                return Ok(self.tail.note(None, end.unwrap_or(0)));
            }
            count = (count * 8).min(BATCH);
        }
    }
}

fn page(after: u64, events: Vec<StoredEvent>, head: u64) -> Page {
    let next = events
        .last()
        .map_or(Position::from_stored(after), |event| event.position);
    Page {
        events,
        next,
        head: Position::from_stored(head),
    }
}
