use domain::{EventId, Position, Sha256Digest};

use crate::{Append, EventLog, Expected, LogError, MAX_BYTES, MAX_EVENTS, NewEvent, StoredEvent};

/// How many events are read at a time.
const PAGE: usize = 1000;
/// How many events, and bytes, are handed to the target at a time.
const LOAD_EVENTS: usize = 2000;
const LOAD_BYTES: usize = 4 * 1024 * 1024;

/// A copy that is complete and verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Copied {
    /// How many events both logs hold.
    pub events: u64,
    /// How many of them the target held before, from a copy that was interrupted.
    pub already: u64,
    /// The digest of both logs: of every event with its id, stream, revision, time, metadata and data, in order.
    pub digest: Sha256Digest,
}

/// How far a copy is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CopyProgress {
    /// What is being done.
    pub step: CopyStep,
    /// How many events of this step are done.
    pub events: u64,
}

/// The steps of a copy, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyStep {
    /// What the target holds already is compared with the source.
    Comparing,
    /// Events are appended to the target.
    Copying,
    /// The target is read back.
    Verifying,
}

/// Why a log was not copied.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// One of the logs cannot do it. Start the copy again: it goes on where it was.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The target is neither empty nor the beginning of the source.
    #[error("the target holds event {id}, which the source does not have in that place: choose an empty target")]
    Foreign {
        /// The first one that does not belong there.
        id: EventId,
    },
    /// Somebody writes to the target.
    #[error("the target was written to by somebody else while it was copied to: choose an empty one that nobody uses")]
    Disturbed,
    /// What was read back is not what was copied.
    #[error("the copy was read back, and differs from the source: {copy} is not {source_digest}. Do not use it")]
    Different {
        /// The digest of the target.
        copy: Sha256Digest,
        /// The digest of the source.
        source_digest: Sha256Digest,
    },
}

/// Copies all events of `from` to `to`, with their ids, streams, revisions and order, and reads the result back. Their
/// positions are the target's own, so that read models are built anew there. It may be interrupted at any time and started
/// again. What is written to the source meanwhile is copied too, up to the moment when its end is reached: stop its writers
/// first.
///
/// # Errors
/// See [`CopyError`].
pub async fn copy(
    from: &dyn EventLog,
    to: &dyn EventLog,
    mut progress: impl FnMut(CopyProgress) + Send,
) -> Result<Copied, CopyError> {
    let mut source = Reader::new(from);
    let already = skip_what_is_there(&mut source, to, &mut progress).await?;
    let mut load = Load::default();
    while let Some(event) = source.next().await? {
        if load.is_full() {
            std::mem::take(&mut load).append(to).await?;
            progress(CopyProgress {
                step: CopyStep::Copying,
                events: source.events - 1,
            });
        }
        load.add(event);
    }
    load.append(to).await?;
    progress(CopyProgress {
        step: CopyStep::Copying,
        events: source.events,
    });
    let mut copy = Reader::new(to);
    while copy.next().await?.is_some() {
        progress(CopyProgress {
            step: CopyStep::Verifying,
            events: copy.events,
        });
    }
    if (copy.events, copy.digest) == (source.events, source.digest) {
        Ok(Copied {
            events: source.events,
            already,
            digest: source.digest,
        })
    } else {
        Err(CopyError::Different {
            copy: copy.digest,
            source_digest: source.digest,
        })
    }
}

/// Reads both logs side by side as long as the target has events. They must be the source's.
async fn skip_what_is_there(
    source: &mut Reader<'_>,
    to: &dyn EventLog,
    progress: &mut (impl FnMut(CopyProgress) + Send),
) -> Result<u64, CopyError> {
    let mut target = Reader::new(to);
    while let Some(there) = target.next().await? {
        source.next().await?;
        if source.digest != target.digest {
            return Err(CopyError::Foreign { id: there.id });
        }
        progress(CopyProgress {
            step: CopyStep::Comparing,
            events: target.events,
        });
    }
    Ok(target.events)
}

