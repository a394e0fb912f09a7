use std::collections::HashMap;

use domain::{Aggregate, CommandId, Metadata, Position, RequestDigest};
use eventlog::StoredEvent;

use crate::{CommandError, Context, IfMatch};

/// An aggregate as its stream tells it, with the commands that made it so.
#[derive(Debug, Clone, Default)]
pub(crate) struct Loaded<A> {
    /// Its state.
    pub(crate) state: A,
    /// The revision of its last event; 0 when it has none.
    pub(crate) revision: u64,
    /// The position of its last event.
    pub(crate) position: Position,
    commands: HashMap<CommandId, Done>,
}

/// Where a command's events are in the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Done {
    /// The request that the command stood for.
    pub(crate) request: Option<RequestDigest>,
    /// The revision of its first event.
    pub(crate) first: u64,
    /// The revision of its last event.
    pub(crate) last: u64,
    /// The position of its last event.
    pub(crate) position: Position,
}

impl<A: Aggregate> Loaded<A> {
    /// Adds an event that was read from the log, and gives it back.
    pub(crate) fn read(&mut self, stored: &StoredEvent) -> Result<A::Event, CommandError> {
        let event = stored.event().map_err(|error| CommandError::internal("log", error))?;
        let event = A::Event::try_from(event).map_err(|_| CommandError::Internal {
            what: "log",
            source: format!("an event of type {} stands in a stream of another kind", stored.kind).into(),
        })?;
        self.add(&event, stored.revision, stored.position, &stored.metadata);
        Ok(event)
    }

    /// Adds an event.
    pub(crate) fn add(&mut self, event: &A::Event, revision: u64, position: Position, metadata: &Metadata) {
        self.state = std::mem::take(&mut self.state).evolve(event);
        self.revision = revision;
        self.position = position;
        let done = self.commands.entry(metadata.command_id).or_insert(Done {
            request: metadata.request,
            first: revision,
            last: revision,
            position,
        });
        done.last = revision;
        done.position = position;
    }

    /// Where the events of this very command are, if it was carried out before.
    ///
    /// # Errors
    /// [`CommandError::IdempotencyKeyReused`] when its id stood for another request.
    pub(crate) fn seen(&self, ctx: &Context) -> Result<Option<Done>, CommandError> {
        match self.commands.get(&ctx.command) {
            Some(done) if done.request != ctx.request => Err(CommandError::IdempotencyKeyReused),
            done => Ok(done.copied()),
        }
    }

    /// Whether this is the event that it ends with, and not another one of the same revision.
    pub(crate) fn ends_with(&self, stored: &StoredEvent) -> bool {
        (stored.revision, stored.position) == (self.revision, self.position) && self.knows(stored.metadata.command_id)
    }

    /// Whether a command, or a step of one, was carried out.
    pub(crate) fn knows(&self, command: CommandId) -> bool {
        self.commands.contains_key(&command)
    }

    /// Checks the revisions that a caller insists on. What does not exist is refused for that, not for its revision.
    ///
    /// # Errors
    /// [`CommandError::PreconditionFailed`].
    pub(crate) fn precondition(&self, if_match: &IfMatch) -> Result<(), CommandError> {
        if self.revision == 0 || if_match.permits(self.revision) {
            Ok(())
        } else {
            Err(CommandError::PreconditionFailed { current: self.revision })
        }
    }
}
