use std::collections::BTreeMap;

use zeroize::Zeroizing;

use super::template::Template;
use super::variables::Variables;
use super::{Auth, Body, Method, Pairs, RenderError, Test, encode, json_text};

/// The body of a test and its content type.
pub(super) struct Content {
    pub(super) content_type: &'static str,
    pub(super) bytes: Zeroizing<Vec<u8>>,
}

/// Builds the body of a test, with the credential in it where that is its place. Only a POST has one; a credential
/// alone makes a form.
pub(super) fn render(test: &Test, auth: &Auth, variables: &Variables<'_>) -> Result<Option<Content>, RenderError> {
    let credential = match auth {
        Auth::Body(named) => {
            let template = Template::parse(&named.value);
            let secret = encode::plain(&template, variables)?;
            (!encode::has_empty(&template, variables)?).then_some((named.name.as_str(), secret))
        }
        _ => None,
    };
    let empty = BTreeMap::new();
    let (content_type, bytes) = match (&test.body, credential) {
        (None, None) => return Ok(None),
        (Some(Body::Json(value)), credential) => {
            let extra = credential.as_ref().map(|(name, text)| (*name, text.as_str()));
            ("application/json", json_text::write(value, extra, variables)?)
        }
        (Some(Body::Form(entries)), credential) => (
            "application/x-www-form-urlencoded",
            form(entries, credential, variables)?,
        ),
        (None, credential) => (
            "application/x-www-form-urlencoded",
            form(&empty, credential, variables)?,
        ),
    };
    if test.method == Method::Post {
        Ok(Some(Content { content_type, bytes }))
    } else {
        Err(RenderError::Body)
    }
}

fn form(
    entries: &BTreeMap<String, String>,
    credential: Option<(&str, Zeroizing<String>)>,
    variables: &Variables<'_>,
) -> Result<Zeroizing<Vec<u8>>, RenderError> {
    let mut pairs = named_values(entries, variables)?;
    if let Some((name, text)) = credential {
        pairs.insert(name.to_owned(), text);
    }
    let mut encoded = encode_pairs(&pairs);
    Ok(Zeroizing::new(std::mem::take(&mut *encoded).into_bytes()))
}

/// Fills named texts in; one whose placeholder is empty is left out.
pub(super) fn named_values(
    entries: &BTreeMap<String, String>,
    variables: &Variables<'_>,
) -> Result<Pairs, RenderError> {
    let mut pairs = Pairs::new();
    for (name, text) in entries {
        add_value(name, &Template::parse(text), variables, &mut pairs)?;
    }
    Ok(pairs)
}

/// Fills a template in under a name, unless a placeholder of it is empty.
pub(super) fn add_value(
    name: &str,
    template: &Template,
    variables: &Variables<'_>,
    pairs: &mut Pairs,
) -> Result<(), RenderError> {
    if !encode::has_empty(template, variables)? {
        pairs.insert(name.to_owned(), encode::plain(template, variables)?);
    }
    Ok(())
}

/// Names and values as `a=1&b=2`, percent-encoded: the form of a query and of a form body.
pub(super) fn encode_pairs(pairs: &Pairs) -> Zeroizing<String> {
    let size = pairs
        .iter()
        .map(|(name, value)| (name.len() + value.len()) * 3 + 2)
        .sum();
    let mut out = Zeroizing::new(String::with_capacity(size));
    for (name, value) in pairs {
        if !out.is_empty() {
            out.push('&');
        }
        encode::percent(name, &mut out);
        out.push('=');
        encode::percent(value, &mut out);
    }
    out
}
