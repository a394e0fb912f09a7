use async_nats::HeaderMap;
use async_nats::jetstream::context::{PublishAckFuture, PublishError, PublishErrorKind};
use bytes::Bytes;

use super::error::NatsError;
use super::stream::{EventStream, Tail};
use super::wire::Wire;
use crate::Message;

/// The sequence number that the newest message of the stream must have for this one to be taken.
const EXPECTED_SEQUENCE: &str = "Nats-Expected-Last-Sequence";
/// The id that the newest message of the stream must have for this one to be taken.
const EXPECTED_ID: &str = "Nats-Expected-Last-Msg-Id";
/// The id by which the server knows a message that comes again.
const ID: &str = "Nats-Msg-Id";
/// How much room the headers of a message take at most.
const HEADERS: usize = 256;

/// Publishes `messages` behind `tail` and gives the new tail: all under way at once, and each only taken behind the one
/// before it. Whoever was overtaken since `tail` was read, by a relay on another machine say, publishes nothing that does
/// not continue what the other one has published.
///
/// The first message expects the sequence number of `tail`. The others expect the id of the one before them: sequence
/// numbers would do for each by itself but not for many under way, of which a later one could find by chance the number
/// that it expects. The id of the first one's predecessor would not do, since a server that was started again may have
/// forgotten it.
///
/// Messages up to the position of `tail` are there already. Messages that are too large for the server are left out: readers
/// see the gap, and find them in the log.
pub(super) async fn publish(
    stream: &EventStream,
    max_payload: usize,
    tail: Tail,
    messages: Vec<Message>,
) -> Result<Tail, NatsError> {
    let mut newest = tail;
    let mut expected = (EXPECTED_SEQUENCE, tail.sequence.to_string());
    let mut acks = Vec::with_capacity(messages.len());
    for message in messages.iter().filter(|message| message.event.position > tail.position) {
        let body = stream
            .wire
            .encode(message)
            .map_err(NatsError::of("take an event as JSON"))?;
        if body.len() + HEADERS > max_payload {
            tracing::info!(
                position = %message.event.position,
                bytes = body.len(),
                max_payload,
                "an event is too large for NATS; readers find it in the log"
            );
            continue;
        }
        acks.push(send(stream, message, body, &expected).await?);
        expected = (EXPECTED_ID, message.event.id.to_string());
        newest.sequence += 1;
        newest.position = message.event.position;
    }
    for (ack, sequence) in acks.into_iter().zip(tail.sequence + 1..) {
        let ack = ack.await.map_err(refused)?;
        if ack.duplicate {
            return Err(duplicate(stream, tail, ack.sequence).await);
        }
        if ack.sequence != sequence {
            return Err(NatsError::Overtaken);
        }
    }
    Ok(newest)
}

async fn send(
    stream: &EventStream,
    message: &Message,
    body: Vec<u8>,
    (condition, value): &(&str, String),
) -> Result<PublishAckFuture, NatsError> {
    let mut headers = HeaderMap::new();
    headers.insert(ID, message.event.id.to_string());
    headers.insert(*condition, value.as_str());
    let subject = Wire::subject(&message.event);
    let sent = stream
        .context
        .publish_with_headers(subject, headers, Bytes::from(body))
        .await;
    sent.map_err(NatsError::of("take a message"))
}

fn refused(error: PublishError) -> NatsError {
    match error.kind() {
        PublishErrorKind::WrongLastSequence | PublishErrorKind::WrongLastMessageId => NatsError::Overtaken,
        _ => NatsError::of("acknowledge a message")(error),
    }
}

/// The server knows the id of a message that stands behind the tail in the log. Either somebody has just published it. Or
/// it stands before the tail in the stream, which is then out of order: a relay that was paused found by chance the
/// sequence that it expected, in a stream that was made anew. Nobody could publish behind that, so the stream is made again:
/// emptying it would not do, since the server would go on knowing the ids.
async fn duplicate(stream: &EventStream, tail: Tail, sequence: u64) -> NatsError {
    if sequence > tail.sequence {
        return NatsError::Overtaken;
    }
    match stream.replace().await {
        Ok(()) => NatsError::Disorder,
        Err(error) => error,
    }
}
