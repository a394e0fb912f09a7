use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use url::Url;
use zeroize::Zeroizing;

use super::template::Template;
use super::variables::Variables;
use super::{FieldValues, HttpRequest, Pairs, RenderError, Renderer, RequestParts, body, encode, host};
use crate::provider::ProviderRow;

/// Whether a key of this row can be tested.
#[must_use]
pub fn has_test(row: &ProviderRow) -> bool {
    row.recipe.test.is_some() && row.recipe.request.is_some()
}

/// Builds the request that tests a key.
///
/// # Errors
/// A value that cannot stand where the row puts it, or a row that the linter would refuse.
pub fn render_test(row: &ProviderRow, values: &FieldValues) -> Result<HttpRequest, RenderError> {
    let test = row.recipe.test.as_ref().ok_or(RenderError::NoTest)?;
    let request = row.recipe.request.as_ref().ok_or(RenderError::NoRequest)?;
    if !test.method.may_test() {
        return Err(RenderError::Method(test.method.as_str()));
    }
    let renderer = Renderer::of(row);
    let template = renderer.request?.ok_or(RenderError::NoRequest)?;
    let variables = Variables::of(&renderer.declared, values);
    let target = host::resolve(&template.base, &variables)?;
    let path = test_path(&test.path, &variables)?;

    let mut headers = template.headers(&variables)?;
    for (name, text) in &test.headers {
        add_header(&header_name(name)?, &Template::parse(text), &variables, &mut headers)?;
    }
    let mut query = template.query(&variables)?;
    query.extend(body::named_values(&test.query, &variables)?);
    template.authenticate(&variables, &mut headers, &mut query)?;
    let content = body::render(test, &request.auth, &variables)?;
    if let Some(content) = &content {
        let content_type = || Zeroizing::new(content.content_type.to_owned());
        headers.entry("content-type".to_owned()).or_insert_with(content_type);
    }
    Ok(HttpRequest {
        method: test.method,
        url: join(&target.origin, &target.path, &path, &query)?,
        headers: headers
            .into_iter()
            .map(|(name, mut value)| (name, std::mem::take(&mut *value)))
            .collect(),
        body: content.map(|mut content| std::mem::take(&mut *content.bytes)),
        host_rule: target.rule,
    })
}

/// Builds what a client needs for its own calls; none for a row that does not say how the provider is called. Whoever
/// does so often for one row keeps its [`Renderer`].
///
/// # Errors
/// A value that cannot stand where the row puts it, or a row that the linter would refuse.
pub fn render_request(row: &ProviderRow, values: &FieldValues) -> Result<Option<RequestParts>, RenderError> {
    Renderer::of(row).request(values)
}

fn test_path(text: &str, variables: &Variables<'_>) -> Result<Zeroizing<String>, RenderError> {
    if text.is_empty() || text.starts_with('/') {
        encode::path(&Template::parse(text), variables)
    } else {
        Err(RenderError::PathText)
    }
}

/// A header's name, in lower case.
pub(super) fn header_name(name: &str) -> Result<String, RenderError> {
    if encode::is_header_name(name) {
        Ok(name.to_ascii_lowercase())
    } else {
        Err(RenderError::HeaderText)
    }
}

/// Fills a header in, unless a placeholder of it is empty.
pub(super) fn add_header(
    name: &str,
    template: &Template,
    variables: &Variables<'_>,
    headers: &mut Pairs,
) -> Result<(), RenderError> {
    if !encode::has_empty(template, variables)? {
        headers.insert(name.to_owned(), encode::header(template, variables)?);
    }
    Ok(())
}

/// `Basic` and the base64 of `user:password` (RFC 7617, section 2); none when both are empty.
pub(super) fn basic(
    username: &Template,
    password: &Template,
    variables: &Variables<'_>,
) -> Result<Option<Zeroizing<String>>, RenderError> {
    for name in username.variables() {
        let variable = variables.get(name)?;
        if variable.text()?.contains(':') {
            return Err(RenderError::Username {
                field: variable.field(),
            });
        }
    }
    let username = encode::plain(username, variables)?;
    let password = encode::plain(password, variables)?;
    if username.is_empty() && password.is_empty() {
        return Ok(None);
    }
    let mut both = Zeroizing::new(String::with_capacity(username.len() + password.len() + 1));
    both.push_str(&username);
    both.push(':');
    both.push_str(&password);
    let mut value = Zeroizing::new(String::with_capacity(6 + both.len().div_ceil(3) * 4));
    value.push_str("Basic ");
    STANDARD.encode_string(both.as_bytes(), &mut value);
    Ok(Some(value))
}

/// Puts a URL together and parses it again: what a parser makes of it must be what was meant.
pub(super) fn join(origin: &str, shared: &str, path: &str, query: &Pairs) -> Result<String, RenderError> {
    let query = body::encode_pairs(query);
    let mut url = Zeroizing::new(String::with_capacity(
        origin.len() + shared.len() + path.len() + query.len() + 2,
    ));
    url.push_str(origin);
    url.push_str(shared);
    url.push_str(path);
    if shared.is_empty() && path.is_empty() {
        url.push('/');
    }
    if !query.is_empty() {
        url.push('?');
        url.push_str(&query);
    }
    let parsed = Url::parse(&url).map_err(|_| RenderError::PathText)?;
    let is_as_meant = parsed.as_str() == url.as_str();
    host::wipe(parsed);
    if is_as_meant {
        Ok(std::mem::take(&mut *url))
    } else {
        Err(RenderError::PathText)
    }
}
