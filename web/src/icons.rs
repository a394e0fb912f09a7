use std::fmt;

/// The place of a logo: the image, or the first letters of the name on a tint that follows from the name.
pub(crate) struct Logo<'a> {
    /// Where the image is, when there is one.
    pub(crate) url: Option<&'a str>,
    /// The provider's name.
    pub(crate) name: &'a str,
}

/// As many tints as there are in `components.css`.
const TINTS: usize = 8;

impl fmt::Display for Logo<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(url) = self.url {
            // Our own path with a digest in it: nothing to escape.
            return write!(
                f,
                "<img class=\"logo\" src=\"{url}\" alt=\"\" width=\"40\" height=\"40\" loading=\"lazy\">"
            );
        }
        let tint = self.name.bytes().map(usize::from).sum::<usize>() % TINTS;
        write!(
            f,
            "<span class=\"logo tint-{tint}\" aria-hidden=\"true\">{}</span>",
            initials(self.name)
        )
    }
}

impl askama::filters::HtmlSafe for Logo<'_> {}

/// The first letters of the first two words; letters and digits alone, so that there is nothing to escape.
fn initials(name: &str) -> String {
    let words = name
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty());
    words
        .take(2)
        .filter_map(|word| word.chars().next())
        .flat_map(char::to_uppercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_without_a_logo_shows_its_initials_and_nothing_else() {
        assert_eq!(initials("Mailchimp"), "M");
        assert_eq!(initials("Meta Ads, new"), "MA");
        assert_eq!(initials("<script>alert(1)"), "SA");
        assert_eq!(initials("…"), "");
    }
}
