use domain::recipe::{HostRule, LintPolicy};
use url::{Host, Url};

/// The one port of the public internet that this system speaks to.
const HTTPS_PORT: u16 = 443;

/// Top-level names that never lead to a public server (RFC 6761, RFC 6762, RFC 7686, RFC 8375, RFC 9476, and
/// `internal`, which ICANN reserved for private use). DNS would refuse most of them anyway; some resolvers do not.
const PRIVATE_NAMES: [&str; 10] = [
    "alt",
    "example",
    "home.arpa",
    "internal",
    "invalid",
    "local",
    "localhost",
    "onion",
    "test",
    "in-addr.arpa",
];

/// The checks of a rendered URL, before any name is looked up. Pure.
pub(crate) struct Guard {
    exceptions: LintPolicy,
}

/// How far a call may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// To public addresses only.
    Public,
    /// Anywhere: the operator named this very host and port.
    Excepted,
}

/// A URL that passed. It is what is called: nothing parses the text a second time.
pub(crate) struct Target {
    /// The URL, parsed once.
    pub(crate) url: Url,
    /// Its host: a lower-case ASCII name, or an address without brackets.
    pub(crate) host: String,
    /// How far the call may go.
    pub(crate) reach: Reach,
}

/// Why a URL is not called. It never repeats any part of the URL, which may hold a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// No URL at all by the WHATWG URL standard.
    #[error("the test's URL is not a URL")]
    Url,
    /// Neither https nor an excepted http.
    #[error("the test's URL is not https")]
    Scheme,
    /// Another port than 443.
    #[error("the test's URL names a port that is not allowed")]
    Port,
    /// A user or a password before the host.
    #[error("the test's URL holds a user or a password before its host")]
    UserInfo,
    /// An address instead of a name.
    #[error("the test's URL names an address instead of a host name")]
    Address,
    /// A name that no public server has.
    #[error("the test's URL names a host that no public server has")]
    Host,
    /// Rendered out of what the row fixed or the account pinned.
    #[error("the test's URL leaves the host that the row or the account fixed")]
    OutsideRule,
}

impl Refusal {
    /// The stable code of it, as the tenant sees it.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Url => "url_invalid",
            Self::Scheme => "scheme_not_allowed",
            Self::Port => "port_not_allowed",
            Self::UserInfo => "userinfo_not_allowed",
            Self::Address => "address_not_allowed",
            Self::Host => "host_not_allowed",
            Self::OutsideRule => "host_outside_rule",
        }
    }
}

impl Guard {
    /// A guard with the operator's exceptions.
    pub(crate) const fn new(exceptions: LintPolicy) -> Self {
        Self { exceptions }
    }

    /// The operator's exceptions, as the linter of rows takes them.
    pub(crate) const fn exceptions(&self) -> &LintPolicy {
        &self.exceptions
    }

    /// Checks a rendered URL against the rules of egress and against its row's own.
    pub(crate) fn check(&self, url: &str, rule: &HostRule) -> Result<Target, Refusal> {
        let url = Url::parse(url).map_err(|_| Refusal::Url)?;
        if !matches!(url.scheme(), "https" | "http") {
            return Err(Refusal::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refusal::UserInfo);
        }
        let host = match url.host().ok_or(Refusal::Host)? {
            Host::Domain(name) => name.to_owned(),
            Host::Ipv4(address) => address.to_string(),
            Host::Ipv6(address) => address.to_string(),
        };
        let port = url.port_or_known_default().ok_or(Refusal::Port)?;
        // A rule made of an IPv6 address may spell it with its brackets.
        if !rule.permits(&host) && !url.host_str().is_some_and(|spelt| rule.permits(spelt)) {
            return Err(Refusal::OutsideRule);
        }
        let reach = if self.exceptions.permits(&host, port) {
            Reach::Excepted
        } else {
            check_public(&url, port)?;
            Reach::Public
        };
        Ok(Target { url, host, reach })
    }
}

/// What holds for every URL that the operator did not except.
fn check_public(url: &Url, port: u16) -> Result<(), Refusal> {
    if url.scheme() != "https" {
        return Err(Refusal::Scheme);
    }
    if port != HTTPS_PORT {
        return Err(Refusal::Port);
    }
    match url.host() {
        // The URL standard has already turned `2130706433`, `0x7f.1` and `0177.0.0.1` into addresses.
        Some(Host::Ipv4(_) | Host::Ipv6(_)) => Err(Refusal::Address),
        Some(Host::Domain(name)) if is_public_name(name) => Ok(()),
        _ => Err(Refusal::Host),
    }
}

