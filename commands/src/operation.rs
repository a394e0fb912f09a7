use domain::operation::{OperationEvent, ProjectionEventSkipped};
use domain::{StreamId, has_hidden};
use eventlog::{Expected, StoredEvent};

use crate::{CommandError, Context, Receipt, Recorder};

/// The longest reason, in characters.
const MAX_REASON: usize = 500;

impl Recorder {
    /// Notes that an operator has a read model pass an event by. That is all there is to it: the read side, which is another's,
    /// heeds the note at its next attempt, and whenever the model is built.
    ///
    /// # Errors
    /// [`CommandError::Invalid`] at `/reason`; [`CommandError::IdempotencyKeyReused`].
    pub async fn note_event_skipped(
        &self,
        ctx: Context,
        projection: String,
        event: &StoredEvent,
        reason: String,
    ) -> Result<Receipt<()>, CommandError> {
        let reason = reason.trim().to_owned();
        let shown = !has_hidden(&reason) && !reason.chars().any(char::is_control);
        if reason.is_empty() || reason.chars().count() > MAX_REASON || !shown {
            let message = "Say why in 1 to 500 visible characters: whoever reads the log later will ask.";
            return Err(CommandError::invalid("/reason", "invalid-reason", message));
        }
        let stream = StreamId::Operations;
        let event = OperationEvent::from(ProjectionEventSkipped {
            projection,
            event: Some(event.id),
            position: event.position,
            reason,
        });
        let events = self.stamp(&ctx.metadata(None), &[event])?;
        let appended = self.append(&stream, Expected::Any, events).await?;
        if appended.duplicate {
            return Err(CommandError::IdempotencyKeyReused);
        }
        Ok(Receipt {
            value: (),
            position: appended.position,
            revision: appended.revision,
            replayed: false,
        })
    }
}
