use std::fmt::Write as _;

use serde_json::Value;

use super::text::{escape, inline};

/// The type of a schema in a few words, with links to the schemas that it names.
pub(super) fn type_of(schema: &Value) -> String {
    if let Some(name) = schema["$ref"]
        .as_str()
        .and_then(|reference| reference.rsplit('/').next())
    {
        let name = escape(name);
        return format!("<a href=\"#schema-{name}\">{name}</a>");
    }
    if let Some(choices) = schema["oneOf"].as_array().or_else(|| schema["anyOf"].as_array()) {
        let choices: Vec<_> = choices
            .iter()
            .filter(|choice| choice["type"] != "null")
            .map(type_of)
            .collect();
        return choices.join(" or ");
    }
    if let Some(parts) = schema["allOf"].as_array() {
        return parts.iter().map(type_of).collect::<Vec<_>>().join(" and ");
    }
    let name = match &schema["type"] {
        Value::String(name) => name.clone(),
        Value::Array(names) => {
            let names = names.iter().filter_map(Value::as_str).filter(|name| *name != "null");
            names.collect::<Vec<_>>().join(" or ")
        }
        _ => "any value".to_owned(),
    };
    match name.as_str() {
        "array" => format!("list of {}", type_of(&schema["items"])),
        "object" if schema["additionalProperties"].is_object() => {
            format!("map of {}", type_of(&schema["additionalProperties"]))
        }
        _ => with_details(&name, schema),
    }
}

fn with_details(name: &str, schema: &Value) -> String {
    let mut text = escape(name);
    if let Some(format) = schema["format"].as_str() {
        let _ = write!(text, " ({})", escape(format));
    }
    if let Some(choices) = schema["enum"].as_array() {
        let choices: Vec<_> = choices
            .iter()
            .map(|choice| format!("<code>{}</code>", escape(&shown(choice))))
            .collect();
        text = choices.join(" · ");
    }
    text
}

fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The members of an object as rows of a table.
pub(super) fn members(schema: &Value) -> String {
    let Some(properties) = schema["properties"].as_object() else {
        return String::new();
    };
    let required: Vec<_> = schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let mut html = String::from("<table><tbody>");
    for (name, property) in properties {
        let mut notes = Vec::new();
        if required.contains(&name.as_str()) {
            notes.push("required");
        }
        if property["writeOnly"] == true {
            notes.push("write-only");
        }
        let notes = if notes.is_empty() {
            String::new()
        } else {
            format!("<em>{}</em>", notes.join(", "))
        };
        let description = inline(property["description"].as_str().unwrap_or_default());
        let _ = write!(
            html,
            "<tr><th><code>{}</code> {notes}</th><td>{}</td><td>{description}</td></tr>",
            escape(name),
            type_of(property)
        );
    }
    html.push_str("</tbody></table>");
    html
}

/// The forms of a schema that is one of several.
pub(super) fn choices(schema: &Value) -> String {
    let Some(choices) = schema["oneOf"].as_array() else {
        return String::new();
    };
    let rows: Vec<_> = choices
        .iter()
        .map(|choice| {
            let description = inline(choice["description"].as_str().unwrap_or_default());
            let names = choice["properties"].as_object().into_iter().flatten();
            let members: Vec<_> = names
                .map(|(name, schema)| format!("<code>{}</code>: {}", escape(name), type_of(schema)))
                .collect();
            let form = if members.is_empty() {
                type_of(choice)
            } else {
                members.join(", ")
            };
            format!("<tr><th>{form}</th><td>{description}</td></tr>")
        })
        .collect();
    format!("<table><tbody>{}</tbody></table>", rows.concat())
}

/// An example as indented JSON.
pub(super) fn example(schema: &Value) -> String {
    let example = Some(&schema["example"]).filter(|example| !example.is_null());
    let example = example.or_else(|| schema["examples"].get(0));
    let Some(Ok(text)) = example.map(serde_json::to_string_pretty) else {
        return String::new();
    };
    format!("<pre>{}</pre>", escape(&text))
}
