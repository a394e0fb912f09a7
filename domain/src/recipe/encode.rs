use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use zeroize::Zeroizing;

use super::RenderError;
use super::template::{Part, Template};
use super::variables::{Variable, Variables};

/// Everything but the unreserved characters of RFC 3986, section 2.3: what is left cannot end a segment, a name or a
/// value.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Percent-encodes `text` behind `out`.
pub(super) fn percent(text: &str, out: &mut String) {
    out.extend(utf8_percent_encode(text, RESERVED));
}

/// Expands a template. `literal` and `value` append a part in the form that its place needs; `value` refuses what
/// cannot stand there.
pub(super) fn expand(
    template: &Template,
    variables: &Variables<'_>,
    literal: impl Fn(&str, &mut String),
    value: impl Fn(&Variable<'_>, &str, &mut String) -> Result<(), RenderError>,
) -> Result<Zeroizing<String>, RenderError> {
    // A text that grows leaves copies of itself behind in memory; every byte becomes three at most.
    let mut size = 0;
    for part in template.parts() {
        size += match part {
            Part::Literal(text) => text.len(),
            Part::Variable(name) => variables.get(name)?.text()?.len(),
        };
    }
    let mut out = Zeroizing::new(String::with_capacity(size * 3));
    for part in template.parts() {
        match part {
            Part::Literal(text) => literal(text, &mut out),
            Part::Variable(name) => {
                let variable = variables.get(name)?;
                value(variable, variable.text()?, &mut out)?;
            }
        }
    }
    Ok(out)
}

/// Expands a template as it is, for a place that encodes the result as a whole.
pub(super) fn plain(template: &Template, variables: &Variables<'_>) -> Result<Zeroizing<String>, RenderError> {
    expand(
        template,
        variables,
        |text, out| out.push_str(text),
        |_, text, out| {
            out.push_str(text);
            Ok(())
        },
    )
}

/// Whether one of its placeholders is empty, so that the entry that it is the value of is left out.
pub(super) fn has_empty(template: &Template, variables: &Variables<'_>) -> Result<bool, RenderError> {
    for name in template.variables() {
        if variables.get(name)?.text()?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Expands the template of a path below `/`. A value stays inside its segment, and cannot be empty.
pub(super) fn path(template: &Template, variables: &Variables<'_>) -> Result<Zeroizing<String>, RenderError> {
    if !template.literals().all(is_path_text) {
        return Err(RenderError::PathText);
    }
    let path = expand(
        template,
        variables,
        |text, out| out.push_str(text),
        |variable, text, out| {
            if text.is_empty() {
                return Err(RenderError::Path {
                    field: variable.field(),
                });
            }
            percent(text, out);
            Ok(())
        },
    )?;
    // `.` and `..` are steps, not names, and stay so when they are percent-encoded (WHATWG URL, section 4.1).
    let is_step = |segment: &str| matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..");
    if !path.split('/').any(is_step) {
        return Ok(path);
    }
    let culprit = template.variables().next().and_then(|name| variables.get(name).ok());
    Err(culprit.map_or(RenderError::PathText, |variable| RenderError::Path {
        field: variable.field(),
    }))
}

/// Whether a text can stand in a path as a row writes it (RFC 3986, section 3.3). A `%` is followed by its two digits:
/// else a value could complete it.
fn is_path_text(text: &str) -> bool {
    let is_path_byte = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~!$&'()*+,;=:@%".contains(&byte);
    let is_escape = |rest: &str| {
        let digits = rest.as_bytes().get(..2);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    text.bytes().all(is_path_byte) && text.split('%').skip(1).all(is_escape)
}

/// Expands the template of a header value: visible ASCII and spaces, nothing that could begin another header.
pub(super) fn header(template: &Template, variables: &Variables<'_>) -> Result<Zeroizing<String>, RenderError> {
    if !template.literals().all(is_header_text) {
        return Err(RenderError::HeaderText);
    }
    expand(
        template,
        variables,
        |text, out| out.push_str(text),
        |variable, text, out| {
            if !is_header_text(text) {
                return Err(RenderError::Header {
                    field: variable.field(),
                });
            }
            out.push_str(text);
            Ok(())
        },
    )
}

/// Whether a text can stand in a header value.
pub(super) fn is_header_text(text: &str) -> bool {
    text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

/// Whether a text is a header's name: a token of RFC 9110, section 5.6.2.
pub(super) fn is_header_name(name: &str) -> bool {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(is_token)
}
