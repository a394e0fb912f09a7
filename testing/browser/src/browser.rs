use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use url::Url;

use crate::Options;
use crate::driver::{Driver, Element, Failure};
use crate::listening::Heard;
use crate::locator::{Locator, one_line};
use crate::look::Look;

/// Between two looks at a page.
const PAUSE: Duration = Duration::from_millis(20);
/// How much of a page a message repeats, in characters.
const EXCERPT: usize = 800;

/// A Chromium of the test's own, with an empty profile. It is gone when this is dropped.
///
/// Every method fails with what was looked for, where, and what the page showed instead.
pub struct Browser {
    pub(crate) driver: Driver,
    pub(crate) heard: RefCell<Heard>,
    pub(crate) look: RefCell<Look>,
    /// The origins that the test itself has gone to.
    pub(crate) origins: RefCell<BTreeSet<String>>,
    /// Whether pages may run scripts.
    pub(crate) javascript: bool,
    patience: Duration,
}

impl Browser {
    /// Starts Chromium, and listens from the first request on.
    ///
    /// # Errors
    /// Chromium or chromedriver is not installed, or does not start.
    pub fn start(options: &Options) -> Result<Self> {
        let browser = Self {
            driver: Driver::start()?,
            heard: RefCell::default(),
            look: RefCell::new(Look::of(options)),
            origins: RefCell::default(),
            javascript: options.javascript,
            patience: options.patience,
        };
        // Chromium begins with a page of its own, which is none of the test's business.
        browser.driver.post("/url", &json!({ "url": "about:blank" }))?;
        browser.requests()?;
        browser.heard.take();
        browser.apply_look()?;
        browser.let_scripts_run(options.javascript)?;
        let zone = json!({ "timezoneId": options.timezone });
        browser.driver.cdp("Emulation.setTimezoneOverride", &zone)?;
        Ok(browser)
    }

    /// The folder of its profile, which goes when it does.
    #[must_use]
    pub fn profile(&self) -> PathBuf {
        self.driver.profile()
    }

    /// Opens an address, and waits until the page is loaded. Its origin is one that pages may ask from now on.
    ///
    /// # Errors
    /// The page does not load.
    pub fn goto(&self, url: &str) -> Result<()> {
        let origin = Url::parse(url)?.origin().ascii_serialization();
        self.origins.borrow_mut().insert(origin);
        let opened = self.driver.post("/url", &json!({ "url": url }));
        opened.with_context(|| format!("{url} does not open")).map(drop)
    }

    /// Loads the page again.
    ///
    /// # Errors
    /// The page does not load.
    pub fn reload(&self) -> Result<()> {
        Ok(self.driver.post("/refresh", &json!({})).map(drop)?)
    }

    /// Goes back to the page before.
    ///
    /// # Errors
    /// The page does not load.
    pub fn back(&self) -> Result<()> {
        Ok(self.driver.post("/back", &json!({})).map(drop)?)
    }

    /// The address of the page.
    ///
    /// # Errors
    /// Chromium is gone.
    pub fn url(&self) -> Result<String> {
        Ok(one_line(&self.driver.get("/url")?))
    }

    /// The title of the page.
    ///
    /// # Errors
    /// Chromium is gone.
    pub fn title(&self) -> Result<String> {
        Ok(one_line(&self.driver.get("/title")?))
    }

    /// The cookies that the page's address is sent, as `WebDriver` describes them: `name`, `value`, `httpOnly`, `secure`,
    /// `sameSite`.
    ///
    /// # Errors
    /// Chromium is gone.
    pub fn cookies(&self) -> Result<Vec<Value>> {
        let cookies = self.driver.get("/cookie")?;
        Ok(cookies.as_array().cloned().unwrap_or_default())
    }

    /// Runs the body of a function in the page, and gives what it returns. For looking; clicking has methods of its own.
    ///
    /// # Errors
    /// The script throws.
    pub fn evaluate(&self, body: &str) -> Result<Value> {
        self.driver
            .script(body, &json!([]))
            .with_context(|| format!("the page does not evaluate {body}"))
    }

