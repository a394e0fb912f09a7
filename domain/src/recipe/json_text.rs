use serde_json::Value;
use zeroize::Zeroizing;

use super::template::Template;
use super::variables::Variables;
use super::{RenderError, encode};

/// Writes `value` as JSON with the templates in its strings filled in. Every string stays one string, whatever the
/// values hold. `extra` is one more member of the outermost object.
///
/// It is written straight into a buffer that is wiped, not by way of a [`Value`], which would leave secrets behind.
pub(super) fn write(
    value: &Value,
    extra: Option<(&str, &str)>,
    variables: &Variables<'_>,
) -> Result<Zeroizing<Vec<u8>>, RenderError> {
    // Room for two of the longest values: a buffer that grows leaves copies of itself behind.
    let mut out = Zeroizing::new(Vec::with_capacity(16 * 1024));
    match (value, extra) {
        (Value::Object(members), Some((name, text))) => {
            let mut separator = b'{';
            for (key, member) in members.iter().filter(|(key, _)| *key != name) {
                write_member(&mut separator, key, &mut out)?;
                write_value(member, variables, &mut out)?;
            }
            write_member(&mut separator, name, &mut out)?;
            write_string(text, &mut out)?;
            out.push(b'}');
        }
        (_, Some(_)) => return Err(RenderError::Body),
        (value, None) => write_value(value, variables, &mut out)?,
    }
    Ok(out)
}

fn write_value(value: &Value, variables: &Variables<'_>, out: &mut Vec<u8>) -> Result<(), RenderError> {
    match value {
        Value::String(text) => write_string(&encode::plain(&Template::parse(text), variables)?, out),
        Value::Array(items) => {
            let mut separator = b'[';
            for item in items {
                out.push(separator);
                separator = b',';
                write_value(item, variables, out)?;
            }
            out.extend_from_slice(if items.is_empty() { b"[]" } else { b"]" });
            Ok(())
        }
        Value::Object(members) => {
            let mut separator = b'{';
            for (key, member) in members {
                write_member(&mut separator, key, out)?;
                write_value(member, variables, out)?;
            }
            out.extend_from_slice(if members.is_empty() { b"{}" } else { b"}" });
            Ok(())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {
            serde_json::to_writer(out, value).map_err(|_| RenderError::Body)
        }
    }
}

fn write_member(separator: &mut u8, key: &str, out: &mut Vec<u8>) -> Result<(), RenderError> {
    out.push(*separator);
    *separator = b',';
    write_string(key, out)?;
    out.push(b':');
    Ok(())
}

fn write_string(text: &str, out: &mut Vec<u8>) -> Result<(), RenderError> {
    serde_json::to_writer(out, text).map_err(|_| RenderError::Body)
}

/// Every string of a JSON value, with its pointer: these are the templates of a body.
pub(super) fn strings(value: &Value, pointer: &str, found: &mut Vec<(String, String)>) {
    match value {
        Value::String(text) => found.push((pointer.to_owned(), text.clone())),
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                strings(item, &format!("{pointer}/{at}"), found);
            }
        }
        Value::Object(members) => {
            for (key, member) in members {
                strings(member, &super::problem::step(pointer, key), found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
