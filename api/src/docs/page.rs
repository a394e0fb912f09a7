use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

use super::schema::{choices, example, members, type_of};
use super::text::{escape, inline, paragraphs};
use crate::problem::Code;

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// The whole page.
pub(super) fn render(document: &Value, style: &str) -> String {
    let info = &document["info"];
    let title = escape(info["title"].as_str().unwrap_or_default());
    let version = escape(info["version"].as_str().unwrap_or_default());
    let mut html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\"><title>{title}</title><style>{style}</style></head><body>"
    );
    html.push_str(&navigation(document));
    let _ = write!(
        html,
        "<main><h1>{title} <small>{version}</small></h1>{}<p>The same as a document for programs: \
         <a href=\"/openapi.json\">/openapi.json</a> (OpenAPI 3.1).</p>",
        paragraphs(info["description"].as_str().unwrap_or_default())
    );
    for tag in tags(document) {
        html.push_str(&group(document, tag));
    }
    html.push_str(&problems());
    html.push_str(&schemas(document));
    html.push_str("</main></body></html>");
    html
}

fn tags(document: &Value) -> impl Iterator<Item = &Value> {
    document["tags"].as_array().into_iter().flatten()
}

/// The operations of a tag: path, method and the operation itself, in the order of the paths.
fn operations<'a>(document: &'a Value, tag: &str) -> Vec<(&'a str, &'static str, &'a Value)> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for method in METHODS {
            let operation = &item[method];
            if operation["tags"]
                .as_array()
                .is_some_and(|tags| tags.iter().any(|one| one == tag))
            {
                found.push((path.as_str(), method, operation));
            }
        }
    }
    found
}

fn navigation(document: &Value) -> String {
    let mut html = String::from("<nav>");
    for tag in tags(document) {
        let name = tag["name"].as_str().unwrap_or_default();
        let _ = write!(html, "<h2>{}</h2><ul>", escape(name));
        for (_, _, operation) in operations(document, name) {
            let id = escape(operation["operationId"].as_str().unwrap_or_default());
            let summary = escape(operation["summary"].as_str().unwrap_or_default().trim_end_matches('.'));
            let _ = write!(html, "<li><a href=\"#{id}\">{summary}</a></li>");
        }
        html.push_str("</ul>");
    }
    html.push_str("<h2>More</h2><ul><li><a href=\"#problems\">Problems</a></li><li><a href=\"#schemas\">Schemas</a></li></ul></nav>");
    html
}

fn group(document: &Value, tag: &Value) -> String {
    let name = tag["name"].as_str().unwrap_or_default();
    let description = paragraphs(tag["description"].as_str().unwrap_or_default());
    let operations: Vec<_> = operations(document, name)
        .into_iter()
        .map(|(path, method, operation)| operation_html(path, method, operation))
        .collect();
    format!(
        "<section><h2>{}</h2>{description}{}</section>",
        escape(name),
        operations.concat()
    )
}

fn operation_html(path: &str, method: &str, operation: &Value) -> String {
    let id = escape(operation["operationId"].as_str().unwrap_or_default());
    let summary = inline(operation["summary"].as_str().unwrap_or_default().trim_end_matches('.'));
    let mut html = format!(
        "<article id=\"{id}\"><h3>{summary}</h3><p class=\"route\"><b class=\"{method}\">{}</b> <code>{}</code></p>",
        method.to_uppercase(),
        escape(path)
    );
    html.push_str(&paragraphs(operation["description"].as_str().unwrap_or_default()));
    html.push_str(&parameters(operation));
    html.push_str(&request(operation));
    html.push_str(&responses(operation));
    html.push_str("</article>");
    html
}

fn parameters(operation: &Value) -> String {
    let Some(parameters) = operation["parameters"].as_array().filter(|list| !list.is_empty()) else {
        return String::new();
    };
    let rows: Vec<_> = parameters
        .iter()
        .map(|parameter| {
            let required = if parameter["required"] == true {
                "<em>required</em>"
            } else {
                ""
            };
            format!(
                "<tr><th><code>{}</code> {required}</th><td>{}, {}</td><td>{}</td></tr>",
                escape(parameter["name"].as_str().unwrap_or_default()),
                escape(parameter["in"].as_str().unwrap_or_default()),
                type_of(&parameter["schema"]),
                inline(parameter["description"].as_str().unwrap_or_default())
            )
        })
        .collect();
    format!("<h4>Parameters</h4><table><tbody>{}</tbody></table>", rows.concat())
}

fn request(operation: &Value) -> String {
    let body = &operation["requestBody"];
    let description = inline(body["description"].as_str().unwrap_or_default());
    let contents = body["content"].as_object().into_iter().flatten();
    let contents: Vec<_> = contents
        .map(|(media, content)| {
            format!(
                "<h4>Request</h4><p><code>{}</code>: {} {description}</p>{}",
                escape(media),
                type_of(&content["schema"]),
                example(content)
            )
        })
        .collect();
    contents.concat()
}

fn responses(operation: &Value) -> String {
    let by_status: BTreeMap<_, _> = operation["responses"].as_object().into_iter().flatten().collect();
    let mut rows = String::new();
    let mut examples = String::new();
    for (status, response) in by_status {
        let contents = response["content"].as_object();
        let kinds: Vec<_> = contents
            .into_iter()
            .flatten()
            .map(|(_, content)| type_of(&content["schema"]))
            .collect();
        let description = inline(response["description"].as_str().unwrap_or_default());
        let kinds = kinds.join(" or ");
        let _ = write!(
            rows,
            "<tr><th>{}</th><td>{kinds}</td><td>{description}</td></tr>",
            escape(status)
        );
        examples.extend(contents.into_iter().flatten().map(|(_, content)| example(content)));
    }
    format!("<h4>Answers</h4><table><tbody>{rows}</tbody></table>{examples}")
}

fn problems() -> String {
    let rows: Vec<_> = Code::ALL
        .iter()
        .map(|code| {
            let spec = code.spec();
            let (code, status) = (spec.code, spec.status);
            format!(
                "<tr id=\"problem-{code}\"><th><code>{code}</code></th><td>{status}</td><td>{}</td></tr>",
                escape(spec.title)
            )
        })
        .collect();
    format!(
        "<section id=\"problems\"><h2>Problems</h2><p>Every refusal is an <code>application/problem+json</code> (RFC 9457) \
         with a code that never changes its meaning. A decision that says no in the present state answers with its own \
         code, such as <code>key-taken</code>; the sentence in <code>detail</code> says what to do.</p>\
         <table><tbody>{}</tbody></table></section>",
        rows.concat()
    )
}

fn schemas(document: &Value) -> String {
    let mut html = String::from("<section id=\"schemas\"><h2>Schemas</h2>");
    for (name, schema) in document["components"]["schemas"].as_object().into_iter().flatten() {
        let name = escape(name);
        let description = paragraphs(schema["description"].as_str().unwrap_or_default());
        let kind = if schema["properties"].is_object() || schema["oneOf"].is_array() {
            String::new()
        } else {
            type_of(schema)
        };
        let _ = write!(
            html,
            "<article id=\"schema-{name}\"><h3>{name}</h3>{description}{kind}{}{}{}</article>",
            members(schema),
            choices(schema),
            example(schema)
        );
    }
    html.push_str("</section>");
    html
}
