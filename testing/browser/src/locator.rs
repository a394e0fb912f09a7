use std::fmt;

use serde_json::{Value, json};

use crate::driver::{Driver, Element, Failure};

/// How many elements are asked for their names; whoever means one of more has to say more.
const MAX_CANDIDATES: usize = 60;

/// Which element of a page is meant. Only what can be seen is found.
#[derive(Debug, Clone)]
pub struct Locator {
    kind: Kind,
    wanted: String,
    scope: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Css,
    Text,
    Button,
    Link,
    Field,
}

/// The elements that a CSS selector selects.
#[must_use]
pub fn css(selector: &str) -> Locator {
    Locator::new(Kind::Css, selector)
}

/// The innermost elements whose visible text contains `part`, in its case; white space counts as one space.
#[must_use]
pub fn text(part: &str) -> Locator {
    Locator::new(Kind::Text, part)
}

/// A button with this accessible name, as the browser computes it for a screen reader.
#[must_use]
pub fn button(name: &str) -> Locator {
    Locator::new(Kind::Button, name)
}

/// A link with this accessible name.
#[must_use]
pub fn link(name: &str) -> Locator {
    Locator::new(Kind::Link, name)
}

/// An input, select or text area with this accessible name, which is its label as a rule.
#[must_use]
pub fn field(label: &str) -> Locator {
    Locator::new(Kind::Field, label)
}

impl From<&str> for Locator {
    /// A plain text is a CSS selector.
    fn from(selector: &str) -> Self {
        css(selector)
    }
}

impl Locator {
    fn new(kind: Kind, wanted: &str) -> Self {
        Self {
            kind,
            wanted: wanted.to_owned(),
            scope: None,
        }
    }

    /// The same, but only below elements that a CSS selector selects, such as `dialog[open]`.
    #[must_use]
    pub fn inside(self, selector: &str) -> Self {
        Self {
            scope: Some(selector.to_owned()),
            ..self
        }
    }

    /// All elements that are meant, as the page is now.
    pub(crate) fn find(&self, driver: &Driver) -> Result<Vec<Element>, Failure> {
        let arguments = json!([self.kind.name(), self.wanted, self.scope]);
        let found = driver.script(include_str!("find.js"), &arguments)?;
        let found: Vec<Element> = found
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Element::read)
            .collect();
        if matches!(self.kind, Kind::Css | Kind::Text) {
            return Ok(found);
        }
        if found.len() > MAX_CANDIDATES {
            return Err(Failure::Refused {
                code: "invalid argument".to_owned(),
                message: format!("{} elements could be {self}; say inside what it is", found.len()),
            });
        }
        let mut meant = Vec::new();
        for element in found {
            if one_line(&driver.of(&element, "computedlabel")?) == self.wanted {
                meant.push(element);
            }
        }
        Ok(meant)
    }
}

impl Kind {
    /// What `find.js` calls it.
    const fn name(self) -> &'static str {
        match self {
            Self::Css => "css",
            Self::Text => "text",
            Self::Button => "button",
            Self::Link => "link",
            Self::Field => "field",
        }
    }
}

impl fmt::Display for Locator {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Css => write!(out, "`{}`", self.wanted)?,
            kind => write!(out, "the {} “{}”", kind.name(), self.wanted)?,
        }
        match &self.scope {
            Some(scope) => write!(out, " inside `{scope}`"),
            None => Ok(()),
        }
    }
}

/// A text with its white space as single spaces.
pub(crate) fn one_line(value: &Value) -> String {
    let text = value.as_str().unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
