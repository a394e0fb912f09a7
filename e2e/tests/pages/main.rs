//! The pages, as people use them: the real binary, and a real Chromium that clicks and types.
//!
//! A story takes a [`Stage`](stage::Stage), lets somebody sign in by clicking, and goes on by the names that people see and
//! screen readers say:
//!
//! ```ignore
//! let stage = Stage::start()?;
//! stage.add_mailchimp()?;
//! let acme = stage.account("acme")?;                      // the token of its administrator
//! let browser = stage.signed_in(&acme, &Options::default())?;
//! browser.click(link("Connect Mailchimp"))?;              // what is not there yet is waited for
//! browser.fill(field("API key").inside("dialog[open]"), GOOD_KEY)?;
//! browser.click(button("Save"))?;
//! browser.wait_for(text("Connected"))?;
//! pictures(&browser, "connected")?;                       // light and dark, phone and desktop
//! browser.assert_accessible()?;                           // once a page
//! browser.assert_clean()                                  // at the end of every story
//! ```
//!
//! The same story without JavaScript is the same lines with `Options::without_javascript()`; two accounts are two tokens and
//! two browsers; by the keyboard alone it is `tab_to` and `press` instead of `click`. An answer such as 401 stands on the
//! console as an error: a story that means it says so with `browser.expect("status of 401")`.

mod accounts;
mod injection;
mod keyboard;
mod keys;
mod live;
mod looks;
mod pictures;
mod rows;
mod sign_in;
mod stage;
mod story;
