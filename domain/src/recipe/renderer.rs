use super::base_url::BaseUrl;
use super::declared::Declared;
use super::render;
use super::template::Template;
use super::variables::Variables;
use super::{Auth, FieldValues, Pairs, RenderError, Request, RequestParts, body, host};
use crate::provider::ProviderRow;

/// A row's request, taken apart once to be filled in for many keys. It is what the row says and nothing else: no value
/// is kept in it.
pub struct Renderer {
    pub(super) declared: Declared,
    /// None for a row that does not say how the provider is called.
    pub(super) request: Result<Option<RequestTemplate>, RenderError>,
}

impl Renderer {
    /// Takes a row's request apart: its templates are parsed, its patterns compiled.
    #[must_use]
    pub fn of(row: &ProviderRow) -> Self {
        Self {
            declared: Declared::of(row),
            request: row.recipe.request.as_ref().map(RequestTemplate::parse).transpose(),
        }
    }

    /// Builds what a client needs for its own calls; none for a row that does not say how the provider is called.
    ///
    /// # Errors
    /// A value that cannot stand where the row puts it, or a row that the linter would refuse.
    pub fn request(&self, values: &FieldValues) -> Result<Option<RequestParts>, RenderError> {
        let Some(request) = self.request.as_ref().map_err(Clone::clone)? else {
            return Ok(None);
        };
        let variables = Variables::of(&self.declared, values);
        let base_url = request.base_url(&variables)?;
        let (mut headers, mut query) = (request.headers(&variables)?, request.query(&variables)?);
        request.authenticate(&variables, &mut headers, &mut query)?;
        Ok(Some(RequestParts {
            base_url,
            headers,
            query,
        }))
    }
}

/// How a provider is called, parsed.
pub(super) struct RequestTemplate {
    pub(super) base: BaseUrl,
    /// The whole base URL, where it has no placeholder: then it is the same for every key.
    fixed: Option<String>,
    headers: Vec<(String, Template)>,
    query: Vec<(String, Template)>,
    credential: Credential,
}

/// Where the credential goes, parsed.
enum Credential {
    /// Nowhere, or into a body, with which it is added.
    None,
    Header(String, Template),
    Query(String, Template),
    /// User name and password of HTTP basic authentication.
    Basic(Template, Template),
}

impl RequestTemplate {
    fn parse(request: &Request) -> Result<Self, RenderError> {
        let base = BaseUrl::parse(&request.base_url)?;
        // One that is wrong is found out, and told, when it is filled in.
        let fixed = base.is_fixed().then(|| base_url(&base, &Variables::none()).ok());
        let headers = request.headers.iter();
        let query = request.query.iter();
        Ok(Self {
            base,
            fixed: fixed.flatten(),
            headers: headers
                .map(|(name, text)| Ok((render::header_name(name)?, Template::parse(text))))
                .collect::<Result<_, RenderError>>()?,
            query: query
                .map(|(name, text)| (name.clone(), Template::parse(text)))
                .collect(),
            credential: Credential::parse(&request.auth)?,
        })
    }

    fn base_url(&self, variables: &Variables<'_>) -> Result<String, RenderError> {
        match &self.fixed {
            Some(fixed) => Ok(fixed.clone()),
            None => base_url(&self.base, variables),
        }
    }

    /// The headers, without the credential.
    pub(super) fn headers(&self, variables: &Variables<'_>) -> Result<Pairs, RenderError> {
        let mut headers = Pairs::new();
        for (name, template) in &self.headers {
            render::add_header(name, template, variables, &mut headers)?;
        }
        Ok(headers)
    }

    /// The query parameters, without the credential.
    pub(super) fn query(&self, variables: &Variables<'_>) -> Result<Pairs, RenderError> {
        let mut query = Pairs::new();
        for (name, template) in &self.query {
            body::add_value(name, template, variables, &mut query)?;
        }
        Ok(query)
    }

    /// Puts the credential where the row wants it. A credential of the body is added with the body.
    pub(super) fn authenticate(
        &self,
        variables: &Variables<'_>,
        headers: &mut Pairs,
        query: &mut Pairs,
    ) -> Result<(), RenderError> {
        match &self.credential {
            Credential::None => {}
            Credential::Header(name, template) => render::add_header(name, template, variables, headers)?,
            Credential::Query(name, template) => body::add_value(name, template, variables, query)?,
            Credential::Basic(username, password) => {
                if let Some(value) = render::basic(username, password, variables)? {
                    headers.insert("authorization".to_owned(), value);
                }
            }
        }
        Ok(())
    }
}

impl Credential {
    fn parse(auth: &Auth) -> Result<Self, RenderError> {
        Ok(match auth {
            Auth::None | Auth::Body(_) => Self::None,
            Auth::Bearer(token) => {
                let value = Template::parse(&format!("Bearer {token}"));
                Self::Header("authorization".to_owned(), value)
            }
            Auth::Header(named) => Self::Header(render::header_name(&named.name)?, Template::parse(&named.value)),
            Auth::Query(named) => Self::Query(named.name.clone(), Template::parse(&named.value)),
            Auth::Basic(pair) => Self::Basic(Template::parse(&pair.username), Template::parse(&pair.password)),
        })
    }
}

/// A base URL with one account's values, without a slash at the end.
fn base_url(base: &BaseUrl, variables: &Variables<'_>) -> Result<String, RenderError> {
    let target = host::resolve(base, variables)?;
    let mut url = render::join(&target.origin, &target.path, "", &Pairs::new())?;
    if url.ends_with('/') {
        url.pop();
    }
    Ok(url)
}
