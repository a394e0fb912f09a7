use domain::Event;
use projections::{HistoryEntry, ProjectionName, QueryError};

use super::{Names, Sentence};
use crate::error::Failure;
use crate::session::Tone;
use crate::site::Site;
use crate::time::Moment;

/// An event as a timeline shows it.
pub(crate) struct Happening {
    /// What happened.
    pub(crate) sentence: Sentence,
    /// When.
    pub(crate) at: Moment,
    /// Who asked for it.
    pub(crate) by: String,
    /// All that the log holds of it.
    pub(crate) entry: HistoryEntry,
}

impl Happening {
    /// These events, in the same order.
    ///
    /// # Errors
    /// [`Failure::Unavailable`].
    pub(crate) async fn all(site: &Site, entries: Vec<HistoryEntry>) -> Result<Vec<Self>, Failure> {
        let mut events = Vec::with_capacity(entries.len());
        for entry in entries {
            let event = Event::decode(&entry.kind, entry.schema, entry.data.get())
                .map_err(|_| QueryError::Corrupt(ProjectionName::History))?;
            events.push((entry, event));
        }
        let names = Names::of(site, events.iter().map(|(entry, event)| (&entry.actor, event))).await?;
        let told = events.into_iter().map(|(entry, event)| Self {
            sentence: Sentence::of(&event, &names),
            at: Moment(entry.recorded_at),
            by: names.actor(&entry.actor),
            entry,
        });
        Ok(told.collect())
    }

    /// Its name in style sheets.
    pub(crate) fn tone(&self) -> &'static str {
        self.sentence.tone.map_or("", Tone::as_str)
    }
}
