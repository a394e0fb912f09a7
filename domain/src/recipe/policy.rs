use std::fmt;
use std::str::FromStr;

/// What the operator allows beyond public https hosts: providers inside their own network.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LintPolicy {
    /// Hosts that may be plain http, an IP literal, a name without a public suffix, or on a port of their own.
    pub allowed: Vec<HostPort>,
}

impl LintPolicy {
    /// Whether the operator allows this very host and port. An IPv6 address stands without brackets.
    #[must_use]
    pub fn permits(&self, host: &str, port: u16) -> bool {
        self.allowed
            .iter()
            .any(|allowed| allowed.port == port && allowed.host.eq_ignore_ascii_case(host))
    }
}

/// A host and a port, written `HOST:PORT`, or `[ADDRESS]:PORT` for IPv6.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HostPort {
    /// The host in lower case; an IPv6 address without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

/// A text that is not `HOST:PORT`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a host and a port: write HOST:PORT, such as gitlab.internal:8443, 10.0.0.5:80 or [fd00::5]:443")]
pub struct InvalidHostPort;

impl FromStr for HostPort {
    type Err = InvalidHostPort;

    fn from_str(text: &str) -> Result<Self, InvalidHostPort> {
        let (host, port) = text.trim().rsplit_once(':').ok_or(InvalidHostPort)?;
        let port = port.parse().ok().filter(|port| *port != 0).ok_or(InvalidHostPort)?;
        let host = match url::Host::parse(host).map_err(|_| InvalidHostPort)? {
            // There are no wildcards: one would be taken for a name, and never match.
            url::Host::Domain(name) if name.contains('*') => return Err(InvalidHostPort),
            url::Host::Domain(name) => name,
            url::Host::Ipv4(address) => address.to_string(),
            url::Host::Ipv6(address) => address.to_string(),
        };
        Ok(Self { host, port })
    }
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_and_port_is_read_and_written_back() {
        for text in ["gitlab.internal:8443", "10.0.0.5:80", "[fd00::5]:443", "localhost:1"] {
            let parsed: HostPort = text.parse().unwrap();
            assert_eq!(parsed.to_string(), text);
        }
        assert_eq!(
            "GitLab.Internal:8443".parse::<HostPort>().unwrap().host,
            "gitlab.internal"
        );
    }

    #[test]
    fn what_is_no_host_and_port_is_refused() {
        for text in [
            "",
            "host",
            "host:",
            ":80",
            "host:0",
            "host:65536",
            "a b:80",
            "fd00::5:443x",
            "http://host:80",
            "*:80",
            "*.internal:80",
        ] {
            assert!(text.parse::<HostPort>().is_err(), "{text}");
        }
    }

    #[test]
    fn only_the_very_host_and_port_is_permitted() {
        let policy = LintPolicy {
            allowed: vec!["10.0.0.5:80".parse().unwrap()],
        };
        assert!(policy.permits("10.0.0.5", 80));
        assert!(!policy.permits("10.0.0.5", 81));
        assert!(!policy.permits("10.0.0.50", 80));
    }
}
