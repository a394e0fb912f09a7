use eventstore::{ClientSettings, Credentials};
use percent_encoding::percent_decode_str;
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::connection::unavailable;
use crate::LogError;

/// The namespace of a log whose URL names none.
const NAMESPACE: &str = "soconnective";
const MAX_NAMESPACE: usize = 32;
/// How the client looks for a node, unless the URL says otherwise: it waits this long before each attempt, the first
/// one too. In milliseconds.
const DISCOVERY: [(&str, &str); 2] = [("discoveryInterval", "50"), ("maxDiscoverAttempts", "20")];

/// What the URL of a log says. Nothing of it is ever printed: it may hold a password.
pub(super) struct Settings {
    /// For the client, without credentials.
    pub(super) client: ClientSettings,
    /// The client takes them as they stand in the URL, percent signs and all; so they are decoded here and given with
    /// every call.
    pub(super) credentials: Option<Credentials>,
    /// What the names of all streams of this log start with, before a dash.
    pub(super) namespace: String,
}

impl Settings {
    /// Reads `url`, and checks the files that it names: the client panics where one of them cannot be read.
    pub(super) fn parse(url: &str) -> Result<Self, LogError> {
        let form =
            || unavailable("its URL must be esdb://[user:password@]host:port[,host:port…][?tls=true&tlsCaFile=…]");
        let (scheme, rest) = url.split_once("://").ok_or_else(form)?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at(end);
        let (login, hosts) = authority
            .rsplit_once('@')
            .map_or((None, authority), |(login, hosts)| (Some(login), hosts));
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (query, namespace) = parameters(query)?;
        let client: ClientSettings = format!("{scheme}://{hosts}{path}?{query}")
            .parse()
            .map_err(|_| form())?;
        check_files(&client)?;
        Ok(Self {
            client,
            credentials: login.map(credentials).transpose()?,
            namespace,
        })
    }
}

/// The parameters for the client, completed, and the namespace.
fn parameters(query: &str) -> Result<(String, String), LogError> {
    let mut namespace = NAMESPACE.to_owned();
    let mut kept: Vec<(&str, &str)> = Vec::new();
    for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        match name.to_ascii_lowercase().as_str() {
            "namespace" => value.clone_into(&mut namespace),
            // A follower may be behind: it would not know what was just appended.
            "nodepreference" if !value.eq_ignore_ascii_case("leader") => {
                return Err(unavailable(
                    "its URL must not prefer another node than the leader: leave nodePreference out",
                ));
            }
            _ => kept.push((name, value)),
        }
    }
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    if !(1..=MAX_NAMESPACE).contains(&namespace.len()) || !namespace.bytes().all(plain) {
        return Err(unavailable(
            "the namespace in its URL must be 1 to 32 small ASCII letters and digits",
        ));
    }
    for (name, value) in DISCOVERY {
        if !kept.iter().any(|(kept, _)| kept.eq_ignore_ascii_case(name)) {
            kept.push((name, value));
        }
    }
    let query: Vec<_> = kept.iter().map(|(name, value)| format!("{name}={value}")).collect();
    Ok((query.join("&"), namespace))
}

fn credentials(login: &str) -> Result<Credentials, LogError> {
    let (user, password) = login.split_once(':').unwrap_or((login, ""));
    let decode = |text: &str| percent_decode_str(text).decode_utf8().map(std::borrow::Cow::into_owned);
    match (decode(user), decode(password)) {
        (Ok(user), Ok(password)) => Ok(Credentials::new(user, password)),
        _ => Err(unavailable(
            "the user or the password in its URL is not percent-encoded UTF-8",
        )),
    }
}

/// Reads all that the client will read, which cannot say what is wrong with it.
fn check_files(client: &ClientSettings) -> Result<(), LogError> {
    let mut roots = RootCertStore::empty();
    if let Some(path) = client.tls_ca_file() {
        let wrong = || unavailable("the file that tlsCaFile names in its URL is not one of PEM certificates");
        let certificates = CertificateDer::pem_file_iter(path).map_err(|_| wrong())?;
        for certificate in certificates {
            roots.add(certificate.map_err(|_| wrong())?).map_err(|_| wrong())?;
        }
        if roots.is_empty() {
            return Err(wrong());
        }
    } else {
        let native = rustls_native_certs::load_native_certs();
        let refused = native
            .certs
            .into_iter()
            .any(|certificate| roots.add(certificate).is_err());
        if refused || !native.errors.is_empty() {
            return Err(unavailable(
                "the machine's certificate authorities cannot be read: name a file with tlsCaFile in its URL",
            ));
        }
    }
    if let Some((certificate, key)) = client.user_certificate() {
        let certificates = CertificateDer::pem_file_iter(certificate).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        if certificates.is_err() || PrivateKeyDer::from_pem_file(key).is_err() {
            return Err(unavailable(
                "the files that userCertFile and userKeyFile name in its URL are not a PEM certificate and its key",
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(url: &str) -> String {
        let Err(LogError::Unavailable(source)) = Settings::parse(url) else {
            panic!("{url} must be refused");
        };
        source.to_string()
    }

    #[test]
    fn credentials_are_decoded_and_the_client_never_sees_them() {
        let settings = Settings::parse("esdb://adm%40in:p%40ss%3A%2F@localhost:2113?tls=false").unwrap();
        assert_eq!(settings.credentials, Some(Credentials::new("adm@in", "p@ss:/")));
        assert!(settings.client.default_authenticated_user().is_none());
    }

    #[test]
    fn several_hosts_and_the_namespace_are_read() {
        let settings = Settings::parse("esdb://u:p@a:1,b:2?tls=false&namespace=staging").unwrap();
        assert_eq!(settings.client.hosts().len(), 2);
        assert_eq!(settings.namespace, "staging");
        assert_eq!(Settings::parse("esdb://a?tls=false").unwrap().namespace, NAMESPACE);
    }

    #[test]
    fn what_is_wrong_with_a_url_is_said_without_repeating_it() {
        let table = [
            ("nothing-like-it", "must be esdb://"),
            ("http://u:secret@host", "must be esdb://"),
            ("esdb://u:secret@host:port", "must be esdb://"),
            ("esdb://u:secret@a?tls=secret", "must be esdb://"),
            ("esdb://u:sec%ffret@a?tls=false", "percent-encoded"),
            ("esdb://u:secret@a?tls=false&namespace=Se-cret", "namespace"),
            ("esdb://u:secret@a?tls=false&nodePreference=follower", "leader"),
            ("esdb://u:secret@a?tls=true&tlsCaFile=/nowhere/secret", "tlsCaFile"),
        ];
        for (url, reason) in table {
            let message = refused(url);
            assert!(message.contains(reason), "{url}: {message}");
            assert!(!message.contains("secret"), "{message}");
        }
    }
}
