use axum::http::{HeaderMap, HeaderValue, header};
use chrono::TimeDelta;
use domain::Sha256Digest;

use super::store::{LIFE, SessionKey};
use crate::error::Failure;
use crate::site::Site;

/// A cookie of these pages. All of them hold nothing but a random number.
#[derive(Clone, Copy)]
pub(crate) enum Cookie {
    /// Of a session.
    Session,
    /// Of a browser that was sent to the identity provider, so that nobody else can come back in its place.
    Attempt,
}

impl Cookie {
    /// What it is called. Over https the browser itself keeps it to https, to this host and to the whole of it (RFC
    /// 6265bis, section 4.1.3.2); over plain http, which is for the machine itself, browsers refuse that prefix.
    fn name(self, site: &Site) -> &'static str {
        match (self, site.is_https()) {
            (Self::Session, true) => "__Host-soconnective",
            (Self::Session, false) => "soconnective",
            (Self::Attempt, true) => "__Host-soconnective-attempt",
            (Self::Attempt, false) => "soconnective-attempt",
        }
    }

    /// How long the browser keeps it.
    const fn life(self) -> TimeDelta {
        match self {
            Self::Session => LIFE,
            Self::Attempt => crate::sign_on::PATIENCE,
        }
    }

    /// Its number, as a request carries it.
    pub(crate) fn number(self, site: &Site, headers: &HeaderMap) -> Option<Number> {
        let wanted = self.name(site);
        let cookies = headers.get_all(header::COOKIE).iter();
        let mut pairs = cookies
            .filter_map(|value| value.to_str().ok())
            .flat_map(|text| text.split(';'));
        let value = pairs.find_map(|pair| pair.trim().strip_prefix(wanted)?.strip_prefix('='))?;
        value.parse().ok().map(Number)
    }

    /// Has the browser keep a number.
    pub(crate) fn keep(self, site: &Site, number: &Number) -> HeaderValue {
        self.set(site, &number.text(), self.life().num_seconds())
    }

    /// Has the browser forget it.
    pub(crate) fn clear(self, site: &Site) -> HeaderValue {
        self.set(site, "", 0)
    }

    fn set(self, site: &Site, value: &str, seconds: i64) -> HeaderValue {
        let secure = if site.is_https() { "; Secure" } else { "" };
        let text = format!(
            "{}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}",
            self.name(site)
        );
        HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""))
    }
}

/// 256 random bits that a browser holds and nobody else knows; here, only their digest is kept.
// The type of a digest is that of 256 bits, which are written as hexadecimal.
pub(crate) struct Number(Sha256Digest);

impl Number {
    /// A new one.
    ///
    /// # Errors
    /// [`Failure::Unavailable`] when the operating system has no random bytes.
    pub(crate) fn new(site: &Site) -> Result<Self, Failure> {
        Ok(Self(Sha256Digest::new(site.backstage.random()?)))
    }

    /// What the browser holds.
    pub(crate) fn text(&self) -> String {
        self.0.to_string()
    }

    /// By which it is known here.
    pub(crate) fn key(&self) -> SessionKey {
        Sha256Digest::of(self.text().as_bytes())
    }
}
