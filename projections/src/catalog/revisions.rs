use std::collections::VecDeque;

use chrono::{DateTime, Utc};
use domain::{Actor, CorrelationId, Event, ProviderKey, StreamId};
use eventlog::{EventLog, StoredEvent};

use super::ProviderView;
use super::document::{Catalog, CatalogDocument, provider_key};
use crate::model::Model;
use crate::skips::Skips;
use crate::{ProjectionName, QueryError};

/// Events that are read at once.
const PAGE: usize = 256;

/// What somebody did to a row with one request: one event or several.
#[derive(Debug, Clone, PartialEq)]
pub struct ProviderRevision {
    /// The row afterwards.
    pub row: ProviderView,
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub actor: Actor,
    /// What happened, in order.
    pub events: Vec<Event>,
    request: CorrelationId,
}

/// The last `most` of a row's revisions, the oldest first, from the log: the same fold as the read model's.
pub(super) async fn revisions(
    log: &dyn EventLog,
    key: &ProviderKey,
    most: usize,
) -> Result<Vec<ProviderRevision>, QueryError> {
    let skips = Skips::read(log, Catalog::NAME).await.map_err(QueryError::Log)?;
    let stream = StreamId::Provider(key.clone());
    let mut found = VecDeque::new();
    let mut document = None;
    let mut from = 1;
    loop {
        let events = log.read_stream(&stream, from, PAGE).await.map_err(QueryError::Log)?;
        let count = events.len();
        for event in events {
            from = event.revision + 1;
            if !skips.contain(&event) {
                apply(key, &mut document, &event, &mut found)?;
                if found.len() > most {
                    found.pop_front();
                }
            }
        }
        if count < PAGE {
            return Ok(found.into());
        }
    }
}

fn apply(
    key: &ProviderKey,
    document: &mut Option<CatalogDocument>,
    stored: &StoredEvent,
    found: &mut VecDeque<ProviderRevision>,
) -> Result<(), QueryError> {
    let corrupt = || QueryError::Corrupt(ProjectionName::Catalog);
    let event = stored.event().map_err(|_| corrupt())?;
    Catalog::apply(&provider_key(key), document, stored, &event).map_err(|_| corrupt())?;
    let Some(CatalogDocument::Provider(record)) = document else {
        return Err(corrupt());
    };
    let row = ProviderView::new(record);
    let request = stored.metadata.correlation_id;
    match found.back_mut().filter(|last| last.request == request) {
        Some(last) => {
            last.row = row;
            last.events.push(event);
        }
        None => found.push_back(ProviderRevision {
            row,
            at: stored.recorded_at,
            actor: stored.metadata.actor.clone(),
            events: vec![event],
            request,
        }),
    }
    Ok(())
}
