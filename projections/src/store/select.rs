use chrono::{DateTime, Utc};
use domain::{AccountId, CredentialId, Position, ProviderKey};

use super::position_to;

/// Which documents of a model are read, in the order of their keys.
#[derive(Debug, Clone, Copy)]
pub(crate) enum DocumentSelect<'a> {
    /// The one with this key.
    Key(&'a str),
    /// Those whose key starts with `prefix`: at most `limit` after the key `after`.
    Range {
        prefix: &'a str,
        after: &'a str,
        limit: u32,
    },
    /// Those that are found by `lookup`: at most `limit` after the key `after`.
    Lookup {
        lookup: &'a str,
        after: &'a str,
        limit: u32,
    },
}

/// Which way the history is read, and which part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// In the order of the log: from behind `after` on, up to `until` and no further.
    Forwards { after: Position, until: Option<Position> },
    /// The newest first: from before `before` on, down to `since` and no further.
    Backwards { before: Option<Position>, since: Position },
}

/// Which events of the history are read. Conditions that are none hold for every event.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct EventSelect<'a> {
    pub(crate) way: Way,
    /// So many that fit are left out first.
    pub(crate) skip: u32,
    pub(crate) limit: Option<u32>,
    pub(crate) account: Option<&'a AccountId>,
    pub(crate) provider: Option<&'a ProviderKey>,
    pub(crate) kind: Option<&'a str>,
    pub(crate) actor: Option<&'a str>,
    pub(crate) credential: Option<CredentialId>,
    /// Recorded then or later.
    pub(crate) from: Option<DateTime<Utc>>,
    /// Recorded before then.
    pub(crate) to: Option<DateTime<Utc>>,
}

impl Default for Way {
    fn default() -> Self {
        Self::Forwards {
            after: Position::START,
            until: None,
        }
    }
}

impl Way {
    /// The same way, no further than `edge`.
    pub(crate) const fn no_further_than(self, edge: Position) -> Self {
        match self {
            Self::Forwards { after, .. } => Self::Forwards {
                after,
                until: Some(edge),
            },
            Self::Backwards { before, .. } => Self::Backwards { before, since: edge },
        }
    }

    /// The part of it that is not behind `edge`.
    pub(crate) fn up_to(self, edge: Position) -> Self {
        match self {
            Self::Forwards { after, until } => Self::Forwards {
                after,
                until: Some(until.map_or(edge, |until| until.min(edge))),
            },
            Self::Backwards { before, since } => {
                let behind = Position::from_stored(edge.to_stored().saturating_add(1));
                Self::Backwards {
                    before: Some(before.map_or(behind, |before| before.min(behind))),
                    since,
                }
            }
        }
    }

    /// Where it starts.
    pub(crate) fn start(self) -> Position {
        match self {
            Self::Forwards { after, .. } => after,
            Self::Backwards { before, .. } => before.unwrap_or_default(),
        }
    }
}

impl EventSelect<'_> {
    /// The conditions on numbers: what stands before the number, and the number. There is always one.
    pub(super) fn numbers(&self) -> Result<impl Iterator<Item = (&'static str, i64)>, sqlx::Error> {
        let (low, high) = match self.way {
            Way::Forwards { after, until } => (("position > ", after), until.map(|until| ("position <= ", until))),
            Way::Backwards { before, since } => (("position >= ", since), before.map(|before| ("position < ", before))),
        };
        let high = high.map(|(condition, position)| Ok::<_, sqlx::Error>((condition, position_to(position)?)));
        let times = [("recorded_at >= ", self.from), ("recorded_at < ", self.to)];
        let times = times
            .into_iter()
            .filter_map(|(condition, time)| Some((condition, time?.timestamp_micros())));
        Ok([(low.0, position_to(low.1)?)]
            .into_iter()
            .chain(high.transpose()?)
            .chain(times))
    }

    /// The conditions on texts: the column and its value.
    pub(super) fn texts(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            ("account", self.account.map(AccountId::as_str)),
            ("provider", self.provider.map(ProviderKey::as_str)),
            ("kind", self.kind),
            ("actor", self.actor),
        ]
        .into_iter()
        .filter_map(|(column, value)| Some((column, value?)))
    }

    /// The order, and how many.
    pub(super) fn tail(&self) -> String {
        let order = match self.way {
            Way::Forwards { .. } => " ORDER BY position",
            Way::Backwards { .. } => " ORDER BY position DESC",
        };
        match self.limit {
            Some(limit) => format!("{order} LIMIT {limit} OFFSET {}", self.skip),
            None => order.to_owned(),
        }
    }
}

/// The smallest text after all that start with `prefix`, which ends in an ASCII character.
pub(super) fn after_all_with(prefix: &str) -> String {
    let mut end = prefix.to_owned();
    if let Some(last) = end.pop() {
        end.extend(char::from_u32(last as u32 + 1));
    } else {
        end.push(char::MAX);
    }
    end
}
