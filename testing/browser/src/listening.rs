use std::fmt;

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use url::Url;

use crate::Browser;
use crate::driver::{Driver, Failure};

/// What pages have said and asked for since the start of the browser.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    console: Vec<ConsoleEntry>,
    requests: Vec<Request>,
    /// Parts of entries that the test knows will come.
    expected: Vec<String>,
}

/// An entry of the console: what a script logged, threw, or what Chromium itself complains about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsoleEntry {
    /// `SEVERE`, `WARNING`, `INFO` or `DEBUG`.
    pub level: String,
    /// Where it comes from: `console-api` and `javascript` are the page's scripts, `security` is a violation of the Content
    /// Security Policy and the like, `network` a request that failed.
    pub source: String,
    /// Address, place and text.
    pub message: String,
}

/// A request that a page made, or tried to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `POST`, …
    pub method: String,
    /// The whole address.
    pub url: String,
}

/// What pages complain about and ask for.
impl Browser {
    /// Everything on the console since the start.
    ///
    /// # Errors
    /// Chromium is gone.
    pub fn console(&self) -> Result<Vec<ConsoleEntry>> {
        self.listen()?;
        Ok(self.heard.borrow().console.clone())
    }

    /// Every request since the start, redirects and refused ones among them.
    ///
    /// # Errors
    /// Chromium is gone.
    pub fn requests(&self) -> Result<Vec<Request>> {
        self.listen()?;
        Ok(self.heard.borrow().requests.clone())
    }

    /// How many requests since the start had `part` in their address.
    ///
    /// # Errors
    /// Chromium is gone.
    pub fn requests_to(&self, part: &str) -> Result<usize> {
        let requests = self.requests()?;
        Ok(requests.iter().filter(|request| request.url.contains(part)).count())
    }

    /// An entry with `part` in it belongs to this test: [`Browser::assert_clean`] wants it to have come, and lets it pass. An
    /// example is the 401 of a wrong password, which Chromium puts on the console.
    pub fn expect(&self, part: &str) {
        self.heard.borrow_mut().expected.push(part.to_owned());
    }

    /// That no page had an error on its console, violated its Content Security Policy or asked another host than those that
    /// the test itself went to.
    ///
    /// # Errors
    /// One did; they are all named.
    pub fn assert_clean(&self) -> Result<()> {
        self.listen()?;
        let heard = self.heard.borrow();
        let mut found: Vec<String> = Vec::new();
        let errors = heard.console.iter().filter(|entry| entry.is_error());
        found.extend(errors.filter(|entry| !heard.expects(entry)).map(ToString::to_string));
        let strangers = heard.requests.iter().filter(|request| !self.may_ask(&request.url));
        found.extend(
            strangers.map(|request| format!("{} {} is a request to another host", request.method, request.url)),
        );
        let missing = heard.expected.iter().filter(|part| !heard.came(part));
        found.extend(missing.map(|part| format!("“{part}” was expected on the console, and did not come")));
        ensure!(
            found.is_empty(),
            "the browser was not at ease:\n  {}",
            found.join("\n  ")
        );
        Ok(())
    }

    fn may_ask(&self, url: &str) -> bool {
        let Ok(url) = Url::parse(url) else { return false };
        // These reach nobody.
        matches!(url.scheme(), "data" | "blob" | "about")
            || self.origins.borrow().contains(&url.origin().ascii_serialization())
    }

    fn listen(&self) -> Result<()> {
        let mut heard = self.heard.borrow_mut();
        for entry in log(&self.driver, "browser")? {
            heard.console.push(ConsoleEntry::read(&entry));
        }
        for entry in log(&self.driver, "performance")? {
            heard.requests.extend(Request::read(&entry));
        }
        Ok(())
    }
}

/// What came into a log since it was last read. chromedriver sees to it that nothing is under way.
fn log(driver: &Driver, name: &str) -> Result<Vec<Value>, Failure> {
    let entries = driver.post("/se/log", &json!({ "type": name }))?;
    Ok(entries.as_array().cloned().unwrap_or_default())
}

impl Heard {
    fn expects(&self, entry: &ConsoleEntry) -> bool {
        self.expected.iter().any(|part| entry.message.contains(part))
    }

    fn came(&self, part: &str) -> bool {
        self.console.iter().any(|entry| entry.message.contains(part))
    }
}

impl ConsoleEntry {
    fn read(entry: &Value) -> Self {
        let text = |key: &str| entry[key].as_str().unwrap_or_default().to_owned();
        Self {
            level: text("level"),
            source: text("source"),
            message: text("message"),
        }
    }

    /// Whether a page may not have it: an error of any kind, and whatever the Content Security Policy has refused.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.level == "SEVERE" || self.source == "security" || self.message.contains("Content Security Policy")
    }
}

impl fmt::Display for ConsoleEntry {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} ({}): {}", self.level, self.source, self.message)
    }
}

impl Request {
    /// The request that an event of Chromium's network tells of, if it tells of one.
    fn read(entry: &Value) -> Option<Self> {
        let event: Value = serde_json::from_str(entry["message"].as_str()?).ok()?;
        let (name, params) = (&event["message"]["method"], &event["message"]["params"]);
        let (method, url) = match name.as_str()? {
            "Network.requestWillBeSent" => (&params["request"]["method"], &params["request"]["url"]),
            "Network.webSocketCreated" => (&Value::Null, &params["url"]),
            _ => return None,
        };
        Some(Self {
            method: method.as_str().unwrap_or("GET").to_owned(),
            url: url.as_str()?.to_owned(),
        })
    }
}
