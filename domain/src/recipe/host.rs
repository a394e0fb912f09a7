use std::collections::BTreeSet;

use url::{Host, Url};
use zeroize::{Zeroize, Zeroizing};

use super::base_url::BaseUrl;
use super::encode::{self, expand};
use super::template::{Part, Template};
use super::variables::{Origin, Variables};
use super::{HostRule, RenderError};

/// The most of a secret that may stand in a host, in bytes, all pieces together: a data centre, never a key.
pub(super) const MAX_SECRET_PIECE: usize = 16;

/// A base URL with one account's values.
pub(super) struct Target {
    /// Scheme, host and port, without a slash at the end. It holds no secret.
    pub(super) origin: String,
    /// The part of the path that all calls share, without a slash at the end.
    pub(super) path: Zeroizing<String>,
    pub(super) rule: HostRule,
}

/// Fills a base URL in.
pub(super) fn resolve(base: &BaseUrl, variables: &Variables<'_>) -> Result<Target, RenderError> {
    let path = encode::path(base.path(), variables)?;
    match base {
        BaseUrl::Own { variable, .. } => own(variable, variables, &path),
        BaseUrl::Written { scheme, host, port, .. } => {
            let text = host_text(host, variables)?;
            let host_name = canonical(&text).ok_or_else(|| first_field(host, variables))?;
            let rule = rule(host, &host_name, variables)?;
            let port = port
                .filter(|port| *port != scheme.default_port())
                .map(|port| format!(":{port}"));
            let origin = format!("{}://{host_name}{}", scheme.as_str(), port.unwrap_or_default());
            Ok(Target { origin, path, rule })
        }
    }
}

/// The account's own server, by address. The path of the address comes before the row's.
fn own(name: &str, variables: &Variables<'_>, path: &str) -> Result<Target, RenderError> {
    let variable = variables.get(name)?;
    let wrong = || RenderError::Url {
        field: variable.field(),
    };
    match variable.origin {
        Origin::Url => {}
        Origin::Secret | Origin::SecretPiece => {
            return Err(RenderError::SecretInHost {
                field: variable.field(),
            });
        }
        Origin::Row | Origin::Host | Origin::Public => return Err(RenderError::OpenHost),
    }
    let url = Url::parse(variable.text()?).map_err(|_| wrong())?;
    let host = url.host_str().filter(|_| is_plain_server(&url)).ok_or_else(wrong)?;
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let mut full = Zeroizing::new(String::with_capacity(url.path().len() + path.len()));
    full.push_str(url.path().trim_end_matches('/'));
    full.push_str(path);
    Ok(Target {
        origin: format!("{}://{host}{port}", url.scheme()),
        path: full,
        rule: HostRule::Pinned(host.to_owned()),
    })
}

/// Whether a URL is the address of a server, and nothing more than that. Plain http passes here, since only the operator
/// can have allowed it; whoever sends the request checks that.
fn is_plain_server(url: &Url) -> bool {
    matches!(url.scheme(), "https" | "http")
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none()
}

fn host_text(host: &Template, variables: &Variables<'_>) -> Result<Zeroizing<String>, RenderError> {
    let is_whole = host.sole_variable().is_some();
    check_pieces(host, variables)?;
    expand(
        host,
        variables,
        |text, out| out.push_str(&text.to_ascii_lowercase()),
        |variable, text, out| {
            let field = || variable.field();
            match variable.origin {
                Origin::Row => {}
                Origin::Host if is_whole => {}
                Origin::Host | Origin::Url => return Err(RenderError::OpenHost),
                Origin::Secret => return Err(RenderError::SecretInHost { field: field() }),
                Origin::SecretPiece | Origin::Public if is_label_piece(text) => {}
                Origin::SecretPiece | Origin::Public => return Err(RenderError::Host { field: field() }),
            }
            if text.is_empty() {
                return Err(RenderError::Host { field: field() });
            }
            out.push_str(&text.to_ascii_lowercase());
            Ok(())
        },
    )
}

/// Refuses a host with more of a secret in it than a short piece, also when that comes in several.
fn check_pieces(host: &Template, variables: &Variables<'_>) -> Result<(), RenderError> {
    let mut length = 0;
    for name in host.variables().collect::<BTreeSet<_>>() {
        let variable = variables.get(name)?;
        if variable.origin == Origin::SecretPiece {
            length += variable.text()?.len();
        }
        if length > MAX_SECRET_PIECE {
            return Err(RenderError::SecretInHost {
                field: variable.field(),
            });
        }
    }
    Ok(())
}

