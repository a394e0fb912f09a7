use std::collections::BTreeMap;

use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::Method;

/// A request that is ready to be sent. It holds secrets: it can be neither printed nor serialized, and is wiped on
/// drop.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct HttpRequest {
    #[zeroize(skip)]
    pub(super) method: Method,
    pub(super) url: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Option<Vec<u8>>,
    #[zeroize(skip)]
    pub(super) host_rule: HostRule,
}

impl HttpRequest {
    /// The method: GET, HEAD or POST.
    #[must_use]
    pub const fn method(&self) -> Method {
        self.method
    }

    /// The whole URL. It may hold a secret in its path or query: it belongs in no log and no error.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The headers, with lower-case names, each name once. Values hold secrets.
    #[must_use]
    pub fn headers(&self) -> &[(String, String)] {
        &self.headers
    }

    /// The body of a POST. Its content type stands among the headers.
    #[must_use]
    pub fn body(&self) -> Option<&[u8]> {
        self.body.as_deref()
    }

    /// Which hosts the request may go to. Whoever sends it re-parses the URL and checks this again.
    #[must_use]
    pub const fn host_rule(&self) -> &HostRule {
        &self.host_rule
    }
}

/// Which hosts a request may go to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostRule {
    /// This host, or one below it: the part of the host that the row itself fixes. It covers at least the registrable
    /// domain, unless the operator allowed the row's host as it is.
    Fixed(String),
    /// This host alone: the account's own server, pinned when the key was saved.
    Pinned(String),
}

impl HostRule {
    /// Whether `host`, in lower case, may be called. An IPv6 address may stand in brackets.
    #[must_use]
    pub fn permits(&self, host: &str) -> bool {
        let host = host.trim_matches(['[', ']']);
        match self {
            Self::Pinned(own) => host == own.trim_matches(['[', ']']),
            Self::Fixed(suffix) => {
                let above = host.strip_suffix(suffix.as_str());
                above.is_some_and(|above| above.is_empty() || above.ends_with('.'))
            }
        }
    }
}

/// Names and values of headers or of a query. Each value is wiped on drop.
pub type Pairs = BTreeMap<String, Zeroizing<String>>;

/// What a client needs for its own calls to the provider. It holds secrets: it can be neither printed nor serialized by
/// itself, and is wiped on drop.
///
/// A credential that goes into the body (`auth: { body: … }`) is not part of it; the client puts it there.
#[derive(Default)]
pub struct RequestParts {
    /// Scheme, host and the shared part of the path, without a slash at the end.
    pub base_url: String,
    /// The headers, with lower-case names.
    pub headers: Pairs,
    /// The query parameters, not encoded.
    pub query: Pairs,
}

impl Drop for RequestParts {
    fn drop(&mut self) {
        self.base_url.zeroize();
    }
}

impl ZeroizeOnDrop for RequestParts {}

/// An answer of a provider.
#[derive(Clone)]
pub struct HttpResponse {
    /// The status.
    pub status: u16,
    /// The headers, in order.
    pub headers: Vec<(String, String)>,
    /// The body, as far as it was read.
    pub body: Vec<u8>,
}
