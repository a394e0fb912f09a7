use std::path::Path;

use anyhow::{Context, Result};
use base64::Engine as _;
use serde_json::json;

use crate::{Browser, Options};

/// Below this width it is a phone, in CSS pixels.
const PHONE: u32 = 600;
/// The tallest picture that Chromium draws in one piece, in pixels.
const MAX_HEIGHT: f64 = 16_000.0;

/// Whether the page has taken its shape: nothing moves that will come to rest, and pictures and fonts that it shows are
/// there.
const AT_REST: &str = "
    const moves = (animation) => animation.playState === 'running' && isFinite(animation.effect.getComputedTiming().endTime);
    const waits = (image) => image.loading !== 'lazy' && !image.complete;
    return !document.getAnimations().some(moves) && ![...document.images].some(waits) && document.fonts.status === 'loaded'";

/// What a page is shown on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    width: u32,
    height: u32,
    dark: bool,
    reduced_motion: bool,
}

impl Look {
    pub(crate) const fn of(options: &Options) -> Self {
        Self {
            width: options.width,
            height: options.height,
            dark: options.dark,
            reduced_motion: options.reduced_motion,
        }
    }
}

/// What pages look like.
impl Browser {
    /// Gives the window's content another size, in CSS pixels.
    ///
    /// # Errors
    /// Chromium is gone.
    pub fn resize(&self, width: u32, height: u32) -> Result<()> {
        let look = *self.look.borrow();
        *self.look.borrow_mut() = Look { width, height, ..look };
        self.apply_look()
    }

    /// Has the reader prefer dark pages, or light ones.
    ///
    /// # Errors
    /// Chromium is gone.
    pub fn dark(&self, dark: bool) -> Result<()> {
        self.look.borrow_mut().dark = dark;
        self.apply_look()
    }

    /// By how many CSS pixels the page is wider than the window; 0 when nobody has to scroll sideways.
    ///
    /// # Errors
    /// Chromium is gone.
    pub fn overflow(&self) -> Result<u64> {
        let width = self.evaluate("return document.documentElement.scrollWidth")?;
        let width = width.as_u64().context("the page has no width")?;
        Ok(width.saturating_sub(self.look.borrow().width.into()))
    }

    /// Writes a picture of the whole page, as PNG, once it has come to rest. Missing folders are made.
    ///
    /// # Errors
    /// It does not come to rest, or cannot be drawn or written.
    pub fn screenshot(&self, path: &Path) -> Result<()> {
        self.rest()?;
        let size = self.driver.cdp("Page.getLayoutMetrics", &json!({}))?;
        let height = size["cssContentSize"]["height"]
            .as_f64()
            .context("the page has no height")?;
        let picture = self.driver.cdp(
            "Page.captureScreenshot",
            &json!({
                "captureBeyondViewport": true,
                "clip": { "x": 0, "y": 0, "width": self.look.borrow().width, "height": height.min(MAX_HEIGHT), "scale": 1 },
            }),
        )?;
        let data = picture["data"].as_str().context("Chromium gives no picture")?;
        let bytes = base64::engine::general_purpose::STANDARD.decode(data)?;
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(path, bytes).with_context(|| format!("{} cannot be written", path.display()))
    }

    /// Waits until the page has come to rest: colours between two themes are no colours of the page.
    pub(crate) fn rest(&self) -> Result<()> {
        self.wait("the page does not come to rest", || {
            Ok(self.driver.script(AT_REST, &json!([]))? == true)
        })
    }

    pub(crate) fn apply_look(&self) -> Result<()> {
        let look = *self.look.borrow();
        let size = json!({
            "width": look.width, "height": look.height, "deviceScaleFactor": 1, "mobile": look.width < PHONE,
        });
        self.driver.cdp("Emulation.setDeviceMetricsOverride", &size)?;
        let media = json!({ "features": [
            { "name": "prefers-color-scheme", "value": if look.dark { "dark" } else { "light" } },
            { "name": "prefers-reduced-motion", "value": if look.reduced_motion { "reduce" } else { "no-preference" } },
        ] });
        self.driver.cdp("Emulation.setEmulatedMedia", &media)?;
        Ok(())
    }
}
