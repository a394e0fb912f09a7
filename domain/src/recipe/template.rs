/// A text with placeholders, parsed once.
///
/// `{name}` is a placeholder, `{{` a brace, and everything else stands for itself, so that a GraphQL query needs an
/// escape only where it writes `{name}` without a space.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template {
    parts: Vec<Part>,
    has_stray_brace: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    Literal(String),
    Variable(String),
}

impl Template {
    pub(super) fn parse(text: &str) -> Self {
        let mut template = Self {
            parts: Vec::new(),
            has_stray_brace: false,
        };
        let mut literal = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            literal.push_str(&rest[..at]);
            rest = &rest[at..];
            if let Some(after) = rest.strip_prefix("{{") {
                literal.push('{');
                rest = after;
            } else if let Some((name, after)) = placeholder(rest) {
                template.push_literal(&mut literal);
                template.parts.push(Part::Variable(name.to_owned()));
                rest = after;
            } else {
                template.has_stray_brace = true;
                literal.push_str(&rest[..1]);
                rest = &rest[1..];
            }
        }
        literal.push_str(rest);
        template.push_literal(&mut literal);
        template
    }

    fn push_literal(&mut self, literal: &mut String) {
        if !literal.is_empty() {
            self.parts.push(Part::Literal(std::mem::take(literal)));
        }
    }

    pub(super) fn parts(&self) -> &[Part] {
        &self.parts
    }

    pub(super) fn variables(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Variable(name) => Some(name.as_str()),
            Part::Literal(_) => None,
        })
    }

    pub(super) fn literals(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Literal(text) => Some(text.as_str()),
            Part::Variable(_) => None,
        })
    }

    /// The one placeholder that is all of it.
    pub(super) fn sole_variable(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [Part::Variable(name)] => Some(name),
            _ => None,
        }
    }

    /// Whether a brace stands for itself without being escaped. Outside of a body that is a slip of the pen.
    pub(super) const fn has_stray_brace(&self) -> bool {
        self.has_stray_brace
    }
}

/// A placeholder at the start of `text`, and what follows it.
pub(super) fn placeholder(text: &str) -> Option<(&str, &str)> {
    let (name, after) = text.strip_prefix('{')?.split_once('}')?;
    is_name(name).then_some((name, after))
}

/// Whether `name` can name a field or a derived value: a letter, then letters, digits and `_`.
pub(super) fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn literal(text: &str) -> Part {
        Part::Literal(text.to_owned())
    }

    fn variable(name: &str) -> Part {
        Part::Variable(name.to_owned())
    }

    #[test]
    fn placeholders_and_literals_are_told_apart() {
        assert_eq!(Template::parse("").parts(), []);
        assert_eq!(Template::parse("plain").parts(), [literal("plain")]);
        assert_eq!(Template::parse("{a}").parts(), [variable("a")]);
        assert_eq!(
            Template::parse("x{a}{b_2}y").parts(),
            [literal("x"), variable("a"), variable("b_2"), literal("y")]
        );
    }

    #[test]
    fn braces_that_are_no_placeholder_stand_for_themselves() {
        let graphql = Template::parse("{ shop { name } }");
        assert_eq!(graphql.parts(), [literal("{ shop { name } }")]);
        assert!(graphql.has_stray_brace());
        let escaped = Template::parse("{{shop{{name}}");
        assert_eq!(escaped.parts(), [literal("{shop{name}}")]);
        assert_eq!(Template::parse("{2a}{}{a-b}").variables().count(), 0);
        assert!(!Template::parse("{{").has_stray_brace());
        assert!(Template::parse("{api_key").has_stray_brace());
    }
}
