use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// An answer that has a meaning. All its conditions must hold; where several rules hold, the most specific one counts.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RecipeRule, example = json!({"status": 429, "body": {"pointer": "/error/code", "equals": "insufficient_quota"}, "code": "no_funds"}))]
pub struct Rule {
    /// The status: `200`, `[200, 204]`, `"4xx"` or `"200-299"`.
    #[schema(value_type = Option<Value>)]
    pub status: Option<u16>,
    /// What the JSON body must hold.
    pub body: Option<BodyMatch>,
    /// What a header must hold.
    pub header: Option<HeaderMatch>,
    /// Why, as a stable code.
    #[schema(example = "insufficient_scope")]
    pub code: Option<String>,
}

/// A condition on the JSON body. Exactly one of the comparisons is given.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RecipeBodyMatch)]
pub struct BodyMatch {
    /// A JSON pointer (RFC 6901) to the value that is compared.
    pub pointer: String,
    /// The value is this one.
    pub equals: Option<Value>,
    /// There is such a value, other than null, or there is none.
    pub exists: Option<bool>,
    /// The value is one of these.
    #[serde(rename = "in")]
    pub one_of: Option<Vec<Value>>,
    /// The value is a list with this member.
    pub contains: Option<Value>,
    /// The value is a string in which this regular expression is found.
    pub matches: Option<String>,
}

/// A condition on a header. Exactly one of the comparisons is given.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RecipeHeaderMatch)]
pub struct HeaderMatch {
    /// The name, in any case.
    pub name: String,
    /// The value is this one.
    pub equals: Option<String>,
    /// There is such a header, or there is none.
    pub exists: Option<bool>,
    /// This regular expression is found in the value.
    pub matches: Option<String>,
}
