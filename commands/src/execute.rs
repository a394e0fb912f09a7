use std::sync::Arc;

use domain::{AccountId, Position, StreamId};
use eventlog::{Expected, LogError};

use crate::append::concerned;
use crate::cache::Cached;
use crate::loaded::{Done, Loaded};
use crate::{CommandError, Context, Receipt, Recorder};

/// How often a command starts again because somebody else was faster.
pub(crate) const MAX_RETRIES: usize = 3;
/// How many events of a stream are read at a time.
pub(crate) const PAGE: usize = 500;

/// How new a state has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Freshness {
    /// What is in memory will do: the expected revision of the append checks it.
    Cached,
    /// The stream is read to its end: what is said no to is said no to for good.
    Fresh,
}

/// A command that was carried out.
#[derive(Debug)]
pub(crate) struct Executed<A: Cached> {
    /// The aggregate right after it.
    pub(crate) after: Arc<Loaded<A>>,
    /// Its events.
    pub(crate) events: Vec<A::Event>,
    pub(crate) position: Position,
    pub(crate) replayed: bool,
}

/// What became of an append.
pub(crate) enum Commit<A: Cached> {
    /// It is in the log.
    Done(Executed<A>),
    /// The stream is not what it was taken for: load it again.
    Raced,
}

impl<A: Cached> Executed<A> {
    pub(crate) fn receipt<T>(&self, value: T) -> Receipt<T> {
        Receipt {
            value,
            position: self.position,
            revision: self.after.revision,
            replayed: self.replayed,
        }
    }

    pub(crate) fn unchanged(loaded: Arc<Loaded<A>>) -> Self {
        Self {
            position: loaded.position,
            after: loaded,
            events: Vec::new(),
            replayed: false,
        }
    }
}

impl Recorder {
    /// Loads, decides, appends; starts again at most [`MAX_RETRIES`] times when somebody else was faster. `decide` may
    /// be asked several times; a refusal counts only when the state is fresh.
    pub(crate) async fn execute<A: Cached>(
        &self,
        id: &A::Id,
        ctx: &Context,
        decide: impl Fn(&Loaded<A>) -> Result<Vec<A::Event>, CommandError> + Send,
    ) -> Result<Executed<A>, CommandError> {
        let stream = A::stream(id);
        let account = concerned(&stream);
        self.execute_for(&stream, ctx, account, decide).await
    }

    /// The same, for a stream whose name does not tell which account it concerns.
    pub(crate) async fn execute_for<A: Cached>(
        &self,
        stream: &StreamId,
        ctx: &Context,
        account: Option<AccountId>,
        decide: impl Fn(&Loaded<A>) -> Result<Vec<A::Event>, CommandError> + Send,
    ) -> Result<Executed<A>, CommandError> {
        let mut races = 0;
        let mut freshness = Freshness::Cached;
        loop {
            let loaded = self.load::<A>(stream, freshness).await?;
            if let Some(done) = loaded.seen(ctx)? {
                return self.replay(stream, done).await;
            }
            let decided = decide(&loaded);
            if freshness == Freshness::Cached && !matches!(&decided, Ok(events) if !events.is_empty()) {
                freshness = Freshness::Fresh;
                continue;
            }
            let events = decided?;
            if events.is_empty() {
                return Ok(Executed::unchanged(loaded));
            }
            match self.commit(stream, loaded, ctx, account.clone(), events).await? {
                Commit::Done(executed) => return Ok(executed),
                Commit::Raced if races == MAX_RETRIES => return Err(CommandError::Busy),
                Commit::Raced => {
                    races += 1;
                    freshness = Freshness::Fresh;
                }
            }
        }
    }

