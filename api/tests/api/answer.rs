use axum::body::to_bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::Value;

/// What the API answered.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
    /// The body as JSON; null when it is none.
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) async fn read(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap().to_vec();
        Self {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: serde_json::from_slice(&bytes).unwrap_or_default(),
            bytes,
        }
    }

    /// The answer, when it has this status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }

    /// The answer, when it is a problem with this status and code.
    #[track_caller]
    pub(crate) fn problem(self, status: u16, code: &str) -> Self {
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(self.body["status"], status, "{}", self.text());
        assert_eq!(self.body["code"], code, "{}", self.text());
        self.expect(status)
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn position(&self) -> &str {
        self.header("soconnective-position")
    }

    pub(crate) fn text(&self) -> String {
        let reason = StatusCode::from_u16(self.status).unwrap();
        format!("{reason}: {}", String::from_utf8_lossy(&self.bytes))
    }

    /// The first field that a problem names.
    pub(crate) fn pointer(&self) -> &str {
        self.body["errors"][0]["pointer"].as_str().unwrap_or("(none)")
    }

    /// Whether a text stands anywhere in the answer.
    pub(crate) fn contains(&self, text: &str) -> bool {
        let in_headers = self
            .headers
            .values()
            .any(|value| String::from_utf8_lossy(value.as_bytes()).contains(text));
        in_headers || String::from_utf8_lossy(&self.bytes).contains(text)
    }
}
