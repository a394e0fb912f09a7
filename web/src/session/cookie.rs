use std::fmt::Write as _;

use axum::http::{HeaderMap, HeaderValue, header};
use domain::Sha256Digest;

use super::SessionKey;
use super::store::LIFE;
use crate::site::Site;

/// Kept to https, to this host and to the whole of it by the browser itself (RFC 6265bis, section 4.1.3.2).
const OVER_HTTPS: &str = "__Host-soconnective";

/// Over plain http, which is for the machine itself, browsers refuse that prefix.
const OVER_HTTP: &str = "soconnective";

/// The session that a request belongs to, by the cookie that it carries.
pub(crate) fn sent(site: &Site, headers: &HeaderMap) -> Option<SessionKey> {
    let wanted = name(site);
    let cookies = headers.get_all(header::COOKIE).iter();
    let mut pairs = cookies
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(';'));
    let value = pairs.find_map(|pair| pair.trim().strip_prefix(wanted)?.strip_prefix('='))?;
    Some(Sha256Digest::of(value.as_bytes()))
}

/// The cookie for these random bits, and the key of the session that it opens.
pub(crate) fn kept(site: &Site, random: &[u8; 32]) -> (HeaderValue, SessionKey) {
    let value = random.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    });
    let key = Sha256Digest::of(value.as_bytes());
    (set(site, &value, LIFE.num_seconds()), key)
}

/// Has the browser forget its cookie.
pub(crate) fn cleared(site: &Site) -> HeaderValue {
    set(site, "", 0)
}

fn set(site: &Site, value: &str, seconds: i64) -> HeaderValue {
    let secure = if site.is_https() { "; Secure" } else { "" };
    let text = format!(
        "{}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}",
        name(site)
    );
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

fn name(site: &Site) -> &'static str {
    if site.is_https() { OVER_HTTPS } else { OVER_HTTP }
}
