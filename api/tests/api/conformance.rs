//! Holds every answer of every test against the OpenAPI document.

use std::sync::OnceLock;

use serde_json::Value;

use crate::answer::Answer;

/// The document as programs read it.
pub(crate) fn document() -> &'static Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    DOCUMENT.get_or_init(|| serde_json::to_value(api::openapi_document()).unwrap())
}

/// The path in the document that a real path is of.
pub(crate) fn template_of(path: &str) -> Option<&'static str> {
    let fits = |template: &str| {
        let (template, path): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
        template.len() == path.len() && template.iter().zip(&path).all(|(t, p)| t == p || t.starts_with('{'))
    };
    let mut found: Vec<_> = document()["paths"]
        .as_object()
        .unwrap()
        .keys()
        .filter(|template| fits(template))
        .collect();
    found.sort_by_key(|template| template.matches('{').count());
    found.first().map(|template| template.as_str())
}

/// Fails when an answer is not as the document says.
#[track_caller]
pub(crate) fn check(method: &str, path: &str, answer: &Answer) {
    let Some(template) = template_of(path) else {
        return;
    };
    let operation = &document()["paths"][template][method.to_lowercase()];
    if operation.is_null() {
        return;
    }
    let responses = &operation["responses"];
    let status = answer.status.to_string();
    let described = responses.get(&status).unwrap_or(&responses["default"]);
    let what = format!("{method} {template} → {status}");
    assert!(!described.is_null(), "{what} is not in the document: {}", answer.text());
    let media = answer.header("content-type").split(';').next().unwrap_or_default();
    let content = &described["content"];
    if content.is_null() {
        assert!(answer.bytes.is_empty(), "{what} has a body: {}", answer.text());
        return;
    }
    let schema = &content[media]["schema"];
    assert!(
        !schema.is_null(),
        "{what} is of the media type {media:?}, which is not in the document"
    );
    if media.ends_with("json") {
        fits(schema, &answer.body).unwrap_or_else(|why| panic!("{what} is not of its form: {why}\n{}", answer.text()));
    }
}

fn resolve(schema: &Value) -> &Value {
    match schema["$ref"].as_str() {
        Some(reference) => document().pointer(&reference[1..]).unwrap(),
        None => schema,
    }
}

/// The part of JSON Schema that the document uses.
fn fits(schema: &Value, value: &Value) -> Result<(), String> {
    let schema = resolve(schema);
    for (word, at_least_one) in [("oneOf", true), ("anyOf", true), ("allOf", false)] {
        let Some(parts) = schema[word].as_array() else { continue };
        if word == "allOf" {
            return all_of(parts, value);
        }
        let found = parts.iter().any(|part| fits(part, value).is_ok());
        return if found == at_least_one {
            Ok(())
        } else {
            Err(format!("{value} is none of {word}"))
        };
    }
    if let Some(choices) = schema["enum"].as_array()
        && !choices.contains(value)
    {
        return Err(format!("{value} is not one of {choices:?}"));
    }
    let allowed = match &schema["type"] {
        Value::String(one) => vec![one.as_str()],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => return Ok(()),
    };
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let of_type = allowed.contains(&kind) || (kind == "integer" && allowed.contains(&"number"));
    if !of_type {
        return Err(format!("{value} is of type {kind}, not {allowed:?}"));
    }
    match value {
        Value::Array(items) => items.iter().try_for_each(|item| fits(&schema["items"], item)),
        Value::Object(_) => object(&[schema], value),
        _ => Ok(()),
    }
}

/// The members of an object that is described in parts belong to any of them.
fn all_of(parts: &[Value], value: &Value) -> Result<(), String> {
    let parts: Vec<_> = parts.iter().map(resolve).collect();
    object(&parts, value)
}

fn object(parts: &[&Value], value: &Value) -> Result<(), String> {
    let members = value.as_object().ok_or_else(|| format!("{value} is no object"))?;
    let free = parts
        .iter()
        .all(|part| part["properties"].is_null() && part["additionalProperties"].is_null());
    for (name, member) in members {
        let described = parts.iter().find_map(|part| {
            part["properties"]
                .get(name)
                .or_else(|| part.get("additionalProperties").filter(|more| more.is_object()))
        });
        match described {
            Some(schema) => fits(schema, member).map_err(|why| format!("{name}: {why}"))?,
            None if free => {}
            None => return Err(format!("nobody told of the member {name:?}")),
        }
    }
    let required = parts.iter().filter_map(|part| part["required"].as_array()).flatten();
    for name in required.filter_map(Value::as_str) {
        if !members.contains_key(name) {
            return Err(format!("the member {name:?} is missing"));
        }
    }
    Ok(())
}
