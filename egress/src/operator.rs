use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Method, Request, redirect, retry};
use secrecy::{ExposeSecret, SecretString};
use url::{Host, Url};

use crate::client::USER_AGENT;
use crate::error::EgressError;
use crate::failure::Failure;
use crate::trust;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const TOTAL_TIMEOUT: Duration = Duration::from_secs(10);

/// The longest answer that is read: documents of an identity provider, with its certificates, have some 50 KiB.
const MAX_BODY: usize = 256 * 1024;

/// Calls servers that the operator named himself, such as the issuer of an identity provider.
///
/// No row and no account can choose where it calls, so private addresses and other ports are fine; all else is as strict
/// as for providers: https (http to this machine alone), no redirects, no environment proxies, bounds of time and size.
pub struct OperatorClient(reqwest::Client);

/// What such a server answered.
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The body. It may hold secrets: it is for whoever asked, and for no log.
    pub body: Vec<u8>,
}

/// A form that is posted, and the header that says who posts it.
pub struct Post {
    /// `application/x-www-form-urlencoded`.
    pub form: SecretString,
    /// The value of `Authorization`, where there is one.
    pub authorization: Option<SecretString>,
}

/// Why a call brought no answer. It names no address, and nothing that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// Neither https, nor http to this machine; or with a user before the host.
    #[error("the address is not https")]
    Insecure,
    /// Nobody answered in time, or the connection broke.
    #[error("no answer: {0}")]
    Unreachable(&'static str),
    /// The answer is longer than any that is expected.
    #[error("the answer is longer than 256 KiB")]
    TooLarge,
}

impl OperatorClient {
    /// A client that trusts the machine's certificate authorities.
    ///
    /// # Errors
    /// [`EgressError`] when TLS or the client cannot be set up.
    pub fn new() -> Result<Self, EgressError> {
        reqwest::Client::builder()
            .tls_backend_preconfigured(trust::client_config(&[])?)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .retry(retry::never())
            .referer(false)
            .pool_max_idle_per_host(0)
            .user_agent(USER_AGENT)
            .connect_timeout(CONNECT_TIMEOUT)
            .build()
            .map(Self)
            .map_err(|error| EgressError::Client(error.without_url()))
    }

    /// Whether a server at this address is called at all.
    #[must_use]
    pub fn may_call(url: &Url) -> bool {
        let on_this_machine = match url.host() {
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            Some(Host::Domain(name)) => name == "localhost",
            None => false,
        };
        let secure = url.scheme() == "https" || (url.scheme() == "http" && on_this_machine);
        secure && url.username().is_empty() && url.password().is_none()
    }

    /// Gets a JSON document.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn get(&self, url: &Url) -> Result<Reply, CallError> {
        self.send(Request::new(Method::GET, url.clone())).await
    }

    /// Posts a form, once.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn post(&self, url: &Url, post: &Post) -> Result<Reply, CallError> {
        let mut request = Request::new(Method::POST, url.clone());
        let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
        request.headers_mut().insert(CONTENT_TYPE, kind);
        if let Some(authorization) = &post.authorization {
            let value = HeaderValue::from_str(authorization.expose_secret());
            let mut value = value.map_err(|_| CallError::Unreachable("the request is not HTTP"))?;
            value.set_sensitive(true);
            request.headers_mut().insert(AUTHORIZATION, value);
        }
        *request.body_mut() = Some(post.form.expose_secret().to_owned().into());
        self.send(request).await
    }

    async fn send(&self, mut request: Request) -> Result<Reply, CallError> {
        if !Self::may_call(request.url()) {
            return Err(CallError::Insecure);
        }
        let json = HeaderValue::from_static("application/json");
        request.headers_mut().insert(ACCEPT, json);
        tokio::time::timeout(TOTAL_TIMEOUT, self.exchange(request))
            .await
            .unwrap_or(Err(unreachable(Failure::Timeout)))
    }

    async fn exchange(&self, request: Request) -> Result<Reply, CallError> {
        let failed = |error: reqwest::Error| unreachable(Failure::of(&error));
        let mut response = self.0.execute(request).await.map_err(failed)?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > MAX_BODY {
                return Err(CallError::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        let status = response.status().as_u16();
        Ok(Reply { status, body })
    }
}

fn unreachable(failure: Failure) -> CallError {
    CallError::Unreachable(match failure {
        Failure::AddressNotAllowed => "the address is not allowed",
        Failure::Dns => "the name has no address",
        Failure::Timeout => "it took too long",
        Failure::Tls => "the certificate is not trusted, or TLS failed",
        Failure::Connect => "nothing answers there",
        Failure::BrokenAnswer => "the connection broke",
        Failure::Request => "the request is not HTTP",
    })
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::response::Redirect;
    use axum::routing::get;
    use tokio::net::TcpListener;

    use super::*;

    #[test]
    fn plain_http_is_for_this_machine_alone() {
        let may = |url: &str| OperatorClient::may_call(&url.parse().unwrap());
        for fine in [
            "https://id.example/realm",
            "https://10.0.0.5:8443/",
            "http://127.0.0.1:9000/",
            "http://[::1]/",
            "http://localhost:8080/",
        ] {
            assert!(may(fine), "{fine}");
        }
        for refused in [
            "http://id.example/",
            "http://10.0.0.5/",
            "http://localhost.evil.example/",
            "https://user@id.example/",
            "ftp://127.0.0.1/",
        ] {
            assert!(!may(refused), "{refused}");
        }
    }

    #[tokio::test]
    async fn a_redirect_is_not_followed_and_a_long_answer_not_read() {
        let routes = Router::new()
            .route("/there", get(|| async { "{}" }))
            .route("/elsewhere", get(|| async { Redirect::to("/there") }))
            .route("/long", get(|| async { vec![b'x'; MAX_BODY + 1] }));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, routes).await });
        let client = OperatorClient::new().unwrap();
        let at = |path: &str| format!("http://{address}{path}").parse().unwrap();
        let there = client.get(&at("/there")).await.unwrap();
        assert_eq!((there.status, there.body.as_slice()), (200, &b"{}"[..]));
        assert_eq!(client.get(&at("/elsewhere")).await.unwrap().status, 303);
        assert_eq!(client.get(&at("/long")).await.err(), Some(CallError::TooLarge));
    }
}
