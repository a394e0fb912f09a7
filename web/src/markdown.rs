use pulldown_cmark::{CowStr, Event, LinkType, Options, Parser, Tag, TagEnd, html};
use url::Url;

/// Markdown of a row as HTML that can be shown as it is: paragraphs, lists, emphasis, code and links to https.
///
/// Whatever else a row holds is shown as the text that it is. Only the events of the list below become markup, and the
/// renderer escapes their texts, so that nothing a row says can become an element of its own.
pub(crate) fn rendered(markdown: &str) -> String {
    let events = Parser::new_ext(markdown, Options::empty()).filter_map(harmless);
    let mut out = String::new();
    html::push_html(&mut out, events);
    out
}

fn harmless(event: Event<'_>) -> Option<Event<'_>> {
    match event {
        Event::Html(text) | Event::InlineHtml(text) => Some(Event::Text(text)),
        Event::Start(tag) => start(tag),
        Event::End(tag) => end(tag),
        Event::Text(_) | Event::Code(_) | Event::SoftBreak | Event::HardBreak => Some(event),
        _ => None,
    }
}

fn start(tag: Tag<'_>) -> Option<Event<'_>> {
    match tag {
        Tag::Link { dest_url, .. } => {
            let dest_url = if is_https(&dest_url) {
                dest_url
            } else {
                CowStr::from("#")
            };
            Some(Event::Start(Tag::Link {
                link_type: LinkType::Inline,
                dest_url,
                title: CowStr::from(""),
                id: CowStr::from(""),
            }))
        }
        Tag::Paragraph | Tag::List(_) | Tag::Item | Tag::Emphasis | Tag::Strong => Some(Event::Start(tag)),
        // A heading of a row would stand among those of the page.
        Tag::Heading { .. } | Tag::CodeBlock(_) | Tag::HtmlBlock => Some(Event::Start(Tag::Paragraph)),
        _ => None,
    }
}

fn end(tag: TagEnd) -> Option<Event<'static>> {
    match tag {
        TagEnd::Paragraph | TagEnd::List(_) | TagEnd::Item | TagEnd::Emphasis | TagEnd::Strong | TagEnd::Link => {
            Some(Event::End(tag))
        }
        TagEnd::Heading(_) | TagEnd::CodeBlock | TagEnd::HtmlBlock => Some(Event::End(TagEnd::Paragraph)),
        _ => None,
    }
}

fn is_https(address: &str) -> bool {
    Url::parse(address).is_ok_and(|url| url.scheme() == "https")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_instructions_need_is_rendered() {
        assert_eq!(
            rendered("Go to **Profile** → [API keys](https://a.example/keys):\n\n1. one\n2. `two`"),
            "<p>Go to <strong>Profile</strong> → <a href=\"https://a.example/keys\">API keys</a>:</p>\n<ol>\n<li>one</li>\n<li><code>two</code></li>\n</ol>\n"
        );
    }

    #[test]
    fn markup_of_a_row_is_text() {
        for attack in [
            "<script>alert(1)</script>",
            "a <img src=x onerror=alert(1)> b",
            "<div onclick=alert(1)>\nx\n</div>",
            "# <svg onload=alert(1)>",
            "```\"><script>\nx</script>\n```",
            "![x](https://evil.example/pixel.png)",
            "| a |\n|---|\n| <b>x</b> |",
        ] {
            let html = rendered(attack);
            let elements: Vec<_> = html
                .split('<')
                .skip(1)
                .map(|rest| rest.split(['>', ' ']).next().unwrap())
                .collect();
            assert!(
                elements.iter().all(|name| ["p", "/p"].contains(name)),
                "{attack} became {html}"
            );
        }
    }

    #[test]
    fn only_https_is_linked_to() {
        for attack in [
            "[x](javascript:alert(1))",
            "[x](data:text/html,x)",
            "[x](/settings)",
            "<javascript:alert(1)>",
            "[x](JaVaScRiPt:alert(1))",
            "[x](http://a.example)",
        ] {
            let html = rendered(attack);
            assert!(
                !html.contains("href") || html.contains("href=\"#\""),
                "{attack} became {html}"
            );
        }
    }
}
