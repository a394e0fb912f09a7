use std::collections::BTreeMap;
use std::time::Duration;

use axum::extract::{FromRequest, Request};
use axum::http::header;
use axum::http::request::Parts;
use commands::Context;
use domain::{CommandId, CorrelationId, Sha256Digest};
use futures::StreamExt;
use secrecy::SecretString;
use tokio::time::timeout;
use url::form_urlencoded;
use zeroize::{Zeroize, Zeroizing};

use crate::error::Failure;
use crate::session::Viewer;
use crate::site::Site;

/// The most bytes that a form may have, or the texts of one with a file: several times the largest recipe, written out.
pub(crate) const MOST: usize = 256 * 1024;

/// Browsers show no answer before they have sent all that they have to send. So much of what is too large is read on and
/// dropped, for a person to be told so; beyond it the connection is closed.
pub(crate) const HEARD_OUT: usize = 32 * 1024 * 1024;

/// A form that does not arrive within this time is given up.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) const TOO_SLOW: Failure = Failure::BadForm("It did not arrive within 20 seconds");
pub(crate) const TOO_LARGE: Failure = Failure::TooLarge(
    "The form is larger than 256 KiB, and nothing was saved. Go back and shorten it: so much is probably a whole file where \
     a key or a text was meant to be.",
);
pub(crate) const BROKEN: Failure = Failure::BadForm("It did not arrive whole");

/// The hidden field whose value is new on every page: by it a form that is sent twice is known.
pub(crate) const ONCE: &str = "once";

/// Before the names of the fields that a provider's row asks for.
pub(crate) const FIELD: &str = "field.";

/// What a form sent (`application/x-www-form-urlencoded`). It may hold secrets: it is wiped, and never repeated.
pub(crate) struct Form {
    pairs: Vec<(String, Zeroizing<String>)>,
    request: String,
    body: Sha256Digest,
    correlation: CorrelationId,
}

/// The request that a form came with.
pub(crate) struct Arrival {
    /// Its method and its path.
    line: String,
    correlation: CorrelationId,
    /// The token or the membership in use now.
    holder: Option<String>,
}

impl Form {
    /// A form with these values. `body` stands for all that was sent.
    ///
    /// # Errors
    /// [`Failure::Switched`] when another token or membership is in use than when the form was shown: a key that was
    /// pasted for one account must not get into another.
    pub(crate) fn of_pairs(
        pairs: Vec<(String, Zeroizing<String>)>,
        arrival: Arrival,
        body: Sha256Digest,
    ) -> Result<Self, Failure> {
        let form = Self {
            pairs,
            request: arrival.line,
            body,
            correlation: arrival.correlation,
        };
        match (form.text(ONCE).split_once('.'), arrival.holder) {
            (Some((_, shown_to)), Some(holder)) if shown_to != holder => Err(Failure::Switched),
            _ => Ok(form),
        }
    }

    /// The value of a field, without spaces around it; empty when it was not sent.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.optional(name).unwrap_or("")
    }

    /// The same, and none when it is empty.
    pub(crate) fn optional(&self, name: &str) -> Option<&str> {
        let value = self.pairs.iter().find(|(key, _)| key == name)?.1.trim();
        (!value.is_empty()).then_some(value)
    }

    /// The value of a field as it was typed; empty when it was not sent.
    pub(crate) fn untrimmed(&self, name: &str) -> &str {
        let value = self.pairs.iter().find(|(key, _)| key == name);
        value.map_or("", |(_, value)| value)
    }

    /// All values of a field, for check boxes and lists.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let named = self.pairs.iter().filter(move |(key, _)| key == name);
        named.map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }

    /// Whether a box was checked, or a button pressed.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.pairs.iter().any(|(key, _)| key == name)
    }

    /// What was pasted into the fields of a provider's row. Empty ones were not filled in.
    pub(crate) fn credential(&self) -> BTreeMap<String, SecretString> {
        let fields = self
            .pairs
            .iter()
            .filter_map(|(key, value)| Some((key.strip_prefix(FIELD)?, value)));
        fields
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| (name.to_owned(), SecretString::from(value.as_str())))
            .collect()
    }

    /// The context of the command that this form is. The same form with the same content, sent twice, is one command: the
    /// second click gets the result of the first. The hidden field is a random number that nobody else knows, so that the
    /// command's id, which is in the log, says nothing of the content.
    pub(crate) fn context(&self, site: &Site, viewer: &Viewer) -> Context {
        let once = Some(self.text(ONCE)).filter(|once| once.len() >= 32);
        let command = once.map_or_else(
            || CommandId::new(site.ids.uuid()),
            |once| {
                let scope = format!("{} {}", viewer.holder.id(), self.request);
                CommandId::of(&scope, &format!("{once} {}", self.body))
            },
        );
        Context {
            actor: viewer.actor(),
            command,
            correlation: self.correlation,
            request: None,
        }
    }
}

