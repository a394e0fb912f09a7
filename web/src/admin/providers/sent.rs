use commands::{CommandError, IfMatch};
use domain::ProviderKey;
use domain::provider::{Logo, ProviderRow};
use domain::recipe::Problem;

use super::diff::Diff;
use super::form_page::{Edited, Filled};
use super::preview::Preview;
use super::typed::Typed;
use super::yaml;
use crate::admin::findings::Findings;
use crate::error::{Failure, sentence};
use crate::form::Form;
use crate::site::Site;
use crate::upload::Upload;

/// The form of a row as it was sent, and what was understood of it.
pub(super) struct Sent {
    pub(super) form: Form,
    pub(super) row: ProviderRow,
    pub(super) logo: LogoChange,
    typed: Typed,
    /// What is to be put right. A row with any is not saved.
    pub(super) problems: Vec<Problem>,
    pub(super) refused: Option<String>,
    theirs: Option<Diff>,
}

/// What becomes of a row's logo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum LogoChange {
    Keep,
    Remove,
    Set(Logo),
}

impl Sent {
    /// Reads a form; `known` is the key of the row that is edited.
    pub(super) async fn read(upload: Upload, known: Option<&ProviderKey>, site: &Site) -> Result<Self, Failure> {
        let Upload { form, file } = upload;
        let mut typed = Typed::of_form(&form);
        let reading = typed.read(known)?;
        let row = reading.row.clone();
        let mut problems = reading.with(site.commands.lint_provider(&row));
        let logo = match file {
            None if form.has("remove_logo") => LogoChange::Remove,
            None => LogoChange::Keep,
            Some(file) => site.backstage.logo(file).await.map_or_else(
                |reason| {
                    let message = format!("The file cannot be used: {reason}. Choose another one.");
                    problems.push(Problem::new("/logo", "not_a_logo", message));
                    LogoChange::Keep
                },
                LogoChange::Set,
            ),
        };
        Ok(Self {
            form,
            row,
            logo,
            typed,
            problems,
            refused: None,
            theirs: None,
        })
    }

    /// The revision that the form was filled from.
    pub(super) fn revision(&self) -> u64 {
        self.form.text("revision").parse().unwrap_or_default()
    }

    /// Only if the row is still as the form was filled from it.
    pub(super) fn if_match(&self) -> IfMatch {
        IfMatch::OneOf(vec![self.revision()])
    }

    /// Takes in why a command refused it, where there is something that the person can do about it. `theirs` is the row
    /// as it is now.
    ///
    /// # Errors
    /// What nobody can do anything about here.
    pub(super) fn refuse(&mut self, error: CommandError, theirs: Option<&ProviderRow>) -> Result<(), Failure> {
        match error {
            CommandError::Invalid(problems) => self.problems = problems,
            CommandError::Rejected {
                code: "provider-key-taken",
                message,
            } => {
                self.problems.push(Problem::new("/key", "provider-key-taken", message));
            }
            CommandError::Rejected { .. } | CommandError::Busy | CommandError::OutcomeUnknown => {
                self.refused = Some(sentence(&error.to_string()));
            }
            CommandError::PreconditionFailed { .. } => {
                let text = "Somebody else changed this row while you were editing it. Nothing was saved yet. Below is what differs; \
                    what you typed is all here. Saving it now puts yours in place of theirs.";
                self.refused = Some(text.to_owned());
                self.theirs = theirs.map(|row| Diff::between(&yaml::write_row(row), &yaml::write_row(&self.row)));
            }
            other => return Err(other.into()),
        }
        Ok(())
    }

    /// The form filled in as it was sent.
    pub(super) fn filled(self, edited: Option<Edited>) -> Filled {
        let findings = Findings::new(self.problems);
        let logo = match self.logo {
            LogoChange::Set(logo) => Some(format!("data:image/png;base64,{}", logo.png)),
            LogoChange::Keep => edited.as_ref().and_then(|row| row.logo.clone()),
            LogoChange::Remove => None,
        };
        Filled {
            preview: Preview::new(&self.row, logo, findings.clone()),
            row: edited,
            typed: self.typed,
            findings,
            refused: self.refused,
            theirs: self.theirs,
        }
    }
}
