use url::{Host, Url};
use uuid::Uuid;

use super::host::is_public_name;
use super::{Field, FieldKind, LintPolicy, pattern};

/// The port at which public servers are called.
const HTTPS_PORT: u16 = 443;

/// Why a value is none of its kind: a stable code, and what to do.
pub(super) type Refused = (&'static str, &'static str);

/// Brings a trimmed value into the one form in which it is stored, so that every way of pasting the same thing gives the
/// value. The account's own server is a public one, or one that the operator allows by `policy`.
pub(super) fn normalise(field: &Field, text: &str, policy: &LintPolicy) -> Result<String, Refused> {
    match field.kind {
        FieldKind::Host => host(text, policy),
        FieldKind::Url => url(text, policy),
        FieldKind::Uuid => Uuid::parse_str(text).map(|uuid| uuid.to_string()).map_err(|_| {
            (
                "not_a_uuid",
                "is not a UUID, such as 3f0c1f6e-8b1d-4c53-9a55-0d6a3b1f2e47; copy it again",
            )
        }),
        FieldKind::Email => email(text),
        FieldKind::Enum => field
            .option(text)
            .map(|option| option.value.clone())
            .ok_or(("not_an_option", "is none of the choices; pick one of them")),
        FieldKind::Text => Ok(affixes(field, text)),
    }
}

/// Takes the core out of the forms in which it is pasted: another form that the row names, a whole address, or the value
/// with its prefix or suffix.
fn affixes(field: &Field, text: &str) -> String {
    for expression in &field.extract {
        let found =
            pattern::compile(expression).and_then(|p| p.captures(text).and_then(|c| c.get(1)).map(|c| c.range()));
        if let Some(range) = found {
            return text[range].to_owned();
        }
    }
    let mut core = text;
    if let Some(prefix) = field.prefix.as_deref() {
        core = strip_prefix(core, prefix);
    }
    let Some(suffix) = field.suffix.as_deref() else {
        return core.to_owned();
    };
    let is_domain = suffix.starts_with('.');
    if is_domain {
        core = strip_prefix(strip_prefix(core, "https://"), "http://");
        core = &core[..core.find(['/', '?', '#', ':']).unwrap_or(core.len())];
    }
    core = strip_suffix(core, suffix);
    if is_domain {
        core.to_ascii_lowercase()
    } else {
        core.to_owned()
    }
}

fn strip_suffix<'t>(text: &'t str, suffix: &str) -> &'t str {
    let at = text.len().saturating_sub(suffix.len());
    match text.get(at..) {
        Some(end) if end.eq_ignore_ascii_case(suffix) => &text[..at],
        _ => text,
    }
}

fn strip_prefix<'t>(text: &'t str, prefix: &str) -> &'t str {
    match text.get(..prefix.len()) {
        Some(start) if start.eq_ignore_ascii_case(prefix) => text[prefix.len()..].trim_start(),
        _ => text,
    }
}

/// A host name, also out of a whole address. It is called at the port of https.
fn host(text: &str, policy: &LintPolicy) -> Result<String, Refused> {
    let refused = (
        "not_a_host",
        "is not the name of a public server, such as forum.example.com; leave out port and path",
    );
    let url = address(text).filter(|url| url.port().is_none()).ok_or(refused)?;
    let host = host_of(&url).ok_or(refused)?;
    if is_public_name(host) || policy.permits(bare(host), HTTPS_PORT) {
        Ok(host.to_owned())
    } else {
        Err(refused)
    }
}

/// The address of a server: scheme, host, port and the path where it is installed, without a slash at the end.
fn url(text: &str, policy: &LintPolicy) -> Result<String, Refused> {
    let refused = (
        "not_a_url",
        "is not the https address of a public server, such as https://forum.example.com; leave out the port",
    );
    let url = address(text).ok_or(refused)?;
    let host = host_of(&url).ok_or(refused)?;
    let is_public = url.scheme() == "https" && url.port().is_none() && is_public_name(host);
    let is_allowed = url
        .port_or_known_default()
        .is_some_and(|port| policy.permits(bare(host), port));
    if url.query().is_some() || url.fragment().is_some() || !(is_public || is_allowed) {
        return Err(refused);
    }
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let path = url.path().trim_end_matches('/');
    Ok(format!("{}://{host}{port}{path}", url.scheme()))
}

