use domain::StreamId;
use tokio::sync::oneshot;

use crate::envelope;
use crate::ledger::{Decision, Ledger};
use crate::{Appended, Expected, LogError, NewEvent};

/// An append that waits for its commit.
pub(crate) struct Pending {
    pub(crate) stream: StreamId,
    pub(crate) expected: Expected,
    pub(crate) events: Vec<NewEvent>,
    /// The events' envelopes as far as they are known, made by the caller and not by the one task that writes.
    pub(crate) prepared: Vec<String>,
    pub(crate) bytes: usize,
    /// Whether it is only to be carried out if the one before it in the batch was.
    pub(super) follows: bool,
    /// Whether the commit that is being tried writes it.
    writing: bool,
    /// Whether it was part of a commit whose outcome is not known.
    written: bool,
    pub(crate) reply: oneshot::Sender<Result<Appended, LogError>>,
}

/// The answers to a batch, in its order.
pub(crate) type Answers = Vec<Result<Appended, LogError>>;

/// What is to be done about a batch.
pub(crate) struct Plan {
    /// The answers, good once `writes` are stored.
    pub(crate) answers: Answers,
    /// What is to be stored, in this order.
    pub(crate) writes: Vec<Write>,
}

/// An append that is to be stored: its index in the batch, and the place of its first event.
pub(crate) struct Write {
    pub(crate) index: usize,
    pub(crate) revision: u64,
    pub(crate) position: u64,
}

impl Pending {
    pub(crate) fn new(
        stream: StreamId,
        expected: Expected,
        events: Vec<NewEvent>,
        reply: oneshot::Sender<Result<Appended, LogError>>,
    ) -> Result<Self, LogError> {
        let prepared = events
            .iter()
            .map(envelope::prepare)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| LogError::Invalid("the metadata of an event cannot be written as JSON"))?;
        let bytes = events.iter().map(|event| event.data.len()).sum::<usize>()
            + prepared.iter().map(String::len).sum::<usize>();
        Ok(Self {
            stream,
            expected,
            events,
            prepared,
            bytes,
            follows: false,
            writing: false,
            written: false,
            reply,
        })
    }

    /// Notes that the outcome of the commit that was just tried is not known.
    pub(crate) const fn doubt(&mut self) {
        self.written |= self.writing;
    }

    /// The answer, once `decision` is carried out.
    fn answer(&mut self, decision: Decision) -> Appended {
        let mut appended = decision.appended(self.events.len() as u64);
        self.writing = matches!(decision, Decision::Write { .. });
        // It was this very append that stored them, in a commit whose outcome was not known.
        appended.duplicate &= !self.written;
        appended
    }
}

/// Decides a batch, one append after the other, by what is known of the log.
pub(crate) fn plan(ledger: &mut Ledger, batch: &mut [Pending]) -> Plan {
    let mut plan = Plan {
        answers: Answers::with_capacity(batch.len()),
        writes: Vec::new(),
    };
    let mut refused = false;
    for (index, pending) in batch.iter_mut().enumerate() {
        let decision = if refused && pending.follows {
            Err(LogError::Invalid("an append that was to come before it was refused"))
        } else {
            ledger.decide(&pending.stream, pending.expected, &pending.events)
        };
        refused = decision.is_err();
        if let Ok(Decision::Write { revision, position }) = decision {
            plan.writes.push(Write {
                index,
                revision,
                position,
            });
        }
        plan.answers.push(decision.map(|decision| pending.answer(decision)));
    }
    plan
}
