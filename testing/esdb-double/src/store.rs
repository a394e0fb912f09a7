use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use uuid::Uuid;

/// What a record takes in the transaction file besides its texts, in bytes: positions are offsets, not numbers in a row.
const OVERHEAD: usize = 121;
/// The server writes of itself, too: a record of statistics after so many appends.
const STATISTICS_EVERY: usize = 2;

/// The events of all streams, in the order of their positions.
///
/// Its rules are the server's, as far as a log can meet them:
///
/// - The expected revision must be that of the stream. If it is *lower*, and the events from there on have exactly the ids
///   of the append, it is a repeat and answered as the first time. If only the first of them agree, or none, it is the
///   wrong version. If it is *equal*, the events are stored, whatever ids they have.
/// - With *any* or *stream exists*, an append is a repeat if its ids are known for this stream. The server looks only at
///   what it remembers, in whatever order they stand; a part of them is the wrong version.
/// - The same id in another stream is another event.
/// - An append is stored whole or not at all, with positions one behind the other.
pub struct Store {
    inner: Mutex<Inner>,
    /// How many records there are.
    count: watch::Sender<usize>,
    max_append: usize,
}

#[derive(Default)]
struct Inner {
    records: Vec<Record>,
    streams: HashMap<String, Vec<usize>>,
    /// What the server remembers of ids: the last place of each.
    remembered: HashMap<Uuid, (String, u64)>,
    /// Where the next record comes to stand.
    end: u64,
    appends: usize,
}

/// A stored event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its place in the transaction file, in bytes from its start; the server's commit position.
    pub position: u64,
    /// Where the append that it came with starts; the server's prepare position.
    pub transaction: u64,
    /// Its stream.
    pub stream: String,
    /// Its place in the stream, from 0.
    pub revision: u64,
    /// What was proposed.
    pub event: Proposed,
}

/// An event that is to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposed {
    /// Its id.
    pub id: Uuid,
    /// The name of its type.
    pub kind: String,
    /// `application/json` or another.
    pub content_type: String,
    /// The writer's metadata.
    pub metadata: Vec<u8>,
    /// The event.
    pub data: Vec<u8>,
}

/// What the writer expects of the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expectation {
    /// Nothing.
    Any,
    /// It has no event.
    NoStream,
    /// It has some event.
    StreamExists,
    /// The revision of its last event, from 0.
    Revision(u64),
}

/// What became of an append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is stored, now or before. Revision and position are those of its last event.
    Stored {
        /// From 0.
        revision: u64,
        /// In bytes.
        position: u64,
        /// Where the append starts.
        transaction: u64,
        /// Whether it was stored before.
        repeated: bool,
    },
    /// The stream is at another revision; none when it has no event.
    WrongVersion(Option<u64>),
    /// It has more bytes than the server takes; the limit.
    TooLarge(usize),
}

impl Store {
    /// A store as a fresh server has it, with its first system events. Takes appends up to `max_append` bytes.
    #[must_use]
    pub fn new(max_append: usize) -> Self {
        let store = Self {
            inner: Mutex::default(),
            count: watch::Sender::new(0),
            max_append,
        };
        store.append("$users", Expectation::Any, vec![system("$User", 0)]);
        store.append("$settings", Expectation::Any, vec![system("$Settings", 1)]);
        store
    }

    /// Appends `events` to `stream`, or says why not.
    pub fn append(&self, stream: &str, expected: Expectation, events: Vec<Proposed>) -> Outcome {
        let bytes: usize = events.iter().map(Proposed::bytes).sum();
        if bytes > self.max_append {
            return Outcome::TooLarge(self.max_append);
        }
        let mut inner = self.lock();
        if let Some(outcome) = inner.check(stream, expected, &events) {
            return outcome;
        }
        let outcome = inner.write(stream, events);
        if !stream.starts_with('$') {
            inner.appends += 1;
            if inner.appends.is_multiple_of(STATISTICS_EVERY) {
                let number = inner.appends as u128;
                inner.write("$stats-127.0.0.1:2113", vec![system("$statsCollected", number)]);
            }
        }
        let count = inner.records.len();
        drop(inner);
        self.count.send_replace(count);
        outcome
    }

