use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// Somebody with a token who calls the product's API.
#[derive(Clone)]
pub struct Caller {
    base: String,
    token: String,
    agent: ureq::Agent,
}

/// What the product answered.
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// `Soconnective-Position`, where the answer has it.
    pub position: Option<String>,
    /// `ETag`, where the answer has it.
    pub etag: Option<String>,
    /// The body, or null when there is none.
    pub body: Value,
    /// The body as it came.
    pub text: String,
}

impl Caller {
    /// A caller of the API at `base`, such as `http://127.0.0.1:8080`.
    #[must_use]
    pub fn new(base: &str, token: &str) -> Self {
        let config = ureq::Agent::config_builder().http_status_as_error(false).build();
        Self {
            base: base.to_owned(),
            token: token.to_owned(),
            agent: config.into(),
        }
    }

    /// The same caller, of a product that listens elsewhere now.
    #[must_use]
    pub fn moved_to(self, base: &str) -> Self {
        Self {
            base: base.to_owned(),
            ..self
        }
    }

    /// The same caller over connections that nobody else uses.
    #[must_use]
    pub fn with_fresh_connections(&self) -> Self {
        Self::new(&self.base, &self.token)
    }

    /// Somebody else, on the same node.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self {
            token: token.to_owned(),
            ..self.clone()
        }
    }

    /// `GET path`.
    ///
    /// # Errors
    /// When no answer comes, or one that is not JSON.
    pub fn get(&self, path: &str) -> Result<Answer> {
        self.call("GET", path, None, &[])
    }

    /// `GET path`, no older than the answer to an earlier write.
    ///
    /// # Errors
    /// When no answer comes, or one that is not JSON.
    pub fn get_after(&self, path: &str, write: &Answer) -> Result<Answer> {
        let position = write
            .position
            .as_deref()
            .context("the write's answer has no position")?;
        self.call("GET", path, None, &[("Soconnective-Min-Position", position)])
    }

    /// `method path` with a JSON body and more headers.
    ///
    /// # Errors
    /// When no answer comes, or one that is not JSON.
    pub fn call(&self, method: &str, path: &str, body: Option<&Value>, headers: &[(&str, &str)]) -> Result<Answer> {
        let mut request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header("Authorization", format!("Bearer {}", self.token));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let sent = match body {
            Some(body) => self.agent.run(
                request
                    .header("Content-Type", "application/json")
                    .body(body.to_string())?,
            ),
            None => self.agent.run(request.body(())?),
        };
        let mut response = sent.with_context(|| format!("{method} {path}"))?;
        let header = |name: &str| {
            response
                .headers()
                .get(name)
                .and_then(|v| v.to_str().ok())
                .map(str::to_owned)
        };
        let (position, etag) = (header("Soconnective-Position"), header("ETag"));
        let status = response.status().as_u16();
        let text = response.body_mut().read_to_string()?;
        let body = if text.is_empty() {
            Value::Null
        } else {
            serde_json::from_str(&text).context("not JSON")?
        };
        Ok(Answer {
            status,
            position,
            etag,
            body,
            text,
        })
    }
}

impl Answer {
    /// The answer, when it has this status.
    ///
    /// # Errors
    /// With the whole answer, when it has another.
    pub fn expect(self, status: u16) -> Result<Self> {
        ensure!(
            self.status == status,
            "expected {status}, got {}: {}",
            self.status,
            self.text
        );
        Ok(self)
    }
}
