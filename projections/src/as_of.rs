use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use domain::Position;

/// A moment of the past: a place in the log, or a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AsOf {
    /// After the event at this position, and before the next.
    Position(Position),
    /// After all that was recorded up to this time.
    Time(DateTime<Utc>),
}

/// A text that names no moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a moment: a position as an earlier answer gave it, or a time such as 2026-03-01T12:00:00Z (RFC 3339)")]
pub struct InvalidAsOf;

impl AsOf {
    /// Whether an event with this place and time had happened by then.
    pub(crate) fn includes(self, position: Position, recorded_at: DateTime<Utc>) -> bool {
        match self {
            Self::Position(limit) => position <= limit,
            Self::Time(limit) => recorded_at <= limit,
        }
    }
}

impl fmt::Display for AsOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Position(position) => position.fmt(f),
            Self::Time(time) => f.write_str(&time.to_rfc3339()),
        }
    }
}

impl FromStr for AsOf {
    type Err = InvalidAsOf;

    fn from_str(text: &str) -> Result<Self, InvalidAsOf> {
        if let Ok(position) = text.parse() {
            return Ok(Self::Position(position));
        }
        DateTime::parse_from_rfc3339(text)
            .map(|time| Self::Time(time.with_timezone(&Utc)))
            .map_err(|_| InvalidAsOf)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_position_or_a_time() {
        assert_eq!("17".parse(), Ok(AsOf::Position(Position::from_stored(17))));
        let time = "2026-03-01T13:00:00+01:00".parse::<AsOf>().unwrap();
        assert_eq!(time.to_string(), "2026-03-01T12:00:00+00:00");
        assert_eq!("yesterday".parse::<AsOf>(), Err(InvalidAsOf));
    }
}
