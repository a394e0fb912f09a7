use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::Position;
use eventlog::EventLog;

use crate::decoded::{Batch, Decoded};
use crate::part::Share;
use crate::projector::{Halt, Projector};
use crate::skips::Skips;
use crate::store::{Checkpoint, Fence, Generation, Landmark, Purpose, Rows, Stage, Store, Transaction};
use crate::{ProjectionError, ProjectionName};

/// Events that concern nobody are passed by without a write. After so many, the checkpoint is stored all the same, so that
/// a restart need not read them again.
const MAX_UNSTORED: usize = 10_000;
/// Events that are read from the log at once.
const PAGE: usize = 4096;

/// Applies events to one model: folds them, and writes rows and checkpoint in one transaction.
pub(crate) struct Worker {
    store: Arc<dyn Store>,
    log: Arc<dyn EventLog>,
    projector: Box<dyn Projector>,
    /// The lease that it writes under, where there are leases, and this is not a model that is built beside the live one.
    fence: Option<Fence>,
    /// As it is stored.
    checkpoint: Checkpoint,
    /// Which events are this worker's. It follows from the checkpoint that it moves.
    share: Share,
    /// Events that are passed by.
    skips: Skips,
    /// Up to where events were taken; what lies between the checkpoint and this waits in memory, or concerns nobody.
    seen: Position,
    seen_at: Option<DateTime<Utc>>,
    /// The event at `seen`.
    landmark: Option<Landmark>,
    /// Events between the checkpoint and `seen`.
    unstored: usize,
    /// Whether any of them concerns the projection, so that other processes wait for the checkpoint to pass it.
    awaited: bool,
    /// Whether something went wrong after events were taken or rows given out: what is in memory is worth nothing, and the
    /// stored checkpoint is where to go on.
    stale: bool,
}

impl Worker {
    pub(crate) async fn open(
        store: Arc<dyn Store>,
        log: Arc<dyn EventLog>,
        mut projector: Box<dyn Projector>,
        checkpoint: Checkpoint,
        fence: Option<Fence>,
    ) -> Result<Self, ProjectionError> {
        projector.use_table(&Generation::table(&checkpoint), checkpoint.position == Position::START);
        let skips = Skips::read(&*log, checkpoint.name).await?;
        Ok(Self {
            store,
            log,
            projector,
            fence,
            share: Share::of(&checkpoint),
            seen: checkpoint.position,
            seen_at: checkpoint.recorded_at,
            landmark: checkpoint.landmark.clone(),
            skips,
            unstored: 0,
            awaited: false,
            stale: false,
            checkpoint,
        })
    }

    /// Applies of each part only what it has up to one of these positions, in a model that is built to be compared.
    pub(crate) fn limit(&mut self, ends: Vec<Position>) {
        self.share = Share::UpTo(ends);
    }

    pub(crate) const fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The lease that it writes under.
    pub(crate) const fn fence(&self) -> Option<Fence> {
        self.fence
    }

    /// Up to where readers see the log; none while rows wait to be written.
    pub(crate) fn visible(&self) -> Option<(Position, Option<DateTime<Utc>>)> {
        (self.projector.pending() == 0 && !self.stale).then_some((self.seen, self.seen_at))
    }

    /// Takes a batch. Where it does not follow what was seen, the log is read in between; what was seen already is passed
    /// over, so that it makes no difference how often a batch comes.
    ///
    /// After an error other than that of an event it first starts again from what is stored.
    pub(crate) async fn take(&mut self, batch: &Batch) -> Result<(), ProjectionError> {
        if self.stale {
            self.reload().await?;
        }
        let outcome = self.take_batch(batch).await;
        let stands = matches!(
            outcome,
            Ok(()) | Err(ProjectionError::Poison { .. } | ProjectionError::Corrupt(_))
        );
        self.stale = !stands;
        outcome
    }

    async fn take_batch(&mut self, batch: &Batch) -> Result<(), ProjectionError> {
        if self.seen < batch.after {
            self.catch_up(batch.after).await?;
        }
        self.fold_or_stop(&batch.events).await?;
        if batch.caught_up {
            self.commit().await?;
            self.projector.relax();
            return Ok(());
        }
        self.commit_when_full().await
    }

    /// Reads the log up to `until`.
    pub(crate) async fn catch_up(&mut self, until: Position) -> Result<(), ProjectionError> {
        let mut before = self.landmark.clone();
        while self.seen < until {
            let events = self.read_on(until, before.take()).await?;
            if events.is_empty() {
                break;
            }
            self.fold_or_stop(&events).await?;
            self.commit_when_full().await?;
        }
        Ok(())
    }

