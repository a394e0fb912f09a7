use axum::http::StatusCode;
use commands::CommandError;
use domain::recipe;
use eventlog::Causes;

use super::{Code, FieldError, Problem};
use crate::extract::shown;

impl Problem {
    /// A command that was not carried out; `invalid` is the code for wrong input.
    #[must_use]
    pub(crate) fn of_command(error: CommandError, invalid: Code) -> Self {
        match error {
            CommandError::NotFound(_) => Self::not_found(),
            CommandError::Rejected { code, message } => {
                let blamed = blamed(code).map(|pointer| FieldError {
                    pointer: pointer.to_owned(),
                    code: code.to_owned(),
                    message: message.clone(),
                });
                let errors = blamed.into_iter().collect();
                Self::refused(StatusCode::CONFLICT, code, message).with_errors(errors)
            }
            CommandError::Invalid(ref problems) => {
                let errors = problems.iter().map(|problem| field_error(problem, invalid)).collect();
                Self::new(invalid, error.to_string()).with_errors(errors)
            }
            CommandError::PreconditionFailed { .. } => Self::new(Code::PreconditionFailed, error.to_string()),
            CommandError::IdempotencyKeyReused => Self::new(Code::IdempotencyKeyReused, error.to_string()),
            CommandError::Busy => Self::new(Code::Conflict, error.to_string()).retry_after(1),
            CommandError::Unavailable { what, ref source } => {
                let cause = Causes(&**source);
                tracing::error!(what, %cause, "a command met something that is out of order");
                Self::new(Code::Unavailable, error.to_string()).retry_after(1)
            }
            CommandError::OutcomeUnknown => Self::new(Code::Unavailable, error.to_string()).retry_after(1),
            CommandError::Internal { what, ref source } => {
                Self::internal(&format_args!("{what}: {}", Causes(&**source)))
            }
        }
    }
}

/// The field of the body that another choice would mend, where the state that says no was named by one.
fn blamed(code: &str) -> Option<&'static str> {
    match code {
        "provider-key-taken" => Some("/key"),
        "account-exists" => Some("/id"),
        _ => None,
    }
}

/// A place in what was pasted is named only as far as its names are no pasted keys themselves.
fn field_error(problem: &recipe::Problem, code: Code) -> FieldError {
    let pointer = if code == Code::ProviderInvalid {
        problem.pointer.clone()
    } else {
        shown(&problem.pointer)
    };
    FieldError {
        pointer,
        // The recipe language writes its codes as it writes its own words; this API has one way for all.
        code: problem.code.replace('_', "-"),
        message: problem.message.clone(),
    }
}

impl From<CommandError> for Problem {
    fn from(error: CommandError) -> Self {
        Self::of_command(error, Code::InvalidRequest)
    }
}
