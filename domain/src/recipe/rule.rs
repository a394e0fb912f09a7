use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::StatusSet;

/// An answer that has a meaning. All its conditions must hold.
///
/// Where several rules hold, the most specific one counts: first the one that looks closer at body and header (a
/// comparison before a mere `exists`, that before no look at all), then the one with the narrower status; among equals
/// a rejection before a warning before an acceptance.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The status: `200`, `[200, 204]`, `4xx` or `200-299`. A redirect, 408, 429 and 5xx only ever match where they are
    /// named one by one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<StatusSet>,
    /// What the JSON body must hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<BodyMatch>,
    /// What a header must hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<HeaderMatch>,
    /// Why, as a stable code, such as `insufficient_scope`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

/// A condition on the JSON body. Exactly one of the comparisons is given.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BodyMatch {
    /// A JSON pointer (RFC 6901) to the value that is compared.
    pub pointer: String,
    /// The value is this one.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub equals: Option<Value>,
    /// There is such a value, other than null, or there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exists: Option<bool>,
    /// The value is one of these.
    #[serde(default, rename = "in", skip_serializing_if = "Option::is_none")]
    pub one_of: Option<Vec<Value>>,
    /// The value is a list with this member.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub contains: Option<Value>,
    /// The value is a string in which this regular expression is found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matches: Option<String>,
}

/// A condition on a header. Exactly one of the comparisons is given.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeaderMatch {
    /// The name, in any case.
    pub name: String,
    /// The value is this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub equals: Option<String>,
    /// There is such a header, or there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exists: Option<bool>,
    /// This regular expression is found in the value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matches: Option<String>,
}

/// `equals: null` is a comparison with null, not an absent comparison.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}
