use std::borrow::Cow;
use std::path::PathBuf;
use std::time::Duration;

use async_nats::ServerAddr;
use percent_encoding::percent_decode_str;
use url::Url;

use super::error::NatsError;
use super::stream::Limits;

/// What the URL of the bus says. It has no `Debug`, since it may hold a password.
pub(super) struct NatsUrl {
    /// The servers, without credentials, so that no log of the client shows them.
    pub(super) servers: Vec<ServerAddr>,
    pub(super) login: Login,
    pub(super) tls: bool,
    /// A PEM file.
    pub(super) ca: Option<PathBuf>,
    pub(super) limits: Limits,
}

/// How this process says who it is.
pub(super) enum Login {
    Nobody,
    User {
        name: String,
        password: String,
    },
    Token(String),
    /// A file with a user's JWT and key.
    File(PathBuf),
    /// A file with the seed of a user's nkey.
    Nkey(PathBuf),
}

impl NatsUrl {
    /// Reads a URL. What is said of a wrong one names its part, and repeats nothing but names of parameters.
    pub(super) fn parse(text: &str) -> Result<Self, NatsError> {
        let (servers, parameters) = text.split_once('?').unwrap_or((text, ""));
        let mut parsed = Self {
            servers: Vec::new(),
            login: Login::Nobody,
            tls: false,
            ca: None,
            limits: Limits::default(),
        };
        let scheme = servers.split_once("://").map_or("", |(scheme, _)| scheme);
        for server in servers.split(',') {
            // In a list the scheme need not be repeated.
            let whole = if server.contains("://") {
                server.to_owned()
            } else {
                format!("{scheme}://{server}")
            };
            parsed.add_server(&whole)?;
        }
        for (name, value) in url::form_urlencoded::parse(parameters.as_bytes()) {
            parsed.set(&name, &value)?;
        }
        Ok(parsed)
    }

    fn add_server(&mut self, server: &str) -> Result<(), NatsError> {
        let mut url = Url::parse(server).map_err(|error| wrong(&format!("a server in it is no URL ({error})")))?;
        if !matches!(url.scheme(), "nats" | "tls") {
            return Err(wrong("it starts neither with nats:// nor with tls://"));
        }
        if url.host_str().is_none_or(str::is_empty) || !matches!(url.path(), "" | "/") || url.fragment().is_some() {
            return Err(wrong(
                "a server in it is not of the form nats://user:password@host:port (an @, / or # in a password is written as %40, %2F or %23)",
            ));
        }
        if let Some(login) = login(&url)? {
            self.login = login;
        }
        let plain = url.set_username("").and_then(|()| url.set_password(None));
        let address = plain.map(|()| ServerAddr::from_url(url));
        match address {
            Ok(Ok(address)) => self.servers.push(address),
            _ => return Err(wrong("a server in it has no address")),
        }
        Ok(())
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), NatsError> {
        let number = || {
            let number = value.parse::<u32>().ok().filter(|number| *number > 0);
            number.ok_or_else(|| wrong(&format!("`{name}` is no whole number above 0")))
        };
        match name {
            "creds" => self.login = Login::File(value.into()),
            "nkey" => self.login = Login::Nkey(value.into()),
            "ca" => {
                self.ca = Some(value.into());
                self.tls = true;
            }
            "tls" if matches!(value, "true" | "false") => self.tls = value == "true",
            "tls" => return Err(wrong("`tls` is neither true nor false")),
            "replicas" if matches!(value, "1" | "3" | "5") => {
                self.limits.replicas = usize::from(value.as_bytes()[0] - b'0');
            }
            "replicas" => return Err(wrong("`replicas` is not 1, 3 or 5")),
            "max_mb" => self.limits.max_bytes = i64::from(number()?) * 1024 * 1024,
            "max_age_s" => self.limits.max_age = Duration::from_secs(number()?.into()),
            _ => {
                return Err(wrong(
                    "it has a parameter that is not one of creds, nkey, ca, tls, replicas, max_mb and max_age_s",
                ));
            }
        }
        Ok(())
    }
}

/// A user without a password is a token, as in every client of NATS.
fn login(url: &Url) -> Result<Option<Login>, NatsError> {
    let plain = |encoded: &str| {
        let decoded = percent_decode_str(encoded).decode_utf8();
        decoded
            .map(Cow::into_owned)
            .map_err(|_| wrong("its user or password is not UTF-8"))
    };
    let name = plain(url.username())?;
    Ok(match url.password() {
        Some(password) => Some(Login::User {
            name,
            password: plain(password)?,
        }),
        None if name.is_empty() => None,
        None => Some(Login::Token(name)),
    })
}

fn wrong(what: &str) -> NatsError {
    NatsError::Url(what.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(url: &str) -> String {
        NatsUrl::parse(url).err().map(|error| error.to_string()).unwrap()
    }

    #[test]
    fn servers_login_and_parameters_are_read() {
        let url =
            NatsUrl::parse("nats://ann:p%40ss@a:4222,b?replicas=3&max_mb=1024&max_age_s=60&ca=/etc/ca.pem").unwrap();
        let servers: Vec<_> = url
            .servers
            .iter()
            .map(|server| (server.host(), server.port()))
            .collect();
        assert_eq!(servers, [("a", 4222), ("b", 4222)]);
        assert!(
            url.servers.iter().all(|server| !server.has_user_pass()),
            "no log of the client shows them"
        );
        assert!(matches!(url.login, Login::User { name, password } if name == "ann" && password == "p@ss"));
        assert!(url.tls);
        assert_eq!(url.limits.replicas, 3);
        assert_eq!(url.limits.max_bytes, 1024 * 1024 * 1024);
        assert_eq!(url.limits.max_age, Duration::from_mins(1));
    }

    #[test]
    fn a_user_without_a_password_is_a_token_and_credentials_may_stand_in_a_file() {
        let token = NatsUrl::parse("tls://t0ken@a").unwrap().login;
        assert!(matches!(token, Login::Token(token) if token == "t0ken"));
        let file = NatsUrl::parse("nats://a?creds=/run/user.creds").unwrap().login;
        assert!(matches!(file, Login::File(path) if path.ends_with("user.creds")));
        let seed = NatsUrl::parse("nats://a?nkey=/run/user.nk").unwrap().login;
        assert!(matches!(seed, Login::Nkey(path) if path.ends_with("user.nk")));
    }

    #[test]
    fn a_wrong_url_is_refused_without_repeating_it() {
        for url in [
            "http://zoe:s3cret@a",
            "nats://zoe:s3cret@",
            "nats://zoe:s3cret@a/path",
            "nats://zoe:s3cret/@a",
            "zoe:s3cret@a",
            "nats://zoe:s3cret@a:port",
            "nats://zoe:s3cret@a?replicas=2",
            "nats://zoe:s3cret@a?max_mb=0",
            "nats://zoe:s3cret@a?s3cret=1",
            "nats://zoe:s3cret@a?tls=s3cret",
        ] {
            let refusal = refusal(url);
            assert!(
                !refusal.contains("s3cret") && !refusal.contains("zoe"),
                "{url}: {refusal}"
            );
        }
    }
}
