use secrecy::ExposeSecret;
use serde_json::Value;

use super::leak::repeats;
use super::spec::fields;
use super::{BodyMatch, FieldValues, HeaderMatch, HttpResponse, Rule, Test, pattern};
use crate::integration::{TestOutcome, Verdict};
use crate::provider::ProviderRow;

/// The longest identity that is kept, in characters.
const MAX_IDENTITY: usize = 200;

/// Reads a provider's answer to a test.
///
/// Where no rule holds, 429 is `rate_limited`, 408 and 5xx are `unreachable`, and anything else is `misconfigured`: the
/// row does not know this answer, and so it says nothing of the key.
#[must_use]
pub fn judge(row: &ProviderRow, values: &FieldValues, response: &HttpResponse) -> TestOutcome {
    let Some(test) = &row.recipe.test else {
        return TestOutcome {
            verdict: Verdict::Untestable,
            code: None,
            identity: None,
        };
    };
    // Some servers begin with a byte order mark, which a reader may pass over (RFC 8259, section 8.1).
    let json = response.body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&response.body);
    let body = serde_json::from_slice(json).ok();
    let answer = Answer { response, body };
    let Some((verdict, rule)) = answer.best_rule(test) else {
        return without_rule(response.status);
    };
    let default_code = match verdict {
        Verdict::Rejected => Some("invalid_credential"),
        Verdict::AcceptedWithWarning => Some("warning"),
        _ => None,
    };
    let identity = test.identity.as_ref().filter(|_| verdict.is_accepted());
    TestOutcome {
        verdict,
        code: rule.code.clone().or_else(|| default_code.map(str::to_owned)),
        identity: identity.and_then(|identity| answer.identity(row, values, &identity.pointer)),
    }
}

fn without_rule(status: u16) -> TestOutcome {
    match status {
        429 => TestOutcome::with_code(Verdict::RateLimited, "rate_limited"),
        408 => TestOutcome::with_code(Verdict::Unreachable, "timeout"),
        500.. => TestOutcome::with_code(Verdict::Unreachable, "provider_error"),
        300..=399 => TestOutcome::with_code(Verdict::Misconfigured, "redirected"),
        _ => TestOutcome::with_code(Verdict::Misconfigured, "unexpected_answer"),
    }
}

/// Whether a status says nothing of the key by itself, so that only a rule that names it counts.
pub(super) fn is_outage(status: u16) -> bool {
    matches!(status, 300..=399 | 408 | 429 | 500..)
}

struct Answer<'a> {
    response: &'a HttpResponse,
    body: Option<Value>,
}

impl Answer<'_> {
    /// The most specific rule that holds. Among equals a rejection comes before a warning and a warning before an
    /// acceptance, so that a vague rule never makes a key look better than it is.
    fn best_rule<'t>(&self, test: &'t Test) -> Option<(Verdict, &'t Rule)> {
        let rejections = test.reject.iter().map(|rule| (Verdict::Rejected, rule));
        let warnings = test.warn.iter().map(|rule| (Verdict::AcceptedWithWarning, rule));
        let acceptances = test.accept.iter().map(|rule| (Verdict::Accepted, rule));
        let holding = rejections.chain(warnings).chain(acceptances);
        let ranked = holding.filter_map(|(verdict, rule)| self.rank(rule).map(|rank| (rank, verdict, rule)));
        // `min_by_key` keeps the first of equals.
        ranked
            .min_by_key(|(rank, ..)| *rank)
            .map(|(_, verdict, rule)| (verdict, rule))
    }

    /// How vague a rule that holds is, as (vagueness of its conditions, width of the status); none when it does not
    /// hold. To look for a value is vaguer than to compare it.
    fn rank(&self, rule: &Rule) -> Option<(u8, u16)> {
        let width = match &rule.status {
            Some(set) => set.width_at(self.response.status)?,
            None => u16::MAX,
        };
        if is_outage(self.response.status) && width != 1 {
            return None;
        }
        let body = match &rule.body {
            Some(condition) if !body_holds(condition, self.body.as_ref()) => return None,
            Some(condition) => u8::from(condition.exists.is_some()),
            None => 2,
        };
        let header = match &rule.header {
            Some(condition) if !header_holds(condition, self.response) => return None,
            Some(condition) => u8::from(condition.exists.is_some()),
            None => 2,
        };
        Some((body + header, width))
    }

    /// Whom the key belongs to, in one line and without any of the account's secrets.
    fn identity(&self, row: &ProviderRow, values: &FieldValues, pointer: &str) -> Option<String> {
        let text = match self.body.as_ref()?.pointer(pointer)? {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => return None,
        };
        let line: String = text.chars().filter(|c| !c.is_control() && !is_unseen(*c)).collect();
        let line = line.trim();
        let fields = fields(row);
        let is_public = |name: &str| fields.iter().any(|field| field.name == name && !field.secret);
        let mut secrets = values.iter().filter(|(name, _)| !is_public(name));
        let leaks = secrets.any(|(_, value)| repeats(line, value.expose_secret()));
        if leaks || line.is_empty() {
            None
        } else {
            Some(line.chars().take(MAX_IDENTITY).collect())
        }
    }
}

/// Whether a character has no shape of its own: one without width, or one that turns the direction of what follows.
fn is_unseen(c: char) -> bool {
    matches!(c, '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
}

fn body_holds(condition: &BodyMatch, body: Option<&Value>) -> bool {
    // A body that is no JSON satisfies nothing, not even the absence of a value: it may have been cut off.
    let Some(body) = body else { return false };
    let value = body.pointer(&condition.pointer);
    let equals = condition.equals.as_ref().is_none_or(|expected| value == Some(expected));
    let exists = condition
        .exists
        .is_none_or(|expected| value.is_some_and(|value| !value.is_null()) == expected);
    let one_of = condition
        .one_of
        .as_ref()
        .is_none_or(|list| value.is_some_and(|value| list.contains(value)));
    let members = value.and_then(Value::as_array);
    let contains = condition
        .contains
        .as_ref()
        .is_none_or(|member| members.is_some_and(|list| list.contains(member)));
    let text = value.and_then(Value::as_str);
    equals && exists && one_of && contains && found(condition.matches.as_deref(), text)
}

fn header_holds(condition: &HeaderMatch, response: &HttpResponse) -> bool {
    let mut headers = response.headers.iter();
    let value = headers
        .find(|(name, _)| name.eq_ignore_ascii_case(&condition.name))
        .map(|(_, value)| value.as_str());
    let equals = condition
        .equals
        .as_deref()
        .is_none_or(|expected| value == Some(expected));
    let exists = condition.exists.is_none_or(|expected| value.is_some() == expected);
    equals && exists && found(condition.matches.as_deref(), value)
}

/// Whether a pattern is found in a text; no pattern asks for nothing.
fn found(expression: Option<&str>, text: Option<&str>) -> bool {
    expression.is_none_or(|expression| {
        text.is_some_and(|text| pattern::compile(expression).is_some_and(|pattern| pattern.is_match(text)))
    })
}
