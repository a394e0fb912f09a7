use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use url::Url;
use zeroize::Zeroizing;

use super::base_url::BaseUrl;
use super::template::Template;
use super::variables::Variables;
use super::{Auth, FieldValues, HttpRequest, RenderError, Request, RequestParts, UserPassword, body, encode, host};
use crate::provider::ProviderRow;

/// Names and values of headers or of a query.
pub(super) type Pairs = BTreeMap<String, Zeroizing<String>>;

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
    let variables = Variables::of(row, values);
    let target = host::resolve(&BaseUrl::parse(&request.base_url)?, &variables)?;
    let path = test_path(&test.path, &variables)?;

    let mut headers = headers(&request.headers, &variables)?;
    headers.extend(self::headers(&test.headers, &variables)?);
    let mut query = body::named_values(&request.query, &variables)?;
    query.extend(body::named_values(&test.query, &variables)?);
    authenticate(request, &variables, &mut headers, &mut query)?;
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

/// Builds what a client needs for its own calls; none for a row that does not say how the provider is called.
///
/// # Errors
/// A value that cannot stand where the row puts it, or a row that the linter would refuse.
pub fn render_request(row: &ProviderRow, values: &FieldValues) -> Result<Option<RequestParts>, RenderError> {
    let Some(request) = &row.recipe.request else {
        return Ok(None);
    };
    let variables = Variables::of(row, values);
    let target = host::resolve(&BaseUrl::parse(&request.base_url)?, &variables)?;
    let mut headers = headers(&request.headers, &variables)?;
    let mut query = body::named_values(&request.query, &variables)?;
    authenticate(request, &variables, &mut headers, &mut query)?;
    let mut base_url = join(&target.origin, &target.path, "", &Pairs::new())?;
    if base_url.ends_with('/') {
        base_url.pop();
    }
    Ok(Some(RequestParts {
        base_url,
        headers: headers
            .into_iter()
            .map(|(name, mut value)| (name, std::mem::take(&mut *value)))
            .collect(),
        query: query
            .into_iter()
            .map(|(name, mut value)| (name, std::mem::take(&mut *value)))
            .collect(),
    }))
}

fn test_path(text: &str, variables: &Variables<'_>) -> Result<Zeroizing<String>, RenderError> {
    if text.is_empty() || text.starts_with('/') {
        encode::path(&Template::parse(text), variables)
    } else {
        Err(RenderError::PathText)
    }
}

/// Fills headers in, with lower-case names; one whose placeholder is empty is left out.
fn headers(entries: &BTreeMap<String, String>, variables: &Variables<'_>) -> Result<Pairs, RenderError> {
    let mut headers = Pairs::new();
    for (name, text) in entries {
        add_header(name, text, variables, &mut headers)?;
    }
    Ok(headers)
}

fn add_header(name: &str, text: &str, variables: &Variables<'_>, headers: &mut Pairs) -> Result<(), RenderError> {
    if !encode::is_header_name(name) {
        return Err(RenderError::HeaderText);
    }
    let template = Template::parse(text);
    if !encode::has_empty(&template, variables)? {
        headers.insert(name.to_ascii_lowercase(), encode::header(&template, variables)?);
    }
    Ok(())
}

/// Puts the credential where the row wants it. A credential of the body is added with the body.
fn authenticate(
    request: &Request,
    variables: &Variables<'_>,
    headers: &mut Pairs,
    query: &mut Pairs,
) -> Result<(), RenderError> {
    match &request.auth {
        Auth::None | Auth::Body(_) => Ok(()),
        Auth::Bearer(token) => add_header("authorization", &format!("Bearer {token}"), variables, headers),
        Auth::Header(named) => add_header(&named.name, &named.value, variables, headers),
        Auth::Query(named) => {
            query.extend(body::named_values(
                &BTreeMap::from([(named.name.clone(), named.value.clone())]),
                variables,
            )?);
            Ok(())
        }
        Auth::Basic(pair) => {
            if let Some(value) = basic(pair, variables)? {
                headers.insert("authorization".to_owned(), value);
            }
            Ok(())
        }
    }
}

/// `Basic` and the base64 of `user:password` (RFC 7617, section 2); none when both are empty.
fn basic(pair: &UserPassword, variables: &Variables<'_>) -> Result<Option<Zeroizing<String>>, RenderError> {
    let username = Template::parse(&pair.username);
    for name in username.variables() {
        let variable = variables.get(name)?;
        if variable.text()?.contains(':') {
            return Err(RenderError::Username {
                field: variable.field.clone(),
            });
        }
    }
    let username = encode::plain(&username, variables)?;
    let password = encode::plain(&Template::parse(&pair.password), variables)?;
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
