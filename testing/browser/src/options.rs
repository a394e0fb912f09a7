use std::time::Duration;

/// What kind of browser a test wants. Each one starts with an empty profile.
#[derive(Debug, Clone)]
pub struct Options {
    /// Whether pages may run scripts.
    pub javascript: bool,
    /// The width of the window's content in CSS pixels. Below 600 it is a phone: the page's `viewport` tag counts, and scroll
    /// bars take no room.
    pub width: u32,
    /// The height of the window's content in CSS pixels.
    pub height: u32,
    /// Whether the reader prefers dark pages.
    pub dark: bool,
    /// Whether the reader prefers pages that do not move.
    pub reduced_motion: bool,
    /// The reader's time zone, such as `Europe/Berlin`.
    pub timezone: String,
    /// How long something may be waited for.
    pub patience: Duration,
}

impl Default for Options {
    /// A light page on a desktop in UTC, with scripts. It is patient enough for a loaded machine.
    fn default() -> Self {
        Self {
            javascript: true,
            width: 1280,
            height: 900,
            dark: false,
            reduced_motion: false,
            timezone: "UTC".to_owned(),
            patience: Duration::from_secs(15),
        }
    }
}

impl Options {
    /// A browser that runs no scripts.
    #[must_use]
    pub fn without_javascript() -> Self {
        Self {
            javascript: false,
            ..Self::default()
        }
    }

    /// The smallest phone that pages are made for: 360 × 740.
    #[must_use]
    pub fn phone() -> Self {
        Self {
            width: 360,
            height: 740,
            ..Self::default()
        }
    }
}
