use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::normalise::normalise;
use super::problem::step;
use super::spec::fields;
use super::variables::is_visible;
use super::{Field, FieldValues, LintPolicy, Problem, RenderError, has_test, pattern, render_request, render_test};
use crate::provider::ProviderRow;

/// The longest value of a field, in bytes.
const MAX_VALUE: usize = 8 * 1024;

/// Checks pasted values against a row and brings them into the form in which they are stored.
///
/// Ends are trimmed. A default is filled in; an optional field that is empty is left out, and so is one that is not
/// visible. A value of an `enum` is stored, not what it maps to, so that the row alone decides what that is. The account's
/// own server is a public one at port 443, or one that the operator allows by `policy`.
///
/// # Errors
/// All that is wrong with them, each with a pointer to its field. No message repeats a value, and the name of an unknown
/// field is not repeated either, since people paste keys in the wrong place.
pub fn accept(
    row: &ProviderRow,
    mut raw: BTreeMap<String, SecretString>,
    policy: &LintPolicy,
) -> Result<FieldValues, Vec<Problem>> {
    let fields = fields(row);
    let mut problems = Vec::new();
    let mut accepted = FieldValues::default();
    let mut failed: Vec<&str> = Vec::new();
    for field in fields.iter().filter(|field| field.fixed.is_none()) {
        let pasted = raw.remove(&field.name);
        if field
            .visible_when
            .as_ref()
            .is_some_and(|when| failed.contains(&when.field.as_str()))
        {
            // Whether it applies is not known before the other field is put right.
            failed.push(&field.name);
            continue;
        }
        let text = trim(pasted.as_ref().map_or("", |value| value.expose_secret()));
        match accept_field(field, text, is_visible(field, &fields, &accepted), policy) {
            Ok(Some(value)) => accepted.insert(&field.name, value),
            Ok(None) => {}
            Err((code, message)) => {
                failed.push(&field.name);
                problems.push(at_field(field, code, message));
            }
        }
    }
    if !raw.is_empty() {
        problems.push(unknown(&fields));
    }
    if problems.is_empty() {
        problems = check_use(row, &fields, &accepted);
    }
    if problems.is_empty() {
        Ok(accepted)
    } else {
        Err(problems)
    }
}

/// Something was sent that the row does not ask for. What it was is not repeated.
fn unknown(fields: &[Field]) -> Problem {
    let asked = fields.iter().filter(|field| field.fixed.is_none());
    let asked: Vec<&str> = asked.map(|field| field.name.as_str()).collect();
    let asked = if asked.is_empty() {
        "no fields".to_owned()
    } else {
        asked.join(", ")
    };
    let message = format!("Something else was sent than this provider asks for. It asks for: {asked}.");
    Problem::new("/fields", "unknown_field", message)
}

type Refused = (&'static str, String);

fn accept_field(
    field: &Field,
    text: &str,
    visible: bool,
    policy: &LintPolicy,
) -> Result<Option<SecretString>, Refused> {
    let title = field.title();
    if !visible {
        let message = format!("{title} does not apply to the other choices; leave it out.");
        return if text.is_empty() {
            Ok(None)
        } else {
            Err(("not_applicable", message))
        };
    }
    if text.is_empty() {
        return match &field.default {
            Some(default) => Ok(Some(default.clone().into())),
            None if field.optional => Ok(None),
            None => Err(("missing", format!("{title} is missing; paste it."))),
        };
    }
    check_characters(field, text)?;
    for refusal in &field.refuse {
        if pattern::compile(&refusal.pattern).is_none_or(|pattern| pattern.is_match(text)) {
            return Err(("refused", refusal.message.clone()));
        }
    }
    let value = normalise(field, text, policy).map_err(|(code, what)| (code, format!("{title} {what}.")))?;
    let value = Zeroizing::new(value);
    if field.secret && value.contains(is_gap) {
        return Err((
            "inner_whitespace",
            format!("{title} has white space inside; copy it again in one piece."),
        ));
    }
    if value.is_empty() {
        return Err(("missing", format!("{title} is missing; paste it.")));
    }
    let matches = |expression: &String| pattern::compile_whole(expression).is_some_and(|p| p.is_match(&value));
    if !field.pattern.as_ref().is_none_or(matches) {
        let help = field.pattern_help.clone();
        let message = help.unwrap_or_else(|| format!("{title} does not look right; check that it was pasted in full."));
        return Err(("pattern", message));
    }
    Ok(Some(SecretString::from(value.as_str())))
}

fn check_characters(field: &Field, text: &str) -> Result<(), Refused> {
    let title = field.title();
    if text.len() > MAX_VALUE {
        return Err((
            "too_long",
            format!("{title} is longer than {MAX_VALUE} bytes; paste the value alone."),
        ));
    }
    if text.chars().any(char::is_control) {
        let code = if field.secret {
            "inner_whitespace"
        } else {
            "control_character"
        };
        return Err((
            code,
            format!("{title} has a line break or a control character inside; copy it again in one line."),
        ));
    }
    Ok(())
}

/// Takes off what is copied along by accident, also what nobody sees.
fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| is_gap(c) || c.is_control())
}

/// White space, and characters that have no width.
fn is_gap(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}' | '\u{00AD}')
}

/// Builds the requests once: a value that cannot stand where the row puts it is refused now, not when it is needed.
fn check_use(row: &ProviderRow, fields: &[Field], values: &FieldValues) -> Vec<Problem> {
    let request = render_request(row, values).err();
    let test = if has_test(row) {
        render_test(row, values).err()
    } else {
        None
    };
    let mut problems: Vec<Problem> = Vec::new();
    for error in [request, test].into_iter().flatten() {
        let field = error
            .field()
            .and_then(|name| fields.iter().find(|field| field.name == name));
        // An error of the row is none of the account's: the key is saved, and the test says `misconfigured`.
        if let Some(field) = field {
            let problem = at_field(field, "unusable", unusable(&error, field));
            if !problems.contains(&problem) {
                problems.push(problem);
            }
        }
    }
    problems
}

fn unusable(error: &RenderError, field: &Field) -> String {
    let help = field
        .pattern_help
        .as_ref()
        .map(|help| format!(" {help}"))
        .unwrap_or_default();
    let text = error.to_string();
    format!("{}: {text}.{help}", field.title())
}

fn at_field(field: &Field, code: &'static str, message: String) -> Problem {
    Problem::new(step("/fields", &field.name), code, message)
}
