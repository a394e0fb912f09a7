use domain::Position;

use crate::error::Failure;

/// A position in an address; none when it is empty.
///
/// # Errors
/// [`Failure::NotFound`].
pub(crate) fn position(text: &str) -> Result<Option<Position>, Failure> {
    if text.is_empty() {
        return Ok(None);
    }
    let position: Position = text.parse().map_err(|_| Failure::NotFound)?;
    // What is larger than any log's, no page has given.
    let known = i64::try_from(position.to_stored()).is_ok();
    known.then_some(Some(position)).ok_or(Failure::NotFound)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_that_no_page_gave_is_nowhere() {
        assert!(position("").is_ok() && position("17").is_ok());
        for text in ["x", "-1", "18446744073709551615"] {
            assert!(position(text).is_err(), "{text}");
        }
    }
}
