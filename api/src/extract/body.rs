use std::time::Duration;

use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, HeaderValue, header};
use domain::RequestDigest;
use futures::StreamExt;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use zeroize::{Zeroize, Zeroizing};

use super::{CommandKey, pointer};
use crate::auth::Caller;
use crate::problem::{Code, Problem};
use crate::state::AppState;

/// The largest body that is read, in bytes: a provider row with a logo of 512 KiB in base64, and room to spare.
pub(super) const MAX_BODY: usize = 1024 * 1024;

/// A body that does not arrive within this time is given up.
const BODY_TIMEOUT: Duration = Duration::from_secs(20);

/// A write with a JSON body, and what makes it recognisable when it is sent again.
pub(crate) struct Write<T> {
    /// What is asked for.
    pub body: T,
    key: CommandKey,
    bytes: Zeroizing<Vec<u8>>,
}

impl<T> Write<T> {
    /// The context of the command that this write is: the same for the same caller, route and idempotency key.
    pub(crate) async fn context(&self, app: &AppState, caller: &Caller) -> commands::Context {
        self.key.context(app, caller, &self.bytes).await
    }
}

impl<T: DeserializeOwned> FromRequest<AppState> for Write<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _app: &AppState) -> Result<Self, Problem> {
        let key = CommandKey::of(&request)?;
        if !is_json(request.headers()) {
            return Err(Problem::new(
                Code::UnsupportedMediaType,
                "Send the body as JSON, with the header `Content-Type: application/json`.",
            ));
        }
        let bytes = read(request).await?;
        let body = parse(&bytes)?;
        Ok(Self { body, key, bytes })
    }
}

/// A write whose body is a file.
pub(crate) struct Upload {
    /// The file.
    pub bytes: Zeroizing<Vec<u8>>,
    key: CommandKey,
}

impl Upload {
    /// The context of the command that this write is.
    pub(crate) async fn context(&self, app: &AppState, caller: &Caller) -> commands::Context {
        self.key.context(app, caller, &self.bytes).await
    }
}

impl FromRequest<AppState> for Upload {
    type Rejection = Problem;

    async fn from_request(request: Request, _app: &AppState) -> Result<Self, Problem> {
        let key = CommandKey::of(&request)?;
        Ok(Self {
            bytes: read(request).await?,
            key,
        })
    }
}

/// A write that takes no body. Clients that always send JSON may send `{}`.
pub(crate) struct Act(CommandKey);

impl Act {
    /// The context of the command that this write is.
    pub(crate) async fn context(&self, app: &AppState, caller: &Caller) -> commands::Context {
        self.0.context(app, caller, &[]).await
    }
}

impl FromRequest<AppState> for Act {
    type Rejection = Problem;

    /// What is sent all the same is refused: its sender believes that it changes something.
    async fn from_request(request: Request, _app: &AppState) -> Result<Self, Problem> {
        let key = CommandKey::of(&request)?;
        let bytes = read(request).await?;
        match bytes.trim_ascii().first() {
            None => Ok(Self(key)),
            Some(b'{') => parse(&bytes).map(|NoMembers {}| Self(key)),
            Some(_) => Err(Problem::field(
                Code::InvalidRequest,
                "",
                "unexpected-body",
                "nothing is expected here: send the request without a body",
            )),
        }
    }
}

/// An object without members.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NoMembers {}

/// Reads the whole body, within the limits of size and time.
async fn read(request: Request) -> Result<Zeroizing<Vec<u8>>, Problem> {
    let body = tokio::time::timeout(BODY_TIMEOUT, collect(request)).await;
    body.map_err(|_| Problem::new(Code::BodyTimeout, "Send the whole body within 20 seconds."))?
}

async fn collect(request: Request) -> Result<Zeroizing<Vec<u8>>, Problem> {
    // Nothing is unpacked here: what comes packed would be called broken.
    let coding = request.headers().get(header::CONTENT_ENCODING);
    if coding.is_some_and(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        let detail = "Send the body as it is, without `Content-Encoding`.";
        let identity = HeaderValue::from_static("identity");
        return Err(Problem::new(Code::UnsupportedMediaType, detail).with_header(header::ACCEPT_ENCODING, identity));
    }
    let announced = request.headers().get(header::CONTENT_LENGTH);
    let announced = announced
        .and_then(|length| length.to_str().ok()?.parse().ok())
        .unwrap_or(0);
    if announced > MAX_BODY {
        return Err(too_large());
    }
    // With room for all of it from the start: a vector that grows leaves copies of a key behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(announced));
    let mut chunks = request.into_body().into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Problem::new(Code::MalformedJson, "The body ended too early. Send it again."))?;
        if bytes.len() + chunk.len() > MAX_BODY {
            return Err(too_large());
        }
        bytes.extend_from_slice(&chunk);
        // The buffer of the connection may hold a key: wipe it when nobody else needs it.
        if let Ok(mut buffer) = chunk.try_into_mut() {
            buffer.as_mut().zeroize();
        }
    }
    Ok(bytes)
}

fn too_large() -> Problem {
    Problem::new(
        Code::BodyTooLarge,
        format!("A body may have {} KiB at most.", MAX_BODY / 1024),
    )
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    // `serde` would take a list for a structure, member by member.
    if bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[') {
        return Err(Problem::field(
            Code::InvalidRequest,
            "",
            "invalid-type",
            "a JSON object is expected, not a list",
        ));
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let cause = error.inner();
        if cause.is_data() {
            pointer::explain(error.path(), &cause.to_string())
        } else {
            malformed(cause)
        }
    })?;
    json.end().map_err(|error| malformed(&error))?;
    Ok(value)
}

fn malformed(error: &serde_json::Error) -> Problem {
    let (line, column) = (error.line(), error.column());
    let what = if error.is_eof() {
        "ends too early"
    } else {
        "is not JSON"
    };
    Problem::new(
        Code::MalformedJson,
        format!("The body {what} at line {line}, column {column}."),
    )
}

/// `application/json`, or any `application/…+json` (RFC 6839), with or without parameters.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// The digest that stands for a request with an idempotency key.
pub(super) async fn digest(app: &AppState, bytes: &[u8]) -> RequestDigest {
    app.vault.request_digest(bytes).await
}
