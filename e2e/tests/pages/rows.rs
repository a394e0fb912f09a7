//! The form of a row, while one writes it.

use anyhow::{Result, ensure};
use browser::{Options, css, field};

use crate::stage::Stage;

/// Holds back what the page reads, until `window.answer()` is called.
const HELD_BACK: &str = "
    const read = window.fetch;
    window.fetch = (...asked) => new Promise((answered) => {
      window.answer = () => { window.fetch = read; answered(read(...asked)); };
    })";

#[test]
fn nobody_writes_into_a_recipe_while_it_is_made_the_same_as_the_other() -> Result<()> {
    let stage = Stage::start()?;
    let browser = stage.signed_in(&stage.admin_token()?, &Options::default())?;
    browser.goto(&stage.url("/admin/providers/-/new"))?;
    browser.fill(field("Base URL"), "https://api.example.com/v1")?;
    browser.evaluate(HELD_BACK)?;
    browser.click(field("As YAML"))?;
    browser.wait_for(css("#yaml-part[inert]"))?;
    browser.evaluate("window.answer()")?;
    browser.wait_until_gone(css("[inert]:not(.sample)"))?;
    let yaml = browser.value(field("Recipe as YAML"))?;
    ensure!(yaml.contains("base_url: https://api.example.com/v1"), "{yaml}");
    browser.fill(
        field("Recipe as YAML"),
        "request:\n  base_url: https://api.example.com/v2",
    )?;
    browser.click(field("By filling in a form"))?;
    browser.wait_until_gone(css("[inert]:not(.sample)"))?;
    let base = browser.value(field("Base URL"))?;
    ensure!(base == "https://api.example.com/v2", "{base}");
    browser.assert_clean()
}
