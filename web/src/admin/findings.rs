use std::str::FromStr;

use commands::CommandError;
use domain::InvalidId;
use domain::recipe::Problem;

use crate::error::{Failure, sentence};

/// What is wrong with a form, each thing beside its field.
#[derive(Debug, Clone, Default)]
pub(crate) struct Findings(Vec<Problem>);

impl Findings {
    /// These problems.
    pub(crate) const fn new(problems: Vec<Problem>) -> Self {
        Self(problems)
    }

    /// What a command found wrong. A refusal that names no place is shown at `otherwise`.
    ///
    /// # Errors
    /// What is not about the form.
    pub(crate) fn of(error: CommandError, otherwise: &str) -> Result<Self, Failure> {
        match error {
            CommandError::Invalid(problems) => Ok(Self(problems)),
            CommandError::Rejected { code, message } => Ok(Self(vec![Problem::new(otherwise, code, message)])),
            other => Err(other.into()),
        }
    }

    /// One thing more.
    pub(crate) fn add(&mut self, pointer: &str, message: impl Into<String>) {
        self.0.push(Problem::new(pointer, "invalid", message));
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

    /// Everything that is wrong.
    pub(crate) fn all(&self) -> &[Problem] {
        &self.0
    }

    /// What is wrong at a place or below it.
    pub(crate) fn at(&self, pointer: &str) -> Vec<&Problem> {
        let here = |problem: &&Problem| is_within(problem, pointer);
        self.0.iter().filter(here).collect()
    }

    /// Whether anything is.
    pub(crate) fn has(&self, pointer: &str) -> bool {
        self.first(pointer).is_some()
    }

    /// The first of it, in words, where there is room for one.
    pub(crate) fn first(&self, pointer: &str) -> Option<&str> {
        let found = self.0.iter().find(|problem| is_within(problem, pointer));
        found.map(|problem| problem.message.as_str())
    }
}

/// Whether a problem is at a place or below it.
pub(crate) fn is_within(problem: &Problem, place: &str) -> bool {
    let rest = problem.pointer.strip_prefix(place);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_stands_at_its_field_and_at_no_other() {
        let mut findings = Findings::default();
        findings.add("/accounts/1", "There is no such account.");
        assert_eq!(findings.first("/accounts"), Some("There is no such account."));
        assert_eq!(findings.at("/accounts").len(), 1);
        assert!(!findings.has("/account") && findings.at("/account").is_empty());
        assert!(!findings.is_empty());
    }

    #[test]
    fn what_is_not_about_the_form_is_a_failure() {
        assert!(Findings::of(CommandError::Busy, "/id").is_err());
        let rejected = CommandError::Rejected {
            code: "account-exists",
            message: "There is one.".to_owned(),
        };
        assert_eq!(
            Findings::of(rejected, "/id").unwrap().first("/id"),
            Some("There is one.")
        );
    }
}