    /// Some events after what was seen, up to `until`; none when there are none. A page may hold none and still lead on,
    /// where the log holds what is not ours. The event at `seen`, if it is named, is looked for after that: the log was not set
    /// back in between.
    async fn read_on(&self, until: Position, mut before: Option<Landmark>) -> Result<Vec<Decoded>, ProjectionError> {
        let mut after = self.seen;
        loop {
            let page = self.log.read_all(after, PAGE).await?;
            if let Some(landmark) = before.take()
                && !landmark.stands(&*self.log).await?
            {
                return Err(ProjectionError::SetBack(self.name()));
            }
            let leads_on = page.leads_on(after) && page.next < until;
            let events = page.events.into_iter().take_while(|event| event.position <= until);
            let events: Vec<Decoded> = events.map(|event| Decoded::new(Arc::new(event))).collect();
            if !events.is_empty() || !leads_on {
                return Ok(events);
            }
            after = page.next;
        }
    }

    /// Writes what waits, and the checkpoint.
    pub(crate) async fn commit(&mut self) -> Result<(), ProjectionError> {
        let awaited = self.awaited && self.fence.is_some();
        if self.projector.pending() > 0 || awaited || self.unstored >= MAX_UNSTORED {
            self.write().await?;
        }
        Ok(())
    }

    /// Writes what waits, and the checkpoint wherever it is.
    pub(crate) async fn write(&mut self) -> Result<(), ProjectionError> {
        if self.stale || self.seen == self.checkpoint.position {
            return Ok(());
        }
        let rows = self.projector.rows()?;
        let begun = self.store.begin(self.name(), Purpose::Rows, self.fence.as_ref());
        let mut tx = begun.await?;
        self.write_rows(&mut *tx, rows).await?;
        tx.commit().await?;
        self.stored();
        Ok(())
    }

    /// Writes rows, and moves the checkpoint to what was seen.
    async fn write_rows(&self, tx: &mut dyn Transaction, rows: Rows) -> Result<(), ProjectionError> {
        let changed = !rows.is_empty();
        if changed {
            tx.write(&Generation::table(&self.checkpoint), rows).await?;
        }
        let moved = tx.advance(&self.checkpoint, &self.reached(), changed).await?;
        if moved {
            Ok(())
        } else {
            Err(ProjectionError::Superseded(self.name()))
        }
    }

    /// Puts this model in the place of the live one, which is dropped if it is of the same version. It first goes as far as
    /// the furthest part of that one is, while nobody can move any, so that no reader goes back in time.
    pub(crate) async fn take_over(&mut self) -> Result<(), ProjectionError> {
        let outcome = self.replace_live().await;
        self.stale |= outcome.is_err();
        outcome
    }

    async fn replace_live(&mut self) -> Result<(), ProjectionError> {
        self.write().await?;
        Generation::finish(&*self.store, &self.checkpoint).await?;
        let Checkpoint {
            name,
            version,
            generation,
            log_id,
            ..
        } = self.checkpoint;
        let store = Arc::clone(&self.store);
        let mut tx = store.begin(name, Purpose::Tables, self.fence.as_ref()).await?;
        let all = tx.checkpoints(name).await?;
        let rival = all.iter().filter(|c| c.serves(version) && c.log_id == log_id);
        let furthest = rival.map(|part| part.position).max();
        self.follow(furthest.unwrap_or(Position::START)).await?;
        let rows = self.projector.rows()?;
        self.write_rows(&mut *tx, rows).await?;
        self.checkpoint = self.reached();
        let live = Generation::take_over(&mut *tx, &self.checkpoint).await?;
        tx.commit().await?;
        self.checkpoint = live;
        self.share = Share::of(&self.checkpoint);
        self.projector.use_table(&Generation::table(&self.checkpoint), false);
        self.projector.relax();
        self.stored();
        let aside = |c: &Checkpoint| c.stage == Stage::Building && c.version == version && c.generation < generation;
        Generation::sweep(&*self.store, name, aside, None).await
    }

    /// Puts this model to use where there is none at all: a first build that stops at an event is worth as much as a live
    /// model that stops there. Says whether it did.
    pub(crate) async fn take_over_if_alone(&mut self) -> Result<bool, ProjectionError> {
        let alone = Generation::live(&*self.store, self.name()).await?.is_empty();
        let fills = alone && self.checkpoint.stage == Stage::Building;
        if fills {
            self.take_over().await?;
        }
        Ok(fills)
    }

    /// Takes events into memory up to `until`.
    async fn follow(&mut self, until: Position) -> Result<(), ProjectionError> {
        let mut before = self.landmark.clone();
        while self.seen < until {
            let events = self.read_on(until, before.take()).await?;
            if events.is_empty() {
                return Err(ProjectionError::Superseded(self.name()));
            }
            self.fold(&events).await?;
        }
        Ok(())
    }

