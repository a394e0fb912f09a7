use std::marker::PhantomData;

use domain::StreamId;
use eventlog::EventLog;

use crate::model::Model;
use crate::skips::Skips;
use crate::{AsOf, QueryError};

/// Events of one stream that are read at once.
const PAGE: usize = 512;

/// A model as it was at a moment of the past. What the model passes by, it passes by too, which is read once for all documents.
pub(crate) struct Past<'a, M> {
    log: &'a dyn EventLog,
    as_of: AsOf,
    skips: Skips,
    model: PhantomData<M>,
}

impl<'a, M: Model> Past<'a, M> {
    pub(crate) async fn at(log: &'a dyn EventLog, as_of: AsOf) -> Result<Self, QueryError> {
        let skips = Skips::read(log, M::NAME).await.map_err(QueryError::Log)?;
        Ok(Self {
            log,
            as_of,
            skips,
            model: PhantomData,
        })
    }

    /// A document as it was: the same fold as the read model's, over the stream in the log.
    pub(crate) async fn document(&self, stream: &StreamId, key: &str) -> Result<Option<M::Document>, QueryError> {
        let mut document = None;
        let mut from = 1;
        loop {
            let read = self.log.read_stream(stream, from, PAGE).await;
            let events = read.map_err(QueryError::Log)?;
            let count = events.len();
            for event in events {
                if !self.as_of.includes(event.position, event.recorded_at) {
                    return Ok(document);
                }
                from = event.revision + 1;
                if self.skips.contain(&event) {
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
}
