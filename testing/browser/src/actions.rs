use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::Browser;
use crate::driver::{Element, Failure};
use crate::key::Key;
use crate::locator::{Locator, css, one_line};

/// How often Tab is pressed in search of something: more than any page has stops.
const MAX_STOPS: usize = 400;

/// The option of a select that shows a text.
const PICK: &str = "return [...arguments[0].options].find((option) => option.label.trim() === arguments[1]) || null";

/// Nothing can be pointed at that is outside the window.
const INTO_VIEW: &str = "arguments[0].scrollIntoView({ block: 'center' })";

/// What a person does with mouse and keyboard.
impl Browser {
    /// Clicks it where it can be seen, once nothing covers it. A page that this leads to is waited for.
    ///
    /// # Errors
    /// It is not there in time, there are several, or something covers it.
    pub fn click(&self, what: impl Into<Locator>) -> Result<()> {
        let what = what.into();
        self.with_one(&what, |element| self.driver.to(element, "click", &json!({})).map(drop))
    }

    /// Clicks it twice, as fast as an impatient hand does. What it leads to is not waited for.
    ///
    /// # Errors
    /// It is not there in time, or there are several.
    pub fn double_click(&self, what: impl Into<Locator>) -> Result<()> {
        let what = what.into();
        self.with_one(&what, |element| {
            self.driver.script(INTO_VIEW, &json!([element.reference()]))?;
            let to = json!({ "type": "pointerMove", "duration": 0, "origin": element.reference(), "x": 0, "y": 0 });
            let [down, up] = ["pointerDown", "pointerUp"].map(|stroke| json!({ "type": stroke, "button": 0 }));
            let actions = [&to, &down, &up, &down, &up];
            let mouse = json!({ "actions": [{ "type": "pointer", "id": "mouse", "actions": actions }] });
            self.driver.post("/actions", &mouse).map(drop)
        })
    }

    /// Empties a field and types into it.
    ///
    /// # Errors
    /// It is not there in time, there are several, or it takes no text.
    pub fn fill(&self, what: impl Into<Locator>, value: &str) -> Result<()> {
        let what = what.into();
        self.with_one(&what, |element| {
            self.driver.to(element, "clear", &json!({}))?;
            self.send(element, value)
        })
    }

    /// Picks the option of a select that shows `option`.
    ///
    /// # Errors
    /// There is no such select or option.
    pub fn choose(&self, what: impl Into<Locator>, option: &str) -> Result<()> {
        let what = what.into();
        self.with_one(&what, |element| {
            let picked = self.driver.script(PICK, &json!([element.reference(), option]))?;
            let picked = Element::read(&picked).ok_or_else(|| Failure::missing(format!("no option “{option}”")))?;
            self.driver.to(&picked, "click", &json!({})).map(drop)
        })
    }

    /// Gives a file to a file field, even to one that hides behind something nicer.
    ///
    /// # Errors
    /// There is no such field or file.
    pub fn upload(&self, what: impl Into<Locator>, file: &Path) -> Result<()> {
        let what = what.into();
        let file = file
            .canonicalize()
            .with_context(|| format!("{} is no file", file.display()))?;
        self.with_one(&what, |element| self.send(element, &file.display().to_string()))
    }

    /// Presses a key, wherever the focus is.
    ///
    /// # Errors
    /// An alert is open, or Chromium is gone.
    pub fn press(&self, key: Key) -> Result<()> {
        let down = key
            .codes()
            .iter()
            .map(|code| json!({ "type": "keyDown", "value": code }));
        let up = key
            .codes()
            .iter()
            .rev()
            .map(|code| json!({ "type": "keyUp", "value": code }));
        self.keys(&down.chain(up).collect::<Vec<_>>())
    }

    /// Types wherever the focus is.
    ///
    /// # Errors
    /// An alert is open, or Chromium is gone.
    pub fn type_text(&self, text: &str) -> Result<()> {
        let strokes = text.chars().flat_map(|character| {
            ["keyDown", "keyUp"].map(|stroke| json!({ "type": stroke, "value": character.to_string() }))
        });
        self.keys(&strokes.collect::<Vec<_>>())
    }

    /// Presses Tab until it has the focus, as somebody without a mouse would.
    ///
    /// # Errors
    /// It never gets it.
    pub fn tab_to(&self, what: impl Into<Locator>) -> Result<()> {
        let what = what.into();
        let wanted = self.with_one(&what, |element| Ok(element.clone()))?;
        for _ in 0..MAX_STOPS {
            if self.active()?.as_ref() == Some(&wanted) {
                return Ok(());
            }
            self.press(Key::Tab)?;
        }
        bail!("{what} did not get the focus, however often Tab was pressed")
    }

    /// What has the focus, as a screen reader would say it: role and name, such as `button “Sign in”`. Nothing when nothing
    /// has it.
    ///
    /// # Errors
    /// Chromium is gone.
    pub fn focused(&self) -> Result<Option<String>> {
        let Some(element) = self.active()? else {
            return Ok(None);
        };
        let (role, name) = (
            one_line(&self.driver.of(&element, "computedrole")?),
            one_line(&self.driver.of(&element, "computedlabel")?),
        );
        Ok(Some(format!("{role} “{name}”")))
    }

    /// The element that has the focus, unless it is the page itself.
    fn active(&self) -> Result<Option<Element>> {
        let active = self.driver.get("/element/active")?;
        let body = css("body").find(&self.driver)?;
        Ok(Element::read(&active).filter(|element| !body.contains(element)))
    }

    fn send(&self, element: &Element, keys: &str) -> Result<(), Failure> {
        self.driver.to(element, "value", &json!({ "text": keys })).map(drop)
    }

    fn keys(&self, actions: &[Value]) -> Result<()> {
        let keyboard = json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": actions }] });
        Ok(self.driver.post("/actions", &keyboard).map(drop)?)
    }
}
