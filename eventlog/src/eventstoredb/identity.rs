use eventstore::{EventData, ExpectedRevision};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::connection::{Connection, Refused, Source, unavailable};
use crate::LogError;

/// The type of the event that a log starts with.
const KIND: &str = "LogCreated";

/// Which log it is, and where on the server it starts.
pub(super) struct Identity {
    pub(super) log_id: Uuid,
    /// The position of the event that says so. All events of the log come after it.
    pub(super) birth: u64,
}

#[derive(Serialize, Deserialize)]
struct LogCreated {
    log_id: Uuid,
}

/// Reads the identity of the log from a stream of its own, whose name is no stream's of the product. Where there is none,
/// the log is created, with `fresh` as its identity, unless somebody else is faster.
pub(super) async fn identify(connection: &Connection, fresh: Uuid) -> Result<Identity, LogError> {
    let stream = format!("{}-log", connection.namespace());
    if let Some(identity) = read(connection, &stream).await? {
        return Ok(identity);
    }
    let created = EventData::json(KIND, &LogCreated { log_id: fresh }).map_err(LogError::unavailable)?;
    let sent = connection
        .append(&stream, ExpectedRevision::NoStream, &[created.id(fresh)])
        .await;
    match sent {
        Ok(_) | Err(Refused::WrongVersion | Refused::Failed(LogError::UnknownOutcome(_))) => {}
        Err(Refused::Failed(error)) => return Err(error),
    }
    let identity = read(connection, &stream).await?;
    identity.ok_or_else(|| unavailable("the log was created, but cannot be read back"))
}

async fn read(connection: &Connection, stream: &str) -> Result<Option<Identity>, LogError> {
    let batch = connection.read(Source::Stream(stream, 0), 1).await?;
    let Some(event) = batch.events.into_iter().next() else {
        return Ok(None);
    };
    let birth = event.position.commit;
    if i64::try_from(birth).is_err() {
        return Err(unavailable(
            "the server is too old: it does not say where the events of a stream stand",
        ));
    }
    let created: LogCreated = serde_json::from_slice(&event.data)
        .map_err(|_| LogError::corrupt(birth, "the event that names the log is not of its form"))?;
    Ok(Some(Identity {
        log_id: created.log_id,
        birth,
    }))
}
