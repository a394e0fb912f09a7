use super::template::{Template, placeholder};

/// A base URL as a row writes it, taken apart before any value is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum BaseUrl {
    /// `https://host:port/path`, with placeholders in host and path alone.
    Written {
        scheme: Scheme,
        host: Template,
        port: Option<u16>,
        path: Template,
    },
    /// `{field}/path`: the account's own server.
    Own { variable: String, path: Template },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    Http,
    Https,
}

impl Scheme {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    pub(super) const fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// What is wrong with a base URL as a row writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BaseUrlError {
    /// No scheme, another one, or a placeholder in it.
    #[error("it starts with https://, or is a field of type url")]
    Scheme,
    /// A user name or a password before the host.
    #[error("credentials do not belong before the host; use auth")]
    Userinfo,
    /// A port that is no number from 1 to 65535, or a placeholder in it.
    #[error("the port is a number from 1 to 65535 and holds no placeholder")]
    Port,
    /// No host.
    #[error("it has no host")]
    Host,
    /// A query or a fragment.
    #[error("it has no `?` and no `#`; parameters stand in query")]
    Query,
    /// A brace that belongs to no placeholder.
    #[error("a brace in it belongs to no placeholder; write {{name}}")]
    Brace,
}

impl BaseUrl {
    pub(super) fn parse(text: &str) -> Result<Self, BaseUrlError> {
        if text.contains(['?', '#']) {
            return Err(BaseUrlError::Query);
        }
        if Template::parse(text).has_stray_brace() {
            return Err(BaseUrlError::Brace);
        }
        if let Some((variable, path)) = placeholder(text)
            && (path.is_empty() || path.starts_with('/'))
        {
            return Ok(Self::Own {
                variable: variable.to_owned(),
                path: Template::parse(path.trim_end_matches('/')),
            });
        }
        let (scheme, rest) = match text.split_once("://") {
            Some(("https", rest)) => (Scheme::Https, rest),
            Some(("http", rest)) => (Scheme::Http, rest),
            _ => return Err(BaseUrlError::Scheme),
        };
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        if authority.contains(['@', '\\']) {
            return Err(BaseUrlError::Userinfo);
        }
        let (host, port) = split_port(authority)?;
        if host.is_empty() {
            return Err(BaseUrlError::Host);
        }
        let path = Template::parse(path.trim_end_matches('/'));
        Ok(Self::Written {
            scheme,
            host: Template::parse(host),
            port,
            path,
        })
    }

    /// Whether it has no placeholder.
    pub(super) fn is_fixed(&self) -> bool {
        match self {
            Self::Written { host, path, .. } => host.variables().chain(path.variables()).next().is_none(),
            Self::Own { .. } => false,
        }
    }

    pub(super) const fn path(&self) -> &Template {
        match self {
            Self::Written { path, .. } | Self::Own { path, .. } => path,
        }
    }
}

/// Splits `host:port` and `[address]:port`.
fn split_port(authority: &str) -> Result<(&str, Option<u16>), BaseUrlError> {
    let host_end = match authority.rfind(']') {
        Some(bracket) => bracket + 1,
        None => authority.find(':').unwrap_or(authority.len()),
    };
    let (host, port) = authority.split_at(host_end);
    if port.is_empty() {
        return Ok((host, None));
    }
    let digits = port
        .strip_prefix(':')
        .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    let port = digits.and_then(|digits| digits.parse().ok()).filter(|port| *port != 0);
    port.map(|port| (host, Some(port))).ok_or(BaseUrlError::Port)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> (Scheme, Template, Option<u16>, Template) {
        match BaseUrl::parse(text).unwrap() {
            BaseUrl::Written {
                scheme,
                host,
                port,
                path,
            } => (scheme, host, port, path),
            BaseUrl::Own { .. } => panic!("{text} has a host of its own"),
        }
    }

    #[test]
    fn a_base_url_is_taken_apart() {
        let (scheme, host, port, path) = written("https://{dc}.api.mailchimp.com/3.0/");
        assert_eq!((scheme, port), (Scheme::Https, None));
        assert_eq!(host, Template::parse("{dc}.api.mailchimp.com"));
        assert_eq!(path, Template::parse("/3.0"));
        assert_eq!(written("http://[::1]:8080").2, Some(8080));
        assert_eq!(written("http://[::1]").1, Template::parse("[::1]"));
        let own = BaseUrl::parse("{server}/api/v4").unwrap();
        assert_eq!(
            own,
            BaseUrl::Own {
                variable: "server".to_owned(),
                path: Template::parse("/api/v4")
            }
        );
    }

    #[test]
    fn what_is_no_base_url_is_refused() {
        for (text, error) in [
            ("", BaseUrlError::Scheme),
            ("ftp://example.com", BaseUrlError::Scheme),
            ("{scheme}://example.com", BaseUrlError::Scheme),
            ("{a}.example.com", BaseUrlError::Scheme),
            ("https:/example.com", BaseUrlError::Scheme),
            ("https:///path", BaseUrlError::Host),
            ("https://user:pw@example.com", BaseUrlError::Userinfo),
            ("https://{key}@example.com", BaseUrlError::Userinfo),
            ("https://example.com:{port}", BaseUrlError::Port),
            ("https://example.com:0", BaseUrlError::Port),
            ("https://example.com:99999", BaseUrlError::Port),
            ("https://example.com?x=1", BaseUrlError::Query),
            ("https://example.com/#x", BaseUrlError::Query),
            ("https://{dc.example.com", BaseUrlError::Brace),
        ] {
            assert_eq!(BaseUrl::parse(text), Err(error), "{text}");
        }
    }
}
