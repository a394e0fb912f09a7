use crate::StoredEvent;
use crate::envelope::Decoder;

/// A page is cut short once it holds more than this many bytes.
pub(crate) const PAGE_BYTES: usize = 8 * 1024 * 1024;

/// Stored events that are read one after the other.
#[derive(Default)]
pub(crate) struct Reading {
    decoder: Decoder,
    pub(crate) events: Vec<StoredEvent>,
    pub(crate) bytes: usize,
}

impl Reading {
    /// Adds an event. `is_next` says whether an event is the one with this number, from 1. Otherwise says what is wrong,
    /// without what is stored.
    pub(crate) fn add(
        &mut self,
        envelope: &str,
        data: &str,
        is_next: impl Fn(&StoredEvent, u64) -> bool,
    ) -> Result<(), &'static str> {
        let event = self.decoder.decode(envelope, data)?;
        if !is_next(&event, self.events.len() as u64 + 1) {
            return Err("it is not the one that belongs there");
        }
        self.bytes += envelope.len() + data.len();
        self.events.push(event);
        Ok(())
    }
}
