use std::path::Path;

use anyhow::{Result, ensure};
use browser::Browser;

/// The windows that pages are looked at in: name, width and height in CSS pixels.
const WINDOWS: [(&str, u32, u32); 2] = [("phone", 360, 740), ("desktop", 1280, 900)];

/// Writes pictures of the page as it is now, light and dark, on a phone and on a desktop, to
/// `target/pictures/<name>-<theme>-<width>.png`. In none of them may one have to scroll sideways, or find a fault with
/// axe-core. The browser is a light desktop again afterwards.
pub(crate) fn pictures(browser: &Browser, name: &str) -> Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/pictures");
    for (window, width, height) in WINDOWS {
        browser.resize(width, height)?;
        for (theme, dark) in [("dark", true), ("light", false)] {
            browser.dark(dark)?;
            let overflow = browser.overflow()?;
            ensure!(overflow == 0, "{name} is {overflow} px too wide for a {window}");
            browser.screenshot(&folder.join(format!("{name}-{theme}-{width}.png")))?;
            browser.assert_accessible()?;
        }
    }
    Ok(())
}
