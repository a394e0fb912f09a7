/// Text as HTML shows it.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// A description as paragraphs: blank lines part them, and back quotes mark code. That is all that the descriptions of
/// this API use of Markdown.
pub(super) fn paragraphs(text: &str) -> String {
    let paragraphs = text.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty());
    let paragraphs: Vec<_> = paragraphs
        .map(|paragraph| format!("<p>{}</p>", inline(paragraph)))
        .collect();
    paragraphs.concat()
}

/// A line with its code marked.
pub(super) fn inline(text: &str) -> String {
    let mut html = String::new();
    for (index, part) in text.split('`').enumerate() {
        if index % 2 == 1 {
            html.push_str("<code>");
            html.push_str(&escape(part));
            html.push_str("</code>");
        } else {
            html.push_str(&escape(part));
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_a_description_is_text() {
        assert_eq!(
            paragraphs("a <b> `c<d`\n\ne"),
            "<p>a &lt;b&gt; <code>c&lt;d</code></p><p>e</p>"
        );
    }
}
