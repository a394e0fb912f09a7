use domain::operation::{OperationEvent, ProjectionEventSkipped};
use domain::{Position, StreamId, has_hidden};
use eventlog::Expected;

use crate::{CommandError, Commands, Context, Receipt};

/// The longest reason, in characters.
const MAX_REASON: usize = 500;

impl Commands {
    /// Notes that an operator has a read model pass an event by. It is noted before that is done; noting it is all that
    /// happens here, since the read side is another's.
    ///
    /// # Errors
    /// [`CommandError::Invalid`] at `/reason`; [`CommandError::IdempotencyKeyReused`].
    pub async fn note_event_skipped(
        &self,
        ctx: Context,
        projection: String,
        position: Position,
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
            position,
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
