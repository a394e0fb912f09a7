use std::fmt;

use chrono::{DateTime, Utc};

/// A moment as a `<time>` element: in UTC as it stands, and in the reader's zone once `times.js` has seen it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment(pub(crate) DateTime<Utc>);

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exact = self.0.format("%Y-%m-%dT%H:%M:%SZ");
        write!(
            f,
            "<time datetime=\"{exact}\">{} UTC</time>",
            self.0.format("%-d %b %Y, %H:%M")
        )
    }
}

impl askama::filters::HtmlSafe for Moment {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_exact_for_programs_and_short_for_people() {
        let moment = "2026-11-03T09:05:07.123Z".parse().unwrap();
        assert_eq!(
            Moment(moment).to_string(),
            "<time datetime=\"2026-11-03T09:05:07Z\">3 Nov 2026, 09:05 UTC</time>"
        );
    }
}
