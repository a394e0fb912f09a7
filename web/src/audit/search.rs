use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use domain::{AccountId, Position};
use projections::AuditFilter;
use serde::Deserialize;

use crate::address::address;
use crate::error::Failure;
use crate::history::position;

/// So long the id of an actor can be, in characters: that of a person who is known by nothing but the subject of an
/// identity provider, which has 255 at most, behind `oidc:`.
const LONGEST_ACTOR: usize = 260;

/// Which events are looked for, as it stands in the address.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Search {
    #[serde(default)]
    pub(super) account: String,
    #[serde(default)]
    pub(super) provider: String,
    #[serde(default, rename = "type")]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) actor: String,
    #[serde(default)]
    pub(super) from: String,
    #[serde(default)]
    pub(super) to: String,
    /// Those before this position.
    #[serde(default)]
    pub(super) before: String,
}

/// What is wrong with a search, field by field.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) account: Option<&'static str>,
    pub(super) provider: Option<&'static str>,
    pub(super) actor: Option<&'static str>,
    pub(super) from: Option<&'static str>,
    pub(super) to: Option<&'static str>,
}

impl Search {
    /// The search without blanks around its conditions.
    pub(super) fn trimmed(mut self) -> Self {
        for text in [
            &mut self.account,
            &mut self.provider,
            &mut self.kind,
            &mut self.actor,
            &mut self.from,
            &mut self.to,
        ] {
            *text = text.trim().to_owned();
        }
        self
    }

    /// The conditions, for pages of `limit` events. `only` is the one account that the viewer may read, unless it is all.
    ///
    /// # Errors
    /// [`Failure::NotFound`] when it asks for another account than the viewer's, whether or not there is one.
    pub(super) fn filter(&self, only: Option<&AccountId>, limit: u32) -> Result<Result<AuditFilter, Wrong>, Failure> {
        let mut wrong = Wrong::default();
        let account = parsed(&self.account, "That is no account id.", &mut wrong.account);
        let account = match (only, account) {
            (Some(only), None) if self.account.is_empty() => Some(only.clone()),
            (Some(only), account) if account.as_ref() != Some(only) => return Err(Failure::NotFound),
            (_, account) => account,
        };
        let filter = AuditFilter {
            account,
            provider: parsed(&self.provider, "That is no key of a provider.", &mut wrong.provider),
            kind: some(&self.kind),
            actor: actor(&self.actor, &mut wrong.actor),
            from: moment(&self.from, &mut wrong.from),
            to: moment(&self.to, &mut wrong.to),
            after: Position::START,
            limit,
        };
        Ok(if wrong == Wrong::default() {
            Ok(filter)
        } else {
            Err(wrong)
        })
    }

    /// Where the page starts; none at the newest event.
    ///
    /// # Errors
    /// [`Failure::NotFound`] when no page before gave it.
    pub(super) fn place(&self) -> Result<Option<Position>, Failure> {
        position(&self.before)
    }

    /// Whether there are any conditions.
    pub(super) fn is_narrowed(&self) -> bool {
        self.pairs().any(|(_, value)| !value.is_empty())
    }

    /// The address of the same search at another path, from its start.
    pub(super) fn at(&self, path: &str) -> String {
        address(path, self.pairs())
    }

    /// The address of the same search, before a position.
    pub(super) fn before(&self, position: Position) -> String {
        let position = position.to_string();
        address("/audit", self.pairs().chain([("before", position.as_str())]))
    }

    fn pairs(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            ("account", self.account.as_str()),
            ("provider", &self.provider),
            ("type", &self.kind),
            ("actor", &self.actor),
            ("from", &self.from),
            ("to", &self.to),
        ]
        .into_iter()
    }
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|text| !text.is_empty())
}

/// An actor as it was typed. One that is too long is none of ours: to look for a part of it would find somebody else.
fn actor(text: &str, wrong: &mut Option<&'static str>) -> Option<String> {
    if text.chars().count() > LONGEST_ACTOR {
        *wrong = Some("Nobody has so long an id: 260 characters are the most.");
    }
    some(text)
}

fn parsed<T: std::str::FromStr>(text: &str, message: &'static str, wrong: &mut Option<&'static str>) -> Option<T> {
    if text.is_empty() {
        return None;
    }
    let value = text.parse().ok();
    if value.is_none() {
        *wrong = Some(message);
    }
    value
}

/// A moment in UTC, as browsers send it, as a day, or with its zone as programs write it (RFC 3339).
fn moment(text: &str, wrong: &mut Option<&'static str>) -> Option<DateTime<Utc>> {
    if text.is_empty() {
        return None;
    }
    let local = |form| NaiveDateTime::parse_from_str(text, form).ok();
    let time = local("%Y-%m-%dT%H:%M")
        .or_else(|| local("%Y-%m-%dT%H:%M:%S"))
        .or_else(|| Some(text.parse::<NaiveDate>().ok()?.and_time(NaiveTime::MIN)))
        .map(|time| time.and_utc())
        .or_else(|| Some(DateTime::parse_from_rfc3339(text).ok()?.to_utc()));
    if time.is_none() {
        *wrong = Some("That is no time: 2026-03-01T12:00 is one, and 2026-03-01 as well.");
    }
    time
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Option<String> {
        let mut wrong = None;
        let time = moment(text, &mut wrong);
        assert_eq!(wrong.is_some(), time.is_none(), "{text}");
        time.map(|time| time.to_rfc3339())
    }

    #[test]
    fn times_are_read_as_people_and_browsers_write_them() {
        for text in [
            "2026-03-01",
            "2026-03-01T00:00",
            "2026-03-01T00:00:00",
            "2026-03-01T01:00:00+01:00",
        ] {
            assert_eq!(time(text).as_deref(), Some("2026-03-01T00:00:00+00:00"), "{text}");
        }
        assert_eq!(time("1.3.2026"), None);
    }

    #[test]
    fn who_may_read_one_account_reads_no_other() {
        let own: AccountId = "acme".parse().unwrap();
        let of = |account: &str| {
            let search = Search {
                account: account.to_owned(),
                ..Search::default()
            };
            let filter = search.filter(Some(&own), 1);
            filter.map(|filter| filter.unwrap().account).ok()
        };
        assert_eq!(of(""), Some(Some(own.clone())));
        assert_eq!(of("acme"), Some(Some(own.clone())));
        assert_eq!((of("rival"), of("not/an/id")), (None, None));
    }

    #[test]
    fn an_actor_is_looked_for_whole_or_not_at_all() {
        let of = |length: usize| {
            let search = Search {
                actor: "a".repeat(length),
                ..Search::default()
            };
            search.trimmed().filter(None, 1).ok().unwrap()
        };
        assert_eq!(of(260).unwrap().actor.unwrap().len(), 260);
        assert!(of(261).unwrap_err().actor.is_some());
    }

    #[test]
    fn what_cannot_be_read_is_said_and_nothing_is_looked_for() {
        let search = Search {
            account: "not/an/id".to_owned(),
            to: "soon".to_owned(),
            ..Search::default()
        };
        let wrong = search.filter(None, 1).ok().unwrap().unwrap_err();
        assert!(wrong.account.is_some() && wrong.to.is_some() && wrong.from.is_none());
    }
}