    /// Loads an aggregate.
    pub(crate) async fn load<A: Cached>(
        &self,
        stream: &StreamId,
        freshness: Freshness,
    ) -> Result<Arc<Loaded<A>>, CommandError> {
        let cache = A::cache(&self.caches);
        let cached = cache.get(stream);
        if let Some(cached) = &cached
            && freshness == Freshness::Cached
        {
            return Ok(Arc::clone(cached));
        }
        let mut loaded = cached.unwrap_or_default();
        // The newest event that is known comes once more: a log that was set back has another one there, or none.
        let mut from = loaded.revision.max(1);
        loop {
            let page = self.log.read_stream(stream, from, PAGE).await?;
            let mut unknown = &*page;
            if from == loaded.revision {
                match page.split_first() {
                    Some((newest, rest)) if loaded.ends_with(newest) => unknown = rest,
                    _ => {
                        cache.release(stream, loaded.revision);
                        loaded = Arc::default();
                        from = 1;
                        continue;
                    }
                }
            }
            if !unknown.is_empty() {
                let loaded = Arc::make_mut(&mut loaded);
                unknown.iter().try_for_each(|stored| loaded.read(stored).map(drop))?;
            }
            if page.len() < PAGE {
                break;
            }
            from = loaded.revision + 1;
        }
        if loaded.revision > 0 {
            cache.put(stream, &loaded);
        }
        Ok(loaded)
    }

    /// Appends what was decided on `loaded`.
    pub(crate) async fn commit<A: Cached>(
        &self,
        stream: &StreamId,
        loaded: Arc<Loaded<A>>,
        ctx: &Context,
        account: Option<AccountId>,
        events: Vec<A::Event>,
    ) -> Result<Commit<A>, CommandError> {
        let expected = match loaded.revision {
            0 => Expected::NoStream,
            revision => Expected::Exact(revision),
        };
        let metadata = ctx.metadata(account);
        let stamped = self.stamp(&metadata, &events)?;
        let appended = match self.append(stream, expected, stamped).await {
            Ok(appended) => appended,
            Err(LogError::Conflict { .. }) => return Ok(Commit::Raced),
            // Some of the ids are taken: by the same command at the same moment, or by another request with the same
            // idempotency key that concerned something else.
            Err(LogError::PartialDuplicate { .. }) => {
                let now = self.load::<A>(stream, Freshness::Fresh).await?;
                return if now.knows(ctx.command) {
                    Ok(Commit::Raced)
                } else {
                    Err(CommandError::IdempotencyKeyReused)
                };
            }
            Err(error) => return Err(error.into()),
        };
        // The ids were there: the same command was carried out at the same moment.
        if appended.duplicate || appended.revision != loaded.revision + events.len() as u64 {
            return Ok(Commit::Raced);
        }
        let cache = A::cache(&self.caches);
        cache.release(stream, loaded.revision);
        let mut after = loaded;
        let changed = Arc::make_mut(&mut after);
        for (revision, event) in (changed.revision + 1..).zip(&events) {
            changed.add(event, revision, appended.position, &metadata);
        }
        cache.put(stream, &after);
        Ok(Commit::Done(Executed {
            after,
            events,
            position: appended.position,
            replayed: false,
        }))
    }

    /// The result of a command that was carried out before: the aggregate as it was right after it.
    pub(crate) async fn replay<A: Cached>(&self, stream: &StreamId, done: Done) -> Result<Executed<A>, CommandError> {
        let mut after = Loaded::<A>::default();
        let mut events = Vec::new();
        while after.revision < done.last {
            let missing = usize::try_from(done.last - after.revision).unwrap_or(PAGE);
            let page = self
                .log
                .read_stream(stream, after.revision + 1, missing.min(PAGE))
                .await?;
            if page.is_empty() {
                break;
            }
            for stored in &page {
                let event = after.read(stored)?;
                if stored.revision >= done.first {
                    events.push(event);
                }
            }
        }
        Ok(Executed {
            after: Arc::new(after),
            events,
            position: done.position,
            replayed: true,
        })
    }

    /// The first result of this command, if it was carried out before. Asked before anything else that may have changed
    /// since and would now say no. A command without an idempotency key is new, and costs no look into the log.
    pub(crate) async fn earlier<A: Cached>(
        &self,
        id: &A::Id,
        ctx: &Context,
    ) -> Result<Option<Executed<A>>, CommandError> {
        if ctx.request.is_none() {
            return Ok(None);
        }
        let stream = A::stream(id);
        let loaded = self.load::<A>(&stream, Freshness::Cached).await?;
        match loaded.seen(ctx)? {
            Some(done) => self.replay(&stream, done).await.map(Some),
            None => Ok(None),
        }
    }
}