    /// Waits until it is there to be seen.
    ///
    /// # Errors
    /// It is not there in time.
    pub fn wait_for(&self, what: impl Into<Locator>) -> Result<()> {
        let what = what.into();
        self.wait(&format!("{what} is not there"), || {
            Ok(!what.find(&self.driver)?.is_empty())
        })
    }

    /// Waits until it is not to be seen any more.
    ///
    /// # Errors
    /// It stays.
    pub fn wait_until_gone(&self, what: impl Into<Locator>) -> Result<()> {
        let what = what.into();
        self.wait(&format!("{what} is still there"), || {
            Ok(what.find(&self.driver)?.is_empty())
        })
    }

    /// Waits until the page's address contains `part`.
    ///
    /// # Errors
    /// It does not in time.
    pub fn wait_for_url(&self, part: &str) -> Result<()> {
        self.wait(&format!("the address has no {part}"), || {
            Ok(one_line(&self.driver.get("/url")?).contains(part))
        })
    }

    /// How many of them are to be seen now.
    ///
    /// # Errors
    /// The selector is none, or Chromium is gone.
    pub fn count(&self, what: impl Into<Locator>) -> Result<usize> {
        let what = what.into();
        Ok(what.find(&self.driver)?.len())
    }

    /// The text that it shows, once it is there.
    ///
    /// # Errors
    /// It is not there in time, or there are several.
    pub fn text(&self, what: impl Into<Locator>) -> Result<String> {
        let what = what.into();
        let text = self.with_one(&what, |element| self.driver.of(element, "text"))?;
        Ok(text.as_str().unwrap_or_default().to_owned())
    }

    /// What is in a field, once it is there.
    ///
    /// # Errors
    /// It is not there in time, or there are several.
    pub fn value(&self, what: impl Into<Locator>) -> Result<String> {
        let what = what.into();
        let value = self.with_one(&what, |element| self.driver.of(element, "property/value"))?;
        Ok(value.as_str().unwrap_or_default().to_owned())
    }

    /// Whether scripts of the page run from now on.
    pub(crate) fn let_scripts_run(&self, run: bool) -> Result<()> {
        let disabled = json!({ "value": !run });
        self.driver.cdp("Emulation.setScriptExecutionDisabled", &disabled)?;
        Ok(())
    }

    /// Does something with the one element that is meant, once it is there and lets it be done.
    pub(crate) fn with_one<T>(&self, what: &Locator, mut act: impl FnMut(&Element) -> Result<T, Failure>) -> Result<T> {
        let mut outcome = None;
        self.wait(&format!("{what} cannot be used"), || {
            let found = what.find(&self.driver)?;
            let [element] = &found[..] else {
                return Err(Failure::missing(format!("{} elements are {what}", found.len())));
            };
            outcome = Some(act(element)?);
            Ok(true)
        })?;
        outcome.context("it was done, and gave nothing")
    }

    /// Waits until `check` is true. What may pass by itself is tried again until then.
    pub(crate) fn wait(&self, otherwise: &str, mut check: impl FnMut() -> Result<bool, Failure>) -> Result<()> {
        let (started, limit) = (Instant::now(), self.patience);
        loop {
            let last = check();
            match last {
                Ok(true) => return Ok(()),
                Err(failure) if !failure.may_pass() => {
                    return Err(failure).context(format!("{otherwise}; {}", self.here()));
                }
                _ if started.elapsed() < limit => thread::sleep(PAUSE),
                Ok(false) => bail!("{otherwise} after {limit:?}; {}", self.here()),
                Err(failure) => return Err(failure).context(format!("{otherwise} after {limit:?}; {}", self.here())),
            }
        }
    }

    /// Where the browser is and what it shows, for messages.
    fn here(&self) -> String {
        let url = self.url().unwrap_or_default();
        let shown = self.evaluate("return document.body.innerText").unwrap_or_default();
        let shown: String = one_line(&shown).chars().take(EXCERPT).collect();
        format!("the page {url} shows: {shown}")
    }
}
