use domain::StreamId;
use eventlog::EventLog;

use crate::model::Model;
use crate::skips::Skips;
use crate::{AsOf, QueryError};

/// Events of one stream that are read at once.
const PAGE: usize = 512;

/// A document as it was at a moment of the past: the same fold as the read model's, over the stream in the log. What the model
/// passes by, it passes by too.
pub(crate) async fn document_as_of<M: Model>(
    log: &dyn EventLog,
    stream: &StreamId,
    key: &str,
    as_of: AsOf,
) -> Result<Option<M::Document>, QueryError> {
    let skips = Skips::read(log, M::NAME).await.map_err(QueryError::Log)?;
    let mut document = None;
    let mut from = 1;
    loop {
        let events = log.read_stream(stream, from, PAGE).await.map_err(QueryError::Log)?;
        let count = events.len();
        for event in events {
            if !as_of.includes(event.position, event.recorded_at) {
                return Ok(document);
            }
            from = event.revision + 1;
            if skips.contain(&event) {
                continue;
            }
            let body = event.event().map_err(|_| QueryError::Corrupt(M::NAME))?;
            if M::keys(&event, &body).iter().any(|touched| **touched == *key) {
                M::apply(key, &mut document, &event, &body).map_err(|_| QueryError::Corrupt(M::NAME))?;
            }
        }
        if count < PAGE {
            return Ok(document);
        }
    }
}