/// Whether a name can be that of a public server: at least two labels of letters, digits and hyphens (RFC 1123,
/// section 2.1), no trailing dot, a top-level name that is not a number, and none that is private.
fn is_public_name(name: &str) -> bool {
    let labels: Vec<&str> = name.split('.').collect();
    let top = labels.last().copied().unwrap_or_default();
    name.len() <= 253
        && labels.len() >= 2
        && labels.iter().all(|label| is_label(label))
        && !top.bytes().all(|byte| byte.is_ascii_digit())
        && !PRIVATE_NAMES.iter().any(|private| is_at_or_under(name, private))
}

/// `[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?`; the URL standard has already lowered the case and encoded what is not ASCII.
fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// Whether a name is another one or ends with it at a label's boundary.
fn is_at_or_under(name: &str, parent: &str) -> bool {
    name.strip_suffix(parent)
        .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixed(suffix: &str) -> HostRule {
        HostRule::Fixed(suffix.to_owned())
    }

    fn pinned(host: &str) -> HostRule {
        HostRule::Pinned(host.to_owned())
    }

    fn guard(exceptions: &[&str]) -> Guard {
        Guard::new(LintPolicy {
            allowed: exceptions.iter().map(|text| text.parse().unwrap()).collect(),
        })
    }

    /// What the guard says to a URL whose row lets it go to whatever host it names: the guard's own rules alone.
    fn verdict(guard: &Guard, url: &str) -> Result<Reach, Refusal> {
        let rule = match Url::parse(url).ok().as_ref().and_then(Url::host) {
            Some(Host::Domain(name)) => pinned(name),
            Some(Host::Ipv4(address)) => pinned(&address.to_string()),
            Some(Host::Ipv6(address)) => pinned(&address.to_string()),
            None => pinned(""),
        };
        guard.check(url, &rule).map(|target| target.reach)
    }

    #[test]
    fn a_public_https_url_may_be_called() {
        for url in [
            "https://api.stripe.com/v1/account?expand%5B%5D=x",
            "https://api.stripe.com:443/",
            "https://us19.api.mailchimp.com/3.0/ping",
            "HTTPS://API.Stripe.COM/",
            "https://bücher.example.de/",
            "https://3scale.net/",
        ] {
            assert_eq!(verdict(&guard(&[]), url), Ok(Reach::Public), "{url}");
        }
    }

    #[test]
    fn everything_else_is_refused_with_its_code() {
        let cases = [
            // Schemes and ports.
            ("http://api.stripe.com/", "scheme_not_allowed"),
            ("ftp://api.stripe.com/", "scheme_not_allowed"),
            ("file:///etc/passwd", "scheme_not_allowed"),
            ("gopher://api.stripe.com/", "scheme_not_allowed"),
            ("javascript:alert(1)", "scheme_not_allowed"),
            ("https://api.stripe.com:8443/", "port_not_allowed"),
            ("https://api.stripe.com:80/", "port_not_allowed"),
            ("https://api.stripe.com:0/", "port_not_allowed"),
            // Users before the host.
            ("https://api.stripe.com@evil.com/", "userinfo_not_allowed"),
            ("https://api.stripe.com:secret@evil.com/", "userinfo_not_allowed"),
            ("https://:secret@evil.com/", "userinfo_not_allowed"),
            ("https://api.stripe.com%2F@evil.com/", "userinfo_not_allowed"),
            // Addresses in every spelling that the URL standard knows.
            ("https://127.0.0.1/", "address_not_allowed"),
            ("https://8.8.8.8/", "address_not_allowed"),
            ("https://2130706433/", "address_not_allowed"),
            ("https://0x7f000001/", "address_not_allowed"),
            ("https://0x7f.1/", "address_not_allowed"),
            ("https://0177.0.0.1/", "address_not_allowed"),
            ("https://017700000001/", "address_not_allowed"),
            ("https://127.1/", "address_not_allowed"),
            ("https://127.0.0.1./", "address_not_allowed"),
            ("https://①②⑦.0.0.1/", "address_not_allowed"),
            ("https://127%2E0%2E0%2E1/", "address_not_allowed"),
            ("https://169.254.169.254/latest/meta-data/", "address_not_allowed"),
            ("https://[::1]/", "address_not_allowed"),
            ("https://[::ffff:127.0.0.1]/", "address_not_allowed"),
            ("https://[64:ff9b::7f00:1]/", "address_not_allowed"),
            ("https://[2606:4700:4700::1111]/", "address_not_allowed"),
            // Hosts that are none, or no public server's.
            ("https://[fe80::1%25eth0]/", "url_invalid"),
            ("https://[fe80::1%eth0]/", "url_invalid"),
            ("https://256.256.256.256/", "url_invalid"),
            ("https://1.2.3.4.5/", "url_invalid"),
            ("https:///", "url_invalid"),
            ("https://a b.com/", "url_invalid"),
            ("https://a<b>.com/", "url_invalid"),
            ("api.stripe.com/v1", "url_invalid"),
            ("", "url_invalid"),
            ("https://localhost/", "host_not_allowed"),
            ("https://metadata/", "host_not_allowed"),
            ("https://com./", "host_not_allowed"),
            ("https://api.stripe.com./", "host_not_allowed"),
            ("https://api..stripe.com/", "host_not_allowed"),
            ("https://.stripe.com/", "host_not_allowed"),
            ("https://-api.stripe.com/", "host_not_allowed"),
            ("https://my_shop.stripe.com/", "host_not_allowed"),
            ("https://*.stripe.com/", "host_not_allowed"),
            ("https://metadata.google.internal/", "host_not_allowed"),
            ("https://db.localhost/", "host_not_allowed"),
            ("https://printer.local/", "host_not_allowed"),
            ("https://router.home.arpa/", "host_not_allowed"),
        ];
        for (url, code) in cases {
            let refusal = verdict(&guard(&[]), url).expect_err(url);
            assert_eq!(refusal.code(), code, "{url}");
            assert!(
                !refusal.to_string().contains("stripe"),
                "a refusal repeats nothing of the URL"
            );
        }
    }

    #[test]
    fn labels_and_names_have_their_lengths() {
        let label = "a".repeat(63);
        let name = format!("{label}.{label}.{label}.{}.com", "a".repeat(57));
        assert_eq!(name.len(), 253);
        assert_eq!(verdict(&guard(&[]), &format!("https://{name}/")), Ok(Reach::Public));
        assert_eq!(verdict(&guard(&[]), &format!("https://a{name}/")), Err(Refusal::Host));
        assert_eq!(
            verdict(&guard(&[]), &format!("https://a.{label}b.com/")),
            Err(Refusal::Host)
        );
    }

    #[test]
    fn the_host_stays_within_what_the_row_fixed() {
        let guard = guard(&[]);
        let mailchimp = fixed("api.mailchimp.com");
        assert!(guard.check("https://us19.api.mailchimp.com/3.0", &mailchimp).is_ok());
        assert!(guard.check("https://api.mailchimp.com/3.0", &mailchimp).is_ok());
        for url in [
            "https://evilapi.mailchimp.com/3.0",
            "https://evil-api.mailchimp.com/3.0",
            "https://mailchimp.com/3.0",
            "https://evil.com/.api.mailchimp.com/3.0",
            "https://evil.com#.api.mailchimp.com/3.0",
            "https://evil.com?.api.mailchimp.com/3.0",
            "https://evil.com\\.api.mailchimp.com/3.0",
            "https://api.mailchimp.com.evil.com/3.0",
        ] {
            assert_eq!(guard.check(url, &mailchimp).err(), Some(Refusal::OutsideRule), "{url}");
        }
    }

    #[test]
    fn a_pinned_host_is_that_host_alone() {
        let guard = guard(&[]);
        let own = pinned("forum.acme.com");
        assert!(guard.check("https://forum.acme.com/", &own).is_ok());
        for url in [
            "https://a.forum.acme.com/",
            "https://acme.com/",
            "https://forum.acme.com.evil.com/",
        ] {
            assert_eq!(guard.check(url, &own).err(), Some(Refusal::OutsideRule), "{url}");
        }
    }

    #[test]
    fn an_exception_holds_for_its_host_and_port_alone() {
        let guard = guard(&["gitlab.internal:8443", "127.0.0.1:9000", "[fd00::5]:80"]);
        for url in [
            "https://gitlab.internal:8443/api",
            "http://gitlab.internal:8443/api",
            "http://127.0.0.1:9000/",
            "http://2130706433:9000/",
            "http://[fd00::5]/",
        ] {
            assert_eq!(verdict(&guard, url), Ok(Reach::Excepted), "{url}");
        }
        for (url, refusal) in [
            ("https://gitlab.internal/api", Refusal::Host),
            ("https://a.gitlab.internal:8443/api", Refusal::Port),
            ("http://127.0.0.1:9001/", Refusal::Scheme),
            ("http://127.0.0.2:9000/", Refusal::Scheme),
            ("https://[fd00::5]/", Refusal::Address),
            ("http://user@127.0.0.1:9000/", Refusal::UserInfo),
            ("ftp://127.0.0.1:9000/", Refusal::Scheme),
        ] {
            assert_eq!(verdict(&guard, url), Err(refusal), "{url}");
        }
    }

    #[test]
    fn an_exception_does_not_lift_the_row_s_own_rule() {
        let guard = guard(&["gitlab.internal:8443"]);
        let refusal = guard
            .check("https://gitlab.internal:8443/", &fixed("provider.com"))
            .err();
        assert_eq!(refusal, Some(Refusal::OutsideRule));
    }
}
