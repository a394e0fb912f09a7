use chrono::{DateTime, TimeDelta, Utc};
use domain::Position;

use super::{AuditFilter, HistoryQuery};
use crate::QueryError;
use crate::store::{EventSelect, Scope, Way};

/// By how much the clocks of several nodes may differ, at most: so far beside its place in time an event is still looked for.
const SKEW: TimeDelta = TimeDelta::hours(1);

impl HistoryQuery {
    /// The part of the history that the times of a filter leave: no event that fits stands at or before the first place, or
    /// behind the second.
    ///
    /// The log is in the order of its positions, which is that of time but for the difference of clocks. So the places are
    /// found in some steps, and no index by time is needed.
    pub(super) async fn part_of(
        &self,
        scope: Scope<'_>,
        filter: &AuditFilter,
    ) -> Result<(Position, Option<Position>), QueryError> {
        let low = match filter.from {
            Some(from) => {
                let from = from.checked_sub_signed(SKEW).unwrap_or(from);
                self.place_of(scope, filter, from).await?.0
            }
            None => Position::START,
        };
        let high = match filter.to {
            Some(to) => {
                let to = to.checked_add_signed(SKEW).unwrap_or(to);
                self.place_of(scope, filter, to).await?.1
            }
            None => None,
        };
        Ok((low, high))
    }

    /// The last place that only earlier events are at or before, and the first event behind it, if there is one.
    async fn place_of(
        &self,
        scope: Scope<'_>,
        filter: &AuditFilter,
        time: DateTime<Utc>,
    ) -> Result<(Position, Option<Position>), QueryError> {
        let newest = Way::Backwards {
            before: None,
            since: Position::START,
        };
        let Some((last, recorded_at)) = self.first(scope, filter, newest).await? else {
            return Ok((Position::START, None));
        };
        if recorded_at < time {
            return Ok((last, None));
        }
        // What is at or before `low` is earlier, and the first event behind `high` is not.
        let (mut low, mut high, mut found) = (Position::START, last, last);
        while let Some(middle) = between(low, high) {
            let onwards = Way::Forwards {
                after: middle,
                until: None,
            };
            match self.first(scope, filter, onwards).await? {
                Some((position, recorded_at)) if recorded_at < time => low = position,
                Some((position, _)) => (high, found) = (middle, position),
                None => high = middle,
            }
        }
        Ok((low, Some(found)))
    }

    /// The first event that is met on a way: its place, and when it was recorded.
    async fn first(
        &self,
        scope: Scope<'_>,
        filter: &AuditFilter,
        way: Way,
    ) -> Result<Option<(Position, DateTime<Utc>)>, QueryError> {
        let select = EventSelect {
            way,
            limit: Some(1),
            account: filter.account.as_ref(),
            ..EventSelect::default()
        };
        let event = self.select(scope, &select).await?.pop();
        Ok(event.map(|event| (event.position, event.recorded_at)))
    }
}

/// A place from `low` on and before `high`, about halfway; none when they are the same. It need not be that of any event.
fn between(low: Position, high: Position) -> Option<Position> {
    let (low, high) = (low.to_stored(), high.to_stored());
    (low < high).then(|| Position::from_stored(low + (high - low) / 2))
}
