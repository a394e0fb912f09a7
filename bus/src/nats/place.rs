use domain::Position;

use super::error::NatsError;
use super::stream::{EventStream, Tail};

/// The sequence number of the first message after `after`: from the newest back in growing steps, then by halves, so that
/// a reader that is almost there asks for a message or two. What cannot be found is read as older: a reader that starts too
/// late sees the gap.
pub(super) async fn first_after(stream: &EventStream, tail: Tail, after: Position) -> Result<u64, NatsError> {
    if after >= tail.position {
        return Ok(tail.sequence + 1);
    }
    let mut newer = tail.sequence;
    let mut step = 1;
    let mut older = loop {
        let candidate = newer.saturating_sub(step);
        if candidate < tail.first {
            break tail.first.saturating_sub(1);
        }
        if is_older(stream, candidate, after).await? {
            break candidate;
        }
        newer = candidate;
        step *= 2;
    };
    while newer - older > 1 {
        let middle = older + (newer - older) / 2;
        if is_older(stream, middle, after).await? {
            older = middle;
        } else {
            newer = middle;
        }
    }
    Ok(newer)
}

async fn is_older(stream: &EventStream, sequence: u64, after: Position) -> Result<bool, NatsError> {
    let position = stream.position(sequence).await?;
    Ok(position.is_none_or(|position| position <= after))
}
