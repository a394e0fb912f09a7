use std::sync::Arc;
use std::time::Duration;

use domain::recipe::{HttpRequest, HttpResponse};
use reqwest::header::{CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, redirect, retry};
use rustls::ClientConfig;

use crate::config::EgressConfig;
use crate::error::EgressError;
use crate::failure::Failure;
use crate::guard::{Reach, Target};
use crate::resolver::GuardedResolver;
use crate::trust;

/// What a provider sees as the caller. No row can say otherwise: the linter keeps the header for this system.
pub(crate) const USER_AGENT: &str = concat!("SoConnective-Integrations/", env!("CARGO_PKG_VERSION"));

/// The HTTP client. One for public hosts, which refuses every other address, and one for the operator's exceptions; the
/// guard says which one may take a request.
pub(crate) struct Client {
    public: reqwest::Client,
    excepted: reqwest::Client,
    total_timeout: Duration,
    max_body: usize,
}

/// What a provider answered.
pub(crate) struct Answer {
    /// Status, headers, and the body unless it was too large.
    pub(crate) response: HttpResponse,
    /// Whether the body went over the limit; it is empty then, so that nobody judges half of it.
    pub(crate) too_large: bool,
}

impl Client {
    /// Builds both clients.
    pub(crate) fn new(config: &EgressConfig) -> Result<Self, EgressError> {
        let tls = trust::client_config(&config.extra_roots)?;
        Ok(Self {
            public: build(config, tls.clone(), Reach::Public)?,
            excepted: build(config, tls, Reach::Excepted)?,
            total_timeout: config.total_timeout,
            max_body: config.max_body,
        })
    }

    /// Sends a request to where the guard allowed it, once.
    pub(crate) async fn send(&self, target: &Target, request: &HttpRequest) -> Result<Answer, Failure> {
        let client = match target.reach {
            Reach::Public => &self.public,
            Reach::Excepted => &self.excepted,
        };
        let request = into_request(target, request)?;
        // Around everything, the lookup and each read included: the client's own timeout need not be trusted with it.
        tokio::time::timeout(self.total_timeout, self.exchange(client, request))
            .await
            .unwrap_or(Err(Failure::Timeout))
    }

    async fn exchange(&self, client: &reqwest::Client, request: reqwest::Request) -> Result<Answer, Failure> {
        let mut response = client.execute(request).await.map_err(|error| Failure::of(&error))?;
        let mut answer = Answer {
            response: HttpResponse {
                status: response.status().as_u16(),
                headers: readable(response.headers()),
                body: Vec::new(),
            },
            too_large: false,
        };
        while let Some(chunk) = response.chunk().await.map_err(|error| Failure::of(&error))? {
            if answer.response.body.len() + chunk.len() > self.max_body {
                answer.response.body = Vec::new();
                answer.too_large = true;
                break;
            }
            answer.response.body.extend_from_slice(&chunk);
        }
        Ok(answer)
    }
}

fn build(config: &EgressConfig, tls: ClientConfig, reach: Reach) -> Result<reqwest::Client, EgressError> {
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .https_only(reach == Reach::Public)
        .dns_resolver(GuardedResolver::new(Arc::clone(&config.lookup), reach))
        .redirect(redirect::Policy::none())
        .no_proxy()
        // Asked once and no more: a test can cost money, or count against the key.
        .retry(retry::never())
        .referer(false)
        // A connection of its own for each call: it is made to addresses that were checked for this very call, and no
        // account ever speaks over a connection that another one opened.
        .pool_max_idle_per_host(0)
        .user_agent(USER_AGENT)
        .connect_timeout(config.connect_timeout)
        .build()
        .map_err(|error| EgressError::Client(error.without_url()))
}

/// The client's form of a rendered request. Header values are marked sensitive, so that nothing prints them.
fn into_request(target: &Target, request: &HttpRequest) -> Result<reqwest::Request, Failure> {
    let method = Method::from_bytes(request.method().as_str().as_bytes()).map_err(|_| Failure::Request)?;
    let mut converted = reqwest::Request::new(method, target.url.clone());
    for (name, value) in request.headers() {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| Failure::Request)?;
        let mut value = HeaderValue::from_str(value).map_err(|_| Failure::Request)?;
        value.set_sensitive(true);
        converted.headers_mut().append(name, value);
    }
    if let Some(body) = request.body() {
        *converted.body_mut() = Some(body.to_vec().into());
    } else if converted.method() == Method::POST {
        // A POST without content says so (RFC 9110, section 8.6); some servers refuse one that does not.
        converted
            .headers_mut()
            .insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    Ok(converted)
}

/// The headers that are text; the rest of them no rule of a row could match.
fn readable(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
        .collect()
}
