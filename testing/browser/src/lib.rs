//! Real headless Chromium for tests: pages are clicked and typed into as a person would, and everything that they ask for
//! or complain about is heard from the first request on.
//!
//! ```no_run
//! use browser::{Browser, Options, button, css, field};
//!
//! # fn main() -> anyhow::Result<()> {
//! let browser = Browser::start(&Options::default())?;
//! browser.goto("http://127.0.0.1:8080/sign-in")?;
//! browser.fill(field("Token"), "…")?;
//! browser.click(button("Sign in"))?;
//! browser.wait_for(css("h1"))?;
//! browser.assert_accessible()?;
//! browser.assert_clean()?;
//! # Ok(())
//! # }
//! ```
//!
//! Whatever is looked for is waited for, within a limit; a test never sleeps. [`Browser::assert_clean`] belongs at the end
//! of every test: it fails with console errors, violations of the Content Security Policy and requests to other hosts.
//!
//! The browser is spoken to through Debian's chromedriver, in the W3C's `WebDriver` protocol and Chromium's own
//! (`goog/cdp/execute`). `WebDriver` is JSON over HTTP, so `ureq` is all the client that it needs; `fantoccini` would bring a
//! licence that `deny.toml` does not know, `thirtyfour` an HTTP client that only `egress` may have, and the libraries that
//! speak Chromium's protocol alone are slow to compile and leave waiting for pages to us. No TLS anywhere: it is all
//! loopback.
//!
//! Nothing is skipped: where a program is not installed, the test fails and says what to install. Neither Chromium nor its
//! profile outlives the process that started it, however that process ends: see `process.rs`.

mod accessibility;
mod actions;
mod browser;
mod driver;
mod key;
mod listening;
mod locator;
mod look;
mod options;
mod process;
mod programs;

pub use accessibility::Finding;
pub use browser::Browser;
pub use key::Key;
pub use listening::{ConsoleEntry, Request};
pub use locator::{Locator, button, css, field, link, text};
pub use options::Options;
