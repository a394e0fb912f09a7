use std::collections::HashSet;

use crate::{LogError, NewEvent};

/// The most events that one append may hold.
pub const MAX_EVENTS: usize = 512;
/// The most bytes that one append may hold: data, metadata and names of types together. A logo of 512 KiB fits.
pub const MAX_BYTES: usize = 1024 * 1024;
/// The longest name of a type, in bytes.
const MAX_KIND: usize = 64;

/// Refuses what no adapter takes, so that all of them take the same.
pub(crate) fn check(events: &[NewEvent]) -> Result<(), LogError> {
    if events.is_empty() {
        return Err(LogError::Invalid("it has no events"));
    }
    if events.len() > MAX_EVENTS {
        return Err(LogError::Invalid("it has more than 512 events"));
    }
    let ids: HashSet<_> = events.iter().map(|event| event.id).collect();
    if ids.len() != events.len() {
        return Err(LogError::Invalid("two of its events have the same id"));
    }
    let mut bytes = 0;
    for event in events {
        check_form(event)?;
        bytes += event.kind.len() + event.metadata.actor.id.len() + event.data.len();
    }
    if bytes > MAX_BYTES {
        return Err(LogError::Invalid("its events are larger than 1 MiB together"));
    }
    Ok(())
}

fn check_form(event: &NewEvent) -> Result<(), LogError> {
    let named = (1..=MAX_KIND).contains(&event.kind.len()) && event.kind.bytes().all(|b| b.is_ascii_alphanumeric());
    if !named {
        return Err(LogError::Invalid(
            "the name of a type is not 1 to 64 ASCII letters and digits",
        ));
    }
    if event.schema == 0 {
        return Err(LogError::Invalid("a schema version is 0; the first is 1"));
    }
    let object = event.data.starts_with('{') && event.data.ends_with('}');
    // No JSON text needs raw control characters but white space between its parts, which compact JSON has none of.
    if !object || event.data.bytes().any(|b| b < b' ') {
        return Err(LogError::Invalid("the data of an event is not a compact JSON object"));
    }
    Ok(())
}