    /// How many records there are, and whether there are more.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<usize> {
        self.count.subscribe()
    }

    /// The records of `stream`, in order; none when there is no such stream.
    #[must_use]
    pub fn stream(&self, stream: &str) -> Option<Vec<Record>> {
        let inner = self.lock();
        let places = inner.streams.get(stream)?;
        Some(places.iter().map(|place| inner.records[*place].clone()).collect())
    }

    /// At most `count` records at `position` and after it.
    #[must_use]
    pub fn forwards(&self, position: u64, count: usize) -> Vec<Record> {
        let inner = self.lock();
        let start = inner.records.partition_point(|record| record.position < position);
        inner.records[start..].iter().take(count).cloned().collect()
    }

    /// At most `count` records before `position`, the newest first.
    #[must_use]
    pub fn backwards(&self, position: u64, count: usize) -> Vec<Record> {
        let inner = self.lock();
        let end = inner.records.partition_point(|record| record.position < position);
        inner.records[..end].iter().rev().take(count).cloned().collect()
    }

    /// Whether a record stands at `position`, or the file starts or ends there.
    #[must_use]
    pub fn is_boundary(&self, position: u64) -> bool {
        let inner = self.lock();
        position == 0 || position == inner.end || inner.records.binary_search_by_key(&position, |r| r.position).is_ok()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn last(&self, stream: &str) -> Option<u64> {
        let places = self.streams.get(stream)?;
        Some(places.len() as u64 - 1)
    }

    /// The answer, unless the events are to be stored.
    fn check(&self, stream: &str, expected: Expectation, events: &[Proposed]) -> Option<Outcome> {
        let current = self.last(stream);
        let wrong = Some(Outcome::WrongVersion(current));
        let expected = match expected {
            Expectation::StreamExists if current.is_none() => return wrong,
            Expectation::Any | Expectation::StreamExists => return self.check_ids(stream, events),
            Expectation::NoStream => None,
            Expectation::Revision(revision) => Some(revision),
        };
        if expected == current {
            return None;
        }
        // An absent stream orders below every revision, as -1 does on the server.
        if expected > current {
            return wrong;
        }
        let first = expected.map_or(0, |revision| revision + 1);
        let repeated = (first..).zip(events).all(|(revision, event)| {
            self.at(stream, revision)
                .is_some_and(|record| record.event.id == event.id)
        });
        if !repeated || events.is_empty() {
            return wrong;
        }
        self.at(stream, first + events.len() as u64 - 1).map(Record::repeated)
    }

    /// The answer by remembered ids alone.
    fn check_ids(&self, stream: &str, events: &[Proposed]) -> Option<Outcome> {
        let known = |event: &Proposed| {
            let place = self.remembered.get(&event.id);
            place
                .filter(|(known, _)| known == stream)
                .map(|(_, revision)| *revision)
        };
        known(events.first()?)?;
        let last = events.iter().map(known).collect::<Option<Vec<_>>>();
        match last.and_then(|revisions| revisions.last().copied()) {
            Some(revision) => self.at(stream, revision).map(Record::repeated),
            None => Some(Outcome::WrongVersion(self.last(stream))),
        }
    }

    fn at(&self, stream: &str, revision: u64) -> Option<&Record> {
        let places = self.streams.get(stream)?;
        let place = places.get(usize::try_from(revision).ok()?)?;
        self.records.get(*place)
    }

    fn write(&mut self, stream: &str, events: Vec<Proposed>) -> Outcome {
        let transaction = self.end;
        let mut outcome = Outcome::Stored {
            revision: 0,
            position: transaction,
            transaction,
            repeated: false,
        };
        for event in events {
            let places = self.streams.entry(stream.to_owned()).or_default();
            let revision = places.len() as u64;
            places.push(self.records.len());
            self.remembered.insert(event.id, (stream.to_owned(), revision));
            let position = self.end;
            self.end += (event.bytes() + stream.len() + OVERHEAD) as u64;
            outcome = Outcome::Stored {
                revision,
                position,
                transaction,
                repeated: false,
            };
            self.records.push(Record {
                position,
                transaction,
                stream: stream.to_owned(),
                revision,
                event,
            });
        }
        outcome
    }
}

impl Record {
    const fn repeated(&self) -> Outcome {
        Outcome::Stored {
            revision: self.revision,
            position: self.position,
            transaction: self.transaction,
            repeated: true,
        }
    }
}

impl Proposed {
    /// What the server counts against its limit.
    const fn bytes(&self) -> usize {
        2 * self.kind.len() + self.metadata.len() + self.data.len()
    }
}

fn system(kind: &str, number: u128) -> Proposed {
    Proposed {
        id: Uuid::from_u128(number),
        kind: kind.to_owned(),
        content_type: "application/json".to_owned(),
        metadata: Vec::new(),
        data: br"{}".to_vec(),
    }
}
