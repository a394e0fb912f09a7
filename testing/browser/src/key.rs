/// A key that is pressed and let go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// To the next element that takes keys.
    Tab,
    /// Shift and Tab: to the one before.
    BackTab,
    /// Return.
    Enter,
    /// The space bar.
    Space,
    /// Escape, which closes dialogs.
    Escape,
    /// Deletes what is before the cursor.
    Backspace,
    /// Arrow up.
    Up,
    /// Arrow down.
    Down,
    /// Arrow left.
    Left,
    /// Arrow right.
    Right,
    /// To the beginning.
    Home,
    /// To the end.
    End,
}

impl Key {
    /// The keys that go down for it, in `WebDriver`'s code points (W3C, section 17.4.2).
    pub(crate) const fn codes(self) -> &'static [&'static str] {
        match self {
            Self::Tab => &["\u{E004}"],
            Self::BackTab => &["\u{E008}", "\u{E004}"],
            Self::Enter => &["\u{E007}"],
            Self::Space => &[" "],
            Self::Escape => &["\u{E00C}"],
            Self::Backspace => &["\u{E003}"],
            Self::Up => &["\u{E013}"],
            Self::Down => &["\u{E015}"],
            Self::Left => &["\u{E012}"],
            Self::Right => &["\u{E014}"],
            Self::Home => &["\u{E011}"],
            Self::End => &["\u{E010}"],
        }
    }
}