impl FromRequest<Site> for Form {
    type Rejection = Failure;

    async fn from_request(request: Request, site: &Site) -> Result<Self, Failure> {
        let is_form = request.headers().get(header::CONTENT_TYPE).is_some_and(|value| {
            let text = value.to_str().unwrap_or("");
            text.split(';').next().unwrap_or("").trim() == "application/x-www-form-urlencoded"
        });
        if !is_form {
            return Err(Failure::BadForm("It is not of the kind that browsers send"));
        }
        let (parts, body) = request.into_parts();
        let arrival = Arrival::of(&parts, site).await?;
        let request = Request::from_parts(parts, body);
        let body = timeout(PATIENCE, collected(request)).await.map_err(|_| TOO_SLOW)??;
        let pairs = form_urlencoded::parse(&body)
            .map(|(name, value)| (name.into_owned(), Zeroizing::new(value.into_owned())))
            .collect();
        Self::of_pairs(pairs, arrival, Sha256Digest::of(&body))
    }
}

/// How long the body of a request is to be, as far as it says so.
pub(crate) fn announced(request: &Request) -> usize {
    let length = request.headers().get(header::CONTENT_LENGTH);
    length
        .and_then(|length| length.to_str().ok()?.parse().ok())
        .unwrap_or(0)
}

/// The whole body. What may hold a key is wiped: the buffer of the connection too, when nobody else needs it.
async fn collected(request: Request) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let announced = announced(&request);
    // With room for all of it from the start: a vector that grows leaves copies of a key behind.
    let mut body = Zeroizing::new(Vec::with_capacity(announced.min(MOST)));
    let mut chunks = request.into_body().into_data_stream();
    let mut sent = 0_usize;
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| BROKEN)?;
        sent = sent.saturating_add(chunk.len());
        if sent <= MOST {
            body.extend_from_slice(&chunk);
        } else if sent > HEARD_OUT {
            break;
        }
        if let Ok(mut buffer) = chunk.try_into_mut() {
            buffer.as_mut().zeroize();
        }
    }
    if sent > MOST { Err(TOO_LARGE) } else { Ok(body) }
}

impl Arrival {
    /// What a request says before its body is read.
    pub(crate) async fn of(parts: &Parts, site: &Site) -> Result<Self, Failure> {
        let correlation = parts.extensions.get::<CorrelationId>().copied();
        let viewer = Viewer::of(&parts.headers, site).await?;
        Ok(Self {
            line: format!("{} {}", parts.method, parts.uri.path()),
            correlation: correlation.unwrap_or_else(|| CorrelationId::new(site.ids.uuid())),
            holder: viewer.map(|viewer| viewer.holder.id()),
        })
    }
}

/// A new value for the hidden field of a form that this viewer is shown: a random number, and what is in use.
///
/// # Errors
/// [`Failure::Unavailable`] when the operating system has no random bytes.
pub(crate) fn once(site: &Site, viewer: &Viewer) -> Result<String, Failure> {
    let number = Sha256Digest::of(&site.backstage.random()?);
    Ok(format!("{number}.{}", viewer.holder.id()))
}
