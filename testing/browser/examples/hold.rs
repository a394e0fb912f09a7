//! Holds a browser until it is killed, for the test that nothing is left of it then.

use anyhow::Result;
use browser::{Browser, Options};

#[expect(clippy::print_stdout, reason = "the test reads where the profile is")]
fn main() -> Result<()> {
    let browser = Browser::start(&Options::default())?;
    println!("{}", browser.profile().display());
    loop {
        std::thread::park();
    }
}
