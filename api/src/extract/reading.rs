use std::str::FromStr;

use chrono::{DateTime, Utc};
use domain::Position;
use projections::AsOf;
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use utoipa::IntoParams;

use crate::problem::{Code, Problem};

/// How many items a page has unless the caller says.
const DEFAULT_LIMIT: u32 = 50;

/// How many items a page has at most.
const MAX_LIMIT: u32 = 200;

/// Which part of a list is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    /// How many items at most.
    #[serde(default, deserialize_with = "number")]
    #[param(minimum = 1, maximum = 200, default = 50)]
    pub limit: Option<u32>,
    /// Where to go on: the `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// The number of items that is asked for, within its bounds.
///
/// # Errors
/// A problem that names the bounds.
pub(crate) fn page_size(limit: Option<u32>) -> Result<u32, Problem> {
    let limit = limit.unwrap_or(DEFAULT_LIMIT);
    if (1..=MAX_LIMIT).contains(&limit) {
        return Ok(limit);
    }
    let message = format!("a number from 1 to {MAX_LIMIT} is expected");
    Err(Problem::field(
        Code::InvalidParameter,
        "/query/limit",
        "invalid-value",
        message,
    ))
}

/// A cursor of a list that goes on after an id.
///
/// # Errors
/// A problem when it is none that such a list gave.
pub(crate) fn cursor<T: FromStr>(cursor: Option<&str>) -> Result<Option<T>, Problem> {
    let parsed = cursor.map(str::parse).transpose();
    parsed.map_err(|_| {
        let message = "use the next_cursor that the page before gave";
        Problem::field(Code::InvalidParameter, "/query/cursor", "invalid-value", message)
    })
}

/// A text to look for, of at most `max` characters: whoever asks decides how much work the search is.
///
/// # Errors
/// A problem that names the parameter and the bound.
pub(crate) fn at_most(parameter: &str, text: Option<String>, max: usize) -> Result<Option<String>, Problem> {
    if text.as_ref().is_none_or(|text| text.chars().count() <= max) {
        return Ok(text);
    }
    let pointer = format!("/query/{parameter}");
    let message = format!("at most {max} characters are looked for");
    Err(Problem::field(Code::InvalidParameter, &pointer, "too-long", message))
}

/// The position after which to go on; the start of the log when none is named.
///
/// # Errors
/// A problem when no log has such a position.
pub(crate) fn place(after: Option<Position>) -> Result<Position, Problem> {
    let after = after.unwrap_or_default();
    if i64::try_from(after.to_stored()).is_ok() {
        return Ok(after);
    }
    let message = "use the `next` that the page before gave";
    Err(Problem::field(
        Code::InvalidParameter,
        "/query/after",
        "invalid-value",
        message,
    ))
}

/// A number in a query string, where everything is text.
pub(crate) fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse()
        .map(Some)
        .map_err(|_| D::Error::custom("not a valid number: a whole number is expected"))
}

/// A time in a body, which may be left out or null.
pub(crate) fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<DateTime<Utc>>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else {
        return Ok(None);
    };
    let time = DateTime::parse_from_rfc3339(&text);
    time.map(|time| Some(time.to_utc()))
        .map_err(|_| D::Error::custom("not a valid time: 2026-03-01T12:00:00Z is one (RFC 3339)"))
}

/// A moment of the past in a query string.
pub(crate) fn moment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<AsOf>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let moment = text.parse().map(Some);
    moment.map_err(|_| D::Error::custom("not a valid moment: a time such as 2026-03-01T12:00:00Z or a position"))
}
