use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::process::Process;
use crate::programs;

/// How long one command may take; a page that takes longer to load has failed by then.
const COMMAND_LIMIT: Duration = Duration::from_mins(1);
/// How long a page may load and a script may run, in milliseconds.
const PAGE_LIMIT_MS: u64 = 30_000;

/// The key under which `WebDriver` gives an element's id (W3C, section 12.1).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// One session of `WebDriver`: one Chromium with an empty profile. It ends when this is dropped.
pub(crate) struct Driver {
    agent: ureq::Agent,
    session: String,
    /// Dropped last: it ends whatever is left.
    process: Process,
}

/// Why a command was not carried out.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The driver says no.
    #[error("{code}: {message}")]
    Refused { code: String, message: String },
    /// It does not answer.
    #[error("chromedriver does not answer: {0}")]
    Silent(#[from] ureq::Error),
}

impl Failure {
    /// Something on the page is not there, and may come.
    pub(crate) fn missing(message: String) -> Self {
        let code = "no such element".to_owned();
        Self::Refused { code, message }
    }

    /// Whether it may go away by itself, as the page goes on loading or changing.
    pub(crate) fn may_pass(&self) -> bool {
        const FINAL: &[&str] = &[
            "unexpected alert open",
            "invalid argument",
            "invalid selector",
            "invalid session id",
            "no such window",
            "unsupported operation",
            "timeout",
        ];
        matches!(self, Self::Refused { code, .. } if !FINAL.contains(&code.as_str()))
    }
}

/// An element of a page, as the driver knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Element(String);

impl Element {
    /// The element in an answer of the driver.
    pub(crate) fn read(answer: &Value) -> Option<Self> {
        answer[ELEMENT].as_str().map(|id| Self(id.to_owned()))
    }

    /// The element as an argument of a script.
    pub(crate) fn reference(&self) -> Value {
        json!({ ELEMENT: self.0 })
    }
}

impl Driver {
    /// Starts chromedriver, and Chromium by it.
    pub(crate) fn start() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("soconnective-browser-").tempdir()?;
        // Looked for first: without it there is nothing to start.
        let chromium = programs::chromium()?;
        let process = Process::start(folder)?;
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(COMMAND_LIMIT))
            // Nothing leaves this machine, whatever the environment says of proxies.
            .proxy(None)
            .build();
        let mut driver = Self {
            agent: config.into(),
            session: format!("http://127.0.0.1:{}/session", process.port()),
            process,
        };
        let started = driver.post("", &capabilities(&chromium, &driver.profile())).context(
            "Chromium does not start; if you are not root, its sandbox may need Debian's `chromium-sandbox`",
        )?;
        let id = started["sessionId"].as_str().context("a session without an id")?;
        driver.session = format!("{}/{id}", driver.session);
        Ok(driver)
    }

    /// The folder of Chromium's profile.
    pub(crate) fn profile(&self) -> PathBuf {
        self.process.profile()
    }

    /// `GET path` below the session.
    pub(crate) fn get(&self, path: &str) -> Result<Value, Failure> {
        let request = self.agent.get(format!("{}{path}", self.session));
        read(request.call()?)
    }

    /// `POST path` below the session.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        let request = self.agent.post(format!("{}{path}", self.session));
        read(request.send_json(body)?)
    }

    /// `GET path` below an element.
    pub(crate) fn of(&self, element: &Element, path: &str) -> Result<Value, Failure> {
        self.get(&format!("/element/{}/{path}", element.0))
    }

    /// `POST path` below an element.
    pub(crate) fn to(&self, element: &Element, path: &str, body: &Value) -> Result<Value, Failure> {
        self.post(&format!("/element/{}/{path}", element.0), body)
    }

    /// A command of Chromium's own protocol (chromedevtools.github.io/devtools-protocol).
    pub(crate) fn cdp(&self, command: &str, params: &Value) -> Result<Value, Failure> {
        self.post("/goog/cdp/execute", &json!({ "cmd": command, "params": params }))
    }

    /// Runs the body of a function in the page. It works where pages may not run scripts of their own, too.
    pub(crate) fn script(&self, body: &str, arguments: &Value) -> Result<Value, Failure> {
        self.post("/execute/sync", &json!({ "script": body, "args": arguments }))
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // In order when it can be; what is left over is killed.
        let _ = self.agent.delete(&self.session).call();
    }
}

/// The value of an answer, or the error that it tells of (W3C, section 6.6).
fn read(mut answer: ureq::http::Response<ureq::Body>) -> Result<Value, Failure> {
    let mut body: Value = answer.body_mut().with_config().limit(256 << 20).read_json()?;
    let value = body["value"].take();
    if answer.status().is_success() {
        return Ok(value);
    }
    let text = |key: &str| value[key].as_str().unwrap_or_default();
    Err(Failure::Refused {
        code: text("error").to_owned(),
        // The lines below say which Chromium it was.
        message: text("message").lines().next().unwrap_or_default().to_owned(),
    })
}

fn capabilities(chromium: &Path, profile: &Path) -> Value {
    let mut flags = vec![
        "--headless=new".to_owned(),
        "--disable-gpu".to_owned(),
        "--disable-quic".to_owned(),
        "--no-first-run".to_owned(),
        "--disable-background-networking".to_owned(),
        "--disable-component-update".to_owned(),
        "--disable-sync".to_owned(),
        "--lang=en-US".to_owned(),
        // So that it ends when the driver does.
        "--remote-debugging-pipe".to_owned(),
        // A page that asks for another host is caught by the test, and reaches nobody.
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.*".to_owned(),
        "--no-proxy-server".to_owned(),
        format!("--user-data-dir={}", profile.display()),
    ];
    // Chromium refuses to run as root with its sandbox.
    if rustix::process::geteuid().is_root() {
        flags.push("--no-sandbox".to_owned());
    }
    let options = json!({
        "binary": chromium,
        "args": flags,
        "perfLoggingPrefs": { "enableNetwork": true, "enablePage": false },
    });
    json!({ "capabilities": { "alwaysMatch": {
        "browserName": "chrome",
        "goog:chromeOptions": options,
        "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
        // A page that opens an alert fails the command that finds it.
        "unhandledPromptBehavior": "dismiss and notify",
        "timeouts": { "pageLoad": PAGE_LIMIT_MS, "script": PAGE_LIMIT_MS },
    } } })
}