/// A text as the address of a web server, with https where it names no scheme; none when a user stands before the host.
fn address(text: &str) -> Option<Url> {
    let url = if text.contains("://") {
        Url::parse(text)
    } else {
        Url::parse(&format!("https://{text}"))
    };
    url.ok().filter(|url| {
        let is_web = matches!(url.scheme(), "https" | "http");
        is_web && url.username().is_empty() && url.password().is_none()
    })
}

/// The host of a URL as it is stored: without a dot at its end; an IPv6 address in brackets.
fn host_of(url: &Url) -> Option<&str> {
    url.host_str().map(|host| host.trim_end_matches('.'))
}

/// A host as the operator's exceptions name it: an IPv6 address without brackets.
fn bare(host: &str) -> &str {
    host.trim_matches(['[', ']'])
}

fn email(text: &str) -> Result<String, Refused> {
    let refused = ("not_an_email", "is not an e-mail address, such as ada@example.com");
    let (local, domain) = text.rsplit_once('@').ok_or(refused)?;
    let is_local = !local.is_empty() && local.len() <= 64 && !local.contains(|c: char| c.is_whitespace() || c == '@');
    let domain = domain.to_ascii_lowercase();
    let is_domain = Host::parse(&domain).is_ok_and(|host| matches!(host, Host::Domain(_))) && domain.contains('.');
    if is_local && is_domain && text.len() <= 254 {
        Ok(format!("{local}@{domain}"))
    } else {
        Err(refused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(kind: FieldKind) -> Field {
        Field {
            name: "f".to_owned(),
            kind,
            ..Field::default()
        }
    }

    /// With no exception of the operator.
    fn public(field: &Field, text: &str) -> Result<String, Refused> {
        normalise(field, text, &LintPolicy::default())
    }

    #[test]
    fn every_way_of_pasting_a_shop_gives_the_same_shop() {
        let shop = Field {
            suffix: Some(".myshopify.com".to_owned()),
            extract: vec![r"^https://admin\.shopify\.com/store/([A-Za-z0-9-]+)".to_owned()],
            ..field(FieldKind::Text)
        };
        for pasted in [
            "acme",
            "ACME",
            "acme.myshopify.com",
            "Acme.MyShopify.com",
            "acme.myshopify.com/admin",
            "https://acme.myshopify.com",
            "https://acme.myshopify.com/admin/products?page=2#top",
            "http://acme.myshopify.com:443/",
            "https://admin.shopify.com/store/acme/products",
        ] {
            assert_eq!(public(&shop, pasted), Ok("acme".to_owned()), "{pasted}");
        }
    }

    #[test]
    fn a_prefix_and_a_plain_suffix_are_taken_off() {
        let account = Field {
            prefix: Some("act_".to_owned()),
            ..field(FieldKind::Text)
        };
        assert_eq!(public(&account, "act_123").unwrap(), "123");
        assert_eq!(public(&account, "123").unwrap(), "123");
        let bearer = Field {
            prefix: Some("Bearer ".to_owned()),
            ..field(FieldKind::Text)
        };
        assert_eq!(public(&bearer, "bearer  tok").unwrap(), "tok");
        let unit = Field {
            suffix: Some("-eu".to_owned()),
            ..field(FieldKind::Text)
        };
        assert_eq!(public(&unit, "Acme-EU").unwrap(), "Acme");
    }

    #[test]
    fn a_host_is_a_public_name() {
        let kind = field(FieldKind::Host);
        for pasted in [
            "forum.example.com",
            "Forum.Example.COM",
            "https://forum.example.com/latest",
            "forum.example.com.",
        ] {
            assert_eq!(public(&kind, pasted).as_deref(), Ok("forum.example.com"), "{pasted}");
        }
        for pasted in [
            "",
            "localhost",
            "10.0.0.1",
            "0x7f.1",
            "[::1]",
            "com",
            "a b.example.com",
            "u@example.com",
            "db.internal",
            "under_score.example.com",
            "-a.example.com",
        ] {
            assert_eq!(public(&kind, pasted).unwrap_err().0, "not_a_host", "{pasted}");
        }
        assert!(public(&kind, "forum.example.com:8443").is_err());
    }

    #[test]
    fn an_address_is_https_and_public() {
        let kind = field(FieldKind::Url);
        assert_eq!(
            public(&kind, "https://Git.Example.com/gitlab/").unwrap(),
            "https://git.example.com/gitlab"
        );
        assert_eq!(public(&kind, "git.example.com:443").unwrap(), "https://git.example.com");
        for pasted in [
            "http://git.example.com",
            "https://git.example.com:8443",
            "https://git.internal",
            "https://127.0.0.1",
            "https://u:p@git.example.com",
            "ftp://git.example.com",
            "https://git.example.com?x=1",
        ] {
            assert_eq!(public(&kind, pasted).unwrap_err().0, "not_a_url", "{pasted}");
        }
    }

    #[test]
    fn the_operator_s_exceptions_may_be_an_account_s_own_server_and_nothing_beside_them() {
        let allowed = ["10.0.0.5:80", "git.internal:8443", "git.internal:443", "[fd00::5]:443"];
        let policy = LintPolicy {
            allowed: allowed.iter().map(|text| text.parse().unwrap()).collect(),
        };
        for (kind, pasted, stored) in [
            (
                FieldKind::Url,
                "http://10.0.0.5/gitlab/",
                Some("http://10.0.0.5/gitlab"),
            ),
            (
                FieldKind::Url,
                "HTTP://Git.Internal:8443",
                Some("http://git.internal:8443"),
            ),
            (FieldKind::Url, "git.internal", Some("https://git.internal")),
            (FieldKind::Url, "[fd00:0::5]", Some("https://[fd00::5]")),
            (
                FieldKind::Url,
                "https://forum.example.com",
                Some("https://forum.example.com"),
            ),
            (FieldKind::Url, "https://10.0.0.5", None),
            (FieldKind::Url, "http://10.0.0.5:81", None),
            (FieldKind::Url, "http://10.0.0.6", None),
            (FieldKind::Url, "http://u:p@10.0.0.5", None),
            (FieldKind::Url, "http://10.0.0.5?x", None),
            (FieldKind::Host, "git.internal", Some("git.internal")),
            (FieldKind::Host, "[fd00::5]", Some("[fd00::5]")),
            (FieldKind::Host, "git.internal:8443", None),
            (FieldKind::Host, "10.0.0.5", None),
        ] {
            let found = normalise(&field(kind), pasted, &policy).ok();
            assert_eq!(found.as_deref(), stored, "{pasted}");
        }
    }

    #[test]
    fn uuids_and_addresses_have_one_spelling() {
        let uuid = "3f0c1f6e-8b1d-4c53-9a55-0d6a3b1f2e47";
        for pasted in [
            uuid,
            "3F0C1F6E8B1D4C539A550D6A3B1F2E47",
            "{3f0c1f6e-8b1d-4c53-9a55-0d6a3b1f2e47}",
        ] {
            assert_eq!(public(&field(FieldKind::Uuid), pasted).as_deref(), Ok(uuid));
        }
        assert_eq!(public(&field(FieldKind::Uuid), "nope").unwrap_err().0, "not_a_uuid");
        assert_eq!(
            public(&field(FieldKind::Email), "Ada@Example.COM").unwrap(),
            "Ada@example.com"
        );
        for pasted in [
            "ada",
            "@example.com",
            "ada@",
            "ada@localhost",
            "a b@example.com",
            "a@b@example.com",
        ] {
            assert_eq!(
                public(&field(FieldKind::Email), pasted).unwrap_err().0,
                "not_an_email",
                "{pasted}"
            );
        }
    }
}
