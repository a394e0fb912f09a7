//! From records to messages of the protocol, and back.

use std::collections::HashMap;

use tonic::Status;
use tonic::metadata::MetadataMap;
use uuid::Uuid;

use crate::protocol::event_store::client::streams::read_resp::read_event::{Position, RecordedEvent};
use crate::protocol::event_store::client::streams::read_resp::{Content, ReadEvent};
use crate::protocol::event_store::client::streams::{ReadResp, append_req, batch_append_req};
use crate::protocol::event_store::client::{StreamIdentifier, Uuid as WireUuid, uuid as wire};
use crate::store::{Proposed, Record};

/// Midnight of 2024-01-01 in ticks of 100 ns since 1970: a record's time is made from its position, so that no clock is
/// needed.
const EPOCH_TICKS: u64 = 17_040_672_000_000_000;

pub(crate) fn read_response(content: Content) -> ReadResp {
    ReadResp { content: Some(content) }
}

/// A record as it is read.
pub(crate) fn event(record: &Record) -> ReadResp {
    let metadata = HashMap::from([
        ("type".to_owned(), record.event.kind.clone()),
        ("content-type".to_owned(), record.event.content_type.clone()),
        ("created".to_owned(), (EPOCH_TICKS + record.position).to_string()),
    ]);
    read_response(Content::Event(ReadEvent {
        event: Some(RecordedEvent {
            id: Some(WireUuid {
                value: Some(wire::Value::String(record.event.id.to_string())),
            }),
            stream_identifier: Some(StreamIdentifier {
                stream_name: record.stream.clone().into_bytes(),
            }),
            stream_revision: record.revision,
            prepare_position: record.transaction,
            commit_position: record.position,
            metadata,
            custom_metadata: record.event.metadata.clone(),
            data: record.event.data.clone(),
        }),
        link: None,
        position: Some(Position::CommitPosition(record.position)),
    }))
}

/// The name of a stream.
pub(crate) fn stream_name(identifier: Option<StreamIdentifier>) -> Result<String, Status> {
    let name = identifier.ok_or_else(|| Status::invalid_argument("the stream is not named"))?;
    String::from_utf8(name.stream_name).map_err(|_| Status::invalid_argument("the stream's name is not UTF-8"))
}

/// A proposed event, in the form that both kinds of append share.
pub(crate) fn proposed(message: append_req::ProposedMessage) -> Result<Proposed, Status> {
    let mut metadata = message.metadata;
    let mut required = |key: &str| {
        metadata
            .remove(key)
            .ok_or_else(|| Status::invalid_argument(format!("Required Metadata Property '{key}' is missing")))
    };
    Ok(Proposed {
        id: id(message.id)?,
        kind: required("type")?,
        content_type: required("content-type")?,
        metadata: message.custom_metadata,
        data: message.data,
    })
}

impl From<batch_append_req::ProposedMessage> for append_req::ProposedMessage {
    fn from(message: batch_append_req::ProposedMessage) -> Self {
        Self {
            id: message.id,
            metadata: message.metadata,
            custom_metadata: message.custom_metadata,
            data: message.data,
        }
    }
}

fn id(id: Option<WireUuid>) -> Result<Uuid, Status> {
    let refused = || Status::invalid_argument("an event has no valid id");
    match id.and_then(|id| id.value).ok_or_else(refused)? {
        wire::Value::String(text) => text.parse().map_err(|_| refused()),
        wire::Value::Structured(halves) => Ok(Uuid::from_u64_pair(
            halves.most_significant_bits.cast_unsigned(),
            halves.least_significant_bits.cast_unsigned(),
        )),
    }
}

/// How the server says of an append that it is too large.
pub(crate) fn too_large(limit: usize) -> Status {
    let message = format!("Maximum Append Size of {limit} Exceeded.");
    let mut metadata = MetadataMap::new();
    if let Ok(value) = "maximum-append-size-exceeded".parse() {
        metadata.insert("exception", value);
    }
    Status::with_metadata(tonic::Code::InvalidArgument, message, metadata)
}

/// How a follower says where the leader is.
pub(crate) fn not_leader(leader: std::net::SocketAddr) -> Status {
    let mut metadata = MetadataMap::new();
    let entries = [
        ("exception", "not-leader".to_owned()),
        ("leader-endpoint-host", leader.ip().to_string()),
        ("leader-endpoint-port", leader.port().to_string()),
    ];
    for (key, value) in entries {
        if let Ok(value) = value.parse() {
            metadata.insert(key, value);
        }
    }
    Status::with_metadata(tonic::Code::NotFound, "Leader info available", metadata)
}
