use std::collections::BTreeSet;

use super::headers;
use super::scope::Scope;
use crate::provider::ProviderRow;
use crate::recipe::base_url::{BaseUrl, Scheme};
use crate::recipe::host::{self, MAX_SECRET_PIECE};
use crate::recipe::template::Template;
use crate::recipe::variables::Origin;
use crate::recipe::{HostRule, LintPolicy, RenderError, Request, encode};

const BASE_URL: &str = "/recipe/request/base_url";

/// How the provider is called.
pub(super) fn check(row: &ProviderRow, request: &Request, policy: &LintPolicy, scope: &mut Scope) {
    check_base_url(row, &request.base_url, policy, scope);
    headers::check_auth(&request.auth, scope);
    let taken: Vec<String> = headers::auth_header(&request.auth).into_iter().collect();
    headers::check("/recipe/request/headers", &request.headers, &taken, scope);
    let parameter = headers::auth_parameter(&request.auth);
    headers::check_query("/recipe/request/query", &request.query, parameter, scope);
}

fn check_base_url(row: &ProviderRow, text: &str, policy: &LintPolicy, scope: &mut Scope) {
    scope.base_template(BASE_URL, text);
    let base = match BaseUrl::parse(text) {
        Ok(base) => base,
        Err(error) => return scope.report(BASE_URL, "base_url", format!("Correct the base URL: {error}.")),
    };
    scope.mark_sent(base.path());
    check_path(BASE_URL, base.path(), scope);
    match &base {
        BaseUrl::Own { variable, .. } => {
            let is_own = scope
                .declared(variable)
                .is_none_or(|variable| variable.origin == Origin::Url);
            if !is_own {
                let message =
                    format!("Make `{variable}` a field of type url and not secret, or write the host yourself.");
                return scope.report(BASE_URL, "open_host", message);
            }
            let whole = Template::parse(&format!("{{{variable}}}"));
            scope.never_empty(BASE_URL, &whole, "optional_in_host");
        }
        BaseUrl::Written { host, .. } => {
            scope.never_empty(BASE_URL, host, "optional_in_host");
            if check_secrets(row, host, scope) {
                try_hosts(&base, host, policy, scope);
            }
        }
    }
}

/// The literals and placeholders of a path.
pub(super) fn check_path(pointer: &str, path: &Template, scope: &mut Scope) {
    scope.never_empty(pointer, path, "optional_in_path");
    // What is already reported is not reported twice.
    if path.has_stray_brace() || path.variables().any(|name| scope.declared(name).is_none()) {
        return;
    }
    if encode::path(path, &scope.samples(None)).is_err() {
        let message = "Write the path with letters, digits and -._~!$&'()*+,;=:@ only, without . and .. as segments; \
                       put parameters under query.";
        scope.report(pointer, "path", message);
    }
}

/// Whether no more of a secret reaches the host than a short piece: a host is seen by name servers and in logs.
fn check_secrets(row: &ProviderRow, host: &Template, scope: &mut Scope) -> bool {
    let mut is_fine = true;
    let mut together = 0;
    for name in host.variables().collect::<BTreeSet<_>>() {
        let Some(variable) = scope.declared(name) else {
            is_fine = false;
            continue;
        };
        let message = match variable.origin {
            Origin::Secret => format!("Take `{name}` out of the host: it is secret, and a host is not."),
            Origin::SecretPiece if variable.longest.is_none_or(|longest| longest > MAX_SECRET_PIECE) => {
                let from = row.recipe.derive.get(name).map_or("", |derive| derive.from.as_str());
                format!(
                    "Bound the capture of `{name}` to {MAX_SECRET_PIECE} characters, such as [a-z]{{2}}[0-9]{{1,3}}: \
                     it is a piece of `{from}`, which is secret, and a host is not."
                )
            }
            Origin::SecretPiece => {
                together += variable.longest.unwrap_or(0);
                continue;
            }
            _ => continue,
        };
        scope.report(BASE_URL, "secret_in_host", message);
        is_fine = false;
    }
    if together > MAX_SECRET_PIECE {
        let message = format!(
            "Bound the captures in the host to {MAX_SECRET_PIECE} characters together: they are pieces of what is \
             secret, and a host is not."
        );
        scope.report(BASE_URL, "secret_in_host", message);
        is_fine = false;
    }
    is_fine
}

/// Fills the host in with made-up values, once for every option that can stand in it.
fn try_hosts(base: &BaseUrl, host: &Template, policy: &LintPolicy, scope: &mut Scope) {
    let mut tries: Vec<Option<(String, String)>> = Vec::new();
    for name in host.variables() {
        let field = scope
            .fields
            .iter()
            .find(|field| field.name == name && field.fixed.is_none());
        let options = field.map(|field| field.options.as_slice()).unwrap_or_default();
        tries.extend(
            options
                .iter()
                .map(|option| Some((name.to_owned(), option.mapped().to_owned()))),
        );
    }
    if tries.is_empty() {
        tries.push(None);
    }
    for choice in &tries {
        let samples = scope.samples(choice.as_ref().map(|(name, text)| (name.as_str(), text.as_str())));
        let resolved = host::resolve(&strip_path(base), &samples);
        if let Some((code, message)) = host_finding(base, resolved.map(|target| (target.origin, target.rule)), policy) {
            return scope.report(BASE_URL, code, message);
        }
    }
}

/// The base URL without its path, which is checked by itself.
fn strip_path(base: &BaseUrl) -> BaseUrl {
    match base.clone() {
        BaseUrl::Written { scheme, host, port, .. } => BaseUrl::Written {
            scheme,
            host,
            port,
            path: Template::parse(""),
        },
        BaseUrl::Own { variable, .. } => BaseUrl::Own {
            variable,
            path: Template::parse(""),
        },
    }
}

fn host_finding(
    base: &BaseUrl,
    resolved: Result<(String, HostRule), RenderError>,
    policy: &LintPolicy,
) -> Option<(&'static str, &'static str)> {
    let BaseUrl::Written { scheme, port, .. } = base else {
        return None;
    };
    let port = port.unwrap_or_else(|| scheme.default_port());
    let (origin, rule) = match resolved {
        Ok(resolved) => resolved,
        Err(RenderError::OpenHost) => {
            return Some((
                "open_host",
                "Write the registrable domain yourself, such as https://{name}.example.com, or ask for the whole server \
                 with a field of type host or url.",
            ));
        }
        Err(_) => {
            return Some((
                "host",
                "Write a host that exists, and placeholders inside a label of it.",
            ));
        }
    };
    let parsed = url::Url::parse(&origin).ok()?;
    let host = parsed.host_str()?.trim_matches(['[', ']']);
    if matches!(rule, HostRule::Fixed(_)) && policy.permits(host, port) {
        return None;
    }
    if *scheme == Scheme::Http {
        return Some((
            "http",
            "Write https://. Plain http is only for a host that the operator allows by --egress-allow.",
        ));
    }
    if !matches!(parsed.host(), Some(url::Host::Domain(_))) {
        return Some((
            "ip_literal",
            "Write a host name. Addresses are only for what the operator allows by --egress-allow.",
        ));
    }
    if !host::is_public_name(host) {
        return Some((
            "host",
            "Write a public host name. Others are only for what the operator allows by --egress-allow.",
        ));
    }
    (port != 443).then_some((
        "port",
        "Use port 443. Others are only for what the operator allows by --egress-allow.",
    ))
}