/// Runs of events that follow one another in one stream, to be appended in order and at once.
#[derive(Default)]
struct Load {
    runs: Vec<Vec<StoredEvent>>,
    /// The bytes of the last run, and of all.
    run_bytes: usize,
    bytes: usize,
    events: usize,
}

impl Load {
    const fn is_full(&self) -> bool {
        self.events >= LOAD_EVENTS || self.bytes >= LOAD_BYTES
    }

    fn add(&mut self, event: StoredEvent) {
        let size = size(&event);
        self.bytes += size;
        self.events += 1;
        if let Some(run) = self.runs.last_mut()
            && run.last().is_some_and(|last| last.stream == event.stream)
            && run.len() < MAX_EVENTS
            && self.run_bytes + size <= MAX_BYTES
        {
            self.run_bytes += size;
            run.push(event);
        } else {
            self.run_bytes = size;
            self.runs.push(vec![event]);
        }
    }

    /// Appends each run at its own revision.
    async fn append(self, to: &dyn EventLog) -> Result<(), CopyError> {
        let wanted: Vec<u64> = self.runs.iter().filter_map(|run| Some(run.last()?.revision)).collect();
        let appends = self.runs.into_iter().filter_map(in_its_place).collect();
        match to.append_in_order(appends).await {
            Ok(done) if done.iter().map(|appended| appended.revision).eq(wanted) => Ok(()),
            Ok(_) | Err(LogError::Conflict { .. } | LogError::PartialDuplicate { .. }) => Err(CopyError::Disturbed),
            Err(error) => Err(error.into()),
        }
    }
}

fn size(event: &StoredEvent) -> usize {
    event.kind.len() + event.metadata.actor.id.len() + event.data.len()
}

fn in_its_place(run: Vec<StoredEvent>) -> Option<Append> {
    let first = run.first()?;
    let expected = match first.revision.saturating_sub(1) {
        0 => Expected::NoStream,
        revision => Expected::Exact(revision),
    };
    Some(Append {
        stream: first.stream.clone(),
        expected,
        events: run.into_iter().map(NewEvent::from).collect(),
    })
}

/// Reads a log from its start, and digests what it reads.
struct Reader<'a> {
    log: &'a dyn EventLog,
    page: std::vec::IntoIter<StoredEvent>,
    after: Position,
    events: u64,
    digest: Sha256Digest,
}

impl<'a> Reader<'a> {
    fn new(log: &'a dyn EventLog) -> Self {
        Self {
            log,
            page: Vec::new().into_iter(),
            after: Position::START,
            events: 0,
            digest: Sha256Digest::new([0; 32]),
        }
    }

    /// The next event; none at the end, which may be another one when it is asked again.
    async fn next(&mut self) -> Result<Option<StoredEvent>, LogError> {
        loop {
            if let Some(event) = self.page.next() {
                self.events += 1;
                self.digest = chained(&self.digest, &event);
                return Ok(Some(event));
            }
            let page = self.log.read_all(self.after, PAGE).await?;
            if page.events.is_empty() && !page.leads_on(self.after) {
                return Ok(None);
            }
            self.after = page.next;
            self.page = page.events.into_iter();
        }
    }
}

/// The digest of everything up to `event`: SHA-256 over the digest before it and each of its parts with its length. The
/// position is left out, since it is each log's own.
fn chained(before: &Sha256Digest, event: &StoredEvent) -> Sha256Digest {
    let metadata = serde_json::to_string(&event.metadata).unwrap_or_default();
    let mut text = before.to_string().into_bytes();
    let (id, stream, revision) = (
        event.id.to_string(),
        event.stream.to_string(),
        event.revision.to_string(),
    );
    let (schema, time) = (
        event.schema.to_string(),
        event.recorded_at.timestamp_micros().to_string(),
    );
    for part in [
        &*id,
        &*stream,
        &*revision,
        &*event.kind,
        &*schema,
        &*time,
        &*metadata,
        &*event.data,
    ] {
        text.extend_from_slice(&(part.len() as u64).to_be_bytes());
        text.extend_from_slice(part.as_bytes());
    }
    Sha256Digest::of(&text)
}