    /// Starts again from what is stored: after a commit that failed, or when another model has taken over.
    pub(crate) async fn reload(&mut self) -> Result<(), ProjectionError> {
        self.stale = true;
        self.projector.reset();
        let Checkpoint {
            name,
            version,
            generation,
            part,
            stage,
            ..
        } = self.checkpoint;
        let all = self.store.checkpoints(name).await?;
        let here = |c: &&Checkpoint| c.version == version && c.part.index() == part.index();
        // One that was live and was moved aside is nothing that can be built on.
        let building = |c: &Checkpoint| stage == Stage::Building && c.generation == generation;
        let mine = |c: &&Checkpoint| here(c) && (c.serves(version) || building(c));
        let found = all.iter().filter(mine).max_by_key(|c| c.serves(version));
        self.checkpoint = found.cloned().ok_or(ProjectionError::NotBuilt(name))?;
        self.share = Share::of(&self.checkpoint);
        self.skips = Skips::read(&*self.log, name).await?;
        self.seen = self.checkpoint.position;
        self.seen_at = self.checkpoint.recorded_at;
        self.landmark.clone_from(&self.checkpoint.landmark);
        self.unstored = 0;
        self.awaited = false;
        self.stale = false;
        self.projector.use_table(&Generation::table(&self.checkpoint), false);
        Ok(())
    }

    /// Whether the log names other events to be passed by than it did when this model was opened.
    pub(crate) async fn is_told_otherwise(&self) -> Result<bool, ProjectionError> {
        Ok(Skips::read(&*self.log, self.checkpoint.name).await? != self.skips)
    }

    /// Like [`Worker::fold`], and writes what comes before an event that cannot be taken.
    async fn fold_or_stop(&mut self, events: &[Decoded]) -> Result<(), ProjectionError> {
        let outcome = self.fold(events).await;
        if matches!(outcome, Err(ProjectionError::Poison { .. })) {
            self.write().await?;
            self.confirm().await?;
        }
        outcome
    }

    /// Makes sure that the database is where this worker left it. A server that lost its newest commits when it was killed is
    /// not, and an event that does not fit its documents may fit those that were lost: they are applied again first.
    async fn confirm(&self) -> Result<(), ProjectionError> {
        let all = self.store.checkpoints(self.name()).await?;
        let at = |c: &Checkpoint| (c.version, c.generation, c.part, c.stage, c.position);
        if all.iter().any(|stored| at(stored) == at(&self.checkpoint)) {
            Ok(())
        } else {
            Err(ProjectionError::Superseded(self.name()))
        }
    }

    /// Takes those of `events` that were not seen yet into memory.
    async fn fold(&mut self, events: &[Decoded]) -> Result<(), ProjectionError> {
        let seen = self.seen;
        let fresh = &events[events.partition_point(|event| event.position() <= seen)..];
        let Some(last) = fresh.last() else {
            return Ok(());
        };
        let mut indexes = Vec::with_capacity(fresh.len());
        let mut relevant = Vec::with_capacity(fresh.len());
        let mut awaited = false;
        for (index, event) in fresh.iter().enumerate() {
            if !self.concerns(event) {
                continue;
            }
            awaited = true;
            if !self.skips.contain(&event.stored) {
                indexes.push(index);
                relevant.push(event);
            }
        }
        match self.projector.take(&relevant, &*self.store).await {
            Ok(()) => {
                self.pass(last, fresh.len(), awaited);
                Ok(())
            }
            Err(Halt::Poison { index, reason }) => {
                let poison = indexes[index];
                if let Some(before) = poison.checked_sub(1).map(|before| &fresh[before]) {
                    self.pass(before, poison, awaited);
                }
                Err(ProjectionError::Poison {
                    name: self.name(),
                    position: fresh[poison].position(),
                    reason,
                })
            }
            Err(Halt::Database(error)) => Err(error.into()),
            Err(Halt::Corrupt) => Err(ProjectionError::Corrupt(self.name())),
        }
    }

    fn concerns(&self, event: &Decoded) -> bool {
        self.projector.concerns(event.category())
            && self
                .share
                .takes(self.projector.account(&event.stored), event.position())
    }

    fn pass(&mut self, last: &Decoded, count: usize, awaited: bool) {
        self.seen = last.position();
        self.seen_at = Some(last.stored.recorded_at);
        self.landmark = Some(Landmark::of(&last.stored));
        self.unstored += count;
        self.awaited |= awaited;
    }

    async fn commit_when_full(&mut self) -> Result<(), ProjectionError> {
        if self.projector.is_full() {
            self.write().await?;
        }
        Ok(())
    }

    /// The checkpoint at what was seen.
    fn reached(&self) -> Checkpoint {
        Checkpoint {
            position: self.seen,
            recorded_at: self.seen_at,
            landmark: self.landmark.clone(),
            ..self.checkpoint.clone()
        }
    }

    fn stored(&mut self) {
        self.checkpoint = self.reached();
        self.unstored = 0;
        self.awaited = false;
        self.projector.committed();
    }

    const fn name(&self) -> ProjectionName {
        self.checkpoint.name
    }
}
