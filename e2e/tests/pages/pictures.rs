use std::path::Path;

use anyhow::{Result, ensure};
use browser::Browser;

/// The windows that pages are looked at in: name, width and height in CSS pixels.
const WINDOWS: [(&str, u32, u32); 2] = [("phone", 360, 740), ("desktop", 1280, 900)];

/// Whether the links of the header are not all to be seen.
const LINKS_ARE_CLIPPED: &str = "
    const places = document.querySelector('.places');
    return !!places && places.scrollWidth > places.clientWidth";

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
            ensure!(
                browser.evaluate(LINKS_ARE_CLIPPED)? != true,
                "{name} hides links to other pages on a {window}"
            );
            browser.screenshot(&folder.join(format!("{name}-{theme}-{width}.png")))?;
            browser.assert_accessible()?;
        }
    }
    Ok(())
}

/// The most that a picture of the README may have, in bytes: people read it over a telephone, too.
const README_PICTURE: u64 = 150 * 1024;

/// Has the README show the light desktop of a picture that was just taken, when `UPDATE_PICTURES` is set: what it shows is
/// the product as it is.
pub(crate) fn show_in_readme(name: &str, shown_as: &str) -> Result<()> {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let picture = repository.join(format!("target/pictures/{name}-light-1280.png"));
    if std::env::var_os("UPDATE_PICTURES").is_some() {
        let size = std::fs::metadata(&picture)?.len();
        ensure!(size < README_PICTURE, "{} has {size} bytes", picture.display());
        let folder = repository.join("docs/pictures");
        std::fs::create_dir_all(&folder)?;
        std::fs::copy(&picture, folder.join(format!("{shown_as}.png")))?;
    }
    Ok(())
}