/// Whether a value stays inside its label of a host name.
fn is_label_piece(text: &str) -> bool {
    (1..=63).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// The host as it stands in a parsed URL; none when it is no host.
fn canonical(text: &str) -> Option<String> {
    Host::parse(text)
        .ok()
        .map(|host| host.to_string())
        .filter(|host| !host.is_empty())
}

/// The error for a host that does not parse: a value is to blame where there is one.
fn first_field(host: &Template, variables: &Variables<'_>) -> RenderError {
    let variable = host
        .variables()
        .filter_map(|name| variables.get(name).ok())
        .find(|v| v.origin != Origin::Row);
    variable.map_or(RenderError::OpenHost, |variable| RenderError::Host {
        field: variable.field(),
    })
}

/// Which hosts a rendered host stands for. What the row itself fixes must cover the registrable domain.
fn rule(template: &Template, host: &str, variables: &Variables<'_>) -> Result<HostRule, RenderError> {
    if let Some(name) = template.sole_variable()
        && variables.get(name)?.origin == Origin::Host
    {
        return Ok(HostRule::Pinned(host.to_owned()));
    }
    let Some(tail) = fixed_tail(template, variables)? else {
        return Ok(HostRule::Fixed(host.trim_matches(['[', ']']).to_owned()));
    };
    let suffix = tail
        .split_once('.')
        .map(|(_, suffix)| suffix)
        .ok_or(RenderError::OpenHost)?;
    let domain = registrable(host).ok_or(RenderError::OpenHost)?;
    if host.ends_with(suffix) && suffix.len() >= domain.len() {
        Ok(HostRule::Fixed(suffix.to_owned()))
    } else {
        Err(RenderError::OpenHost)
    }
}

/// What follows the last value that the account chose; none when it chose nothing.
fn fixed_tail(host: &Template, variables: &Variables<'_>) -> Result<Option<String>, RenderError> {
    let mut tail = String::new();
    for part in host.parts().iter().rev() {
        match part {
            Part::Literal(text) => tail.insert_str(0, &text.to_ascii_lowercase()),
            Part::Variable(name) => {
                let variable = variables.get(name)?;
                if variable.origin != Origin::Row {
                    return Ok(Some(tail));
                }
                tail.insert_str(0, &variable.text()?.to_ascii_lowercase());
            }
        }
    }
    Ok(None)
}

/// Whether a host is a name that a public server can have: labels of letters, digits and hyphens (RFC 1123, section
/// 2.1) below a public suffix. Addresses are none.
pub(super) fn is_public_name(host: &str) -> bool {
    let is_label = |label: &str| is_label_piece(label) && !label.starts_with('-') && !label.ends_with('-');
    host.split('.').all(is_label) && registrable(host).is_some()
}

/// The registrable domain of a host by the public registries' part of the Public Suffix List (publicsuffix.org).
///
/// The list's private part is passed over: below `myshopify.com` every label is an account of its own, but all of them
/// are Shopify's servers. None for an address, a lone label, and a name under no known suffix.
pub(super) fn registrable(host: &str) -> Option<&str> {
    let mut suffix = psl::suffix(host.as_bytes())?;
    while suffix.typ() == Some(psl::Type::Private) {
        let at = host.len() - suffix.as_bytes().len();
        let above = host[at..].split_once('.').map(|(_, above)| above)?;
        suffix = psl::suffix(&host.as_bytes()[host.len() - above.len()..])?;
    }
    if !suffix.is_known() {
        return None;
    }
    let rest = host[..host.len() - suffix.as_bytes().len()].strip_suffix('.')?;
    let label = rest.rsplit('.').next().filter(|label| !label.is_empty())?;
    Some(&host[rest.len() - label.len()..])
}

/// Wipes a parsed URL, which may hold a secret.
pub(super) fn wipe(url: Url) {
    String::from(url).zeroize();
}

#[cfg(test)]
mod tests {
    use super::registrable;

    #[test]
    fn the_registrable_domain_is_one_label_below_a_registrys_suffix() {
        assert_eq!(registrable("api.mailchimp.com"), Some("mailchimp.com"));
        assert_eq!(registrable("a.b.example.co.uk"), Some("example.co.uk"));
        assert_eq!(registrable("shop.myshopify.com"), Some("myshopify.com"));
        assert_eq!(registrable("x.github.io"), Some("github.io"));
        assert_eq!(registrable("com"), None);
        assert_eq!(registrable("co.uk"), None);
        assert_eq!(registrable("localhost"), None);
        assert_eq!(registrable("gitlab.internal"), None);
    }
}
