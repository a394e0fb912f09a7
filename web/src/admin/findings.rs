use std::str::FromStr;

use commands::CommandError;
use domain::InvalidId;

use crate::error::{Failure, sentence};

/// What is wrong with a form, each thing beside its field.
#[derive(Debug, Default)]
pub(crate) struct Findings(Vec<(String, String)>);

impl Findings {
    /// What a command found wrong. A refusal that names no place is shown at `otherwise`.
    ///
    /// # Errors
    /// What is not about the form.
    pub(crate) fn of(error: CommandError, otherwise: &str) -> Result<Self, Failure> {
        match error {
            CommandError::Invalid(problems) => Ok(Self(
                problems
                    .into_iter()
                    .map(|problem| (problem.pointer, problem.message))
                    .collect(),
            )),
            CommandError::Rejected { message, .. } => Ok(Self(vec![(otherwise.to_owned(), message)])),
            other => Err(other.into()),
        }
    }

    /// One thing more.
    pub(crate) fn add(&mut self, pointer: &str, message: impl Into<String>) {
        self.0.push((pointer.to_owned(), message.into()));
    }

    /// An id that was typed; none, and a finding, when it is none.
    pub(crate) fn parsed<I: FromStr<Err = InvalidId>>(&mut self, pointer: &str, text: &str) -> Option<I> {
        text.parse()
            .map_err(|error: InvalidId| self.add(pointer, sentence(&error.to_string())))
            .ok()
    }

    /// Whether there is nothing wrong.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is wrong at a place or below it.
    pub(crate) fn at(&self, pointer: &str) -> Option<&str> {
        let here = |found: &str| {
            let rest = found.strip_prefix(pointer);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let found = self.0.iter().find(|(place, _)| here(place));
        found.map(|(_, message)| message.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_stands_at_its_field_and_at_no_other() {
        let mut findings = Findings::default();
        findings.add("/accounts/1", "There is no such account.");
        assert_eq!(findings.at("/accounts"), Some("There is no such account."));
        assert_eq!(findings.at("/account"), None);
        assert!(!findings.is_empty());
    }

    #[test]
    fn what_is_not_about_the_form_is_a_failure() {
        assert!(Findings::of(CommandError::Busy, "/id").is_err());
        let rejected = CommandError::Rejected {
            code: "account-exists",
            message: "There is one.".to_owned(),
        };
        assert_eq!(Findings::of(rejected, "/id").unwrap().at("/id"), Some("There is one."));
    }
}
