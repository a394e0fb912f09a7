use std::error::Error;

use domain::Refusal;
use domain::account::AccountRejection;
use domain::integration::IntegrationRejection;
use domain::keyring::KeyringRejection;
use domain::provider::ProviderRejection;
use domain::recipe::Problem;
use domain::token::TokenRejection;
use eventlog::LogError;
use vault::VaultError;

/// Why a command was not carried out. No message repeats a secret, or input that may hold one.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// There is no such thing. A thing of a foreign account is no such thing either.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// The state does not allow it.
    #[error("{message}")]
    Rejected {
        /// A stable code, in kebab case.
        code: &'static str,
        /// What happened and what to do next, for a person.
        message: String,
    },
    /// The input is wrong, in these places.
    #[error("{}", summary(.0))]
    Invalid(Vec<Problem>),
    /// It was edited since the caller read it.
    #[error("it was changed meanwhile and is at revision {current} now; read it again and repeat the change")]
    PreconditionFailed {
        /// The revision that it has.
        current: u64,
    },
    /// The idempotency key was used for another request.
    #[error("this idempotency key was used for another request; use a new key for a new request")]
    IdempotencyKeyReused,
    /// Others were faster, every time.
    #[error("others are changing the same thing right now; nothing was changed: try again")]
    Busy,
    /// Something that it needs is out of order. Nothing was changed by the step that failed.
    #[error("the {what} cannot be reached now; try again")]
    Unavailable {
        /// What: `log` or `vault`.
        what: &'static str,
        /// Why.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// It may or may not have been carried out.
    #[error("it is not known whether this was carried out; send the same request with the same idempotency key again")]
    OutcomeUnknown,
    /// A defect, or damage to what is stored.
    #[error("something is wrong inside the system: {what}")]
    Internal {
        /// In what.
        what: &'static str,
        /// Why.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
}

impl CommandError {
    /// The input is wrong, in one place.
    pub(crate) fn invalid(pointer: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        Self::Invalid(vec![Problem::new(pointer, code, message)])
    }

    pub(crate) fn internal(what: &'static str, source: impl Error + Send + Sync + 'static) -> Self {
        Self::Internal {
            what,
            source: Box::new(source),
        }
    }

    fn refused(refusal: &impl Refusal) -> Self {
        match refusal.pointer() {
            Some(pointer) => Self::invalid(pointer, refusal.code(), refusal.to_string()),
            None => Self::Rejected {
                code: refusal.code(),
                message: refusal.to_string(),
            },
        }
    }
}

fn summary(problems: &[Problem]) -> String {
    match problems {
        [] => "the input is wrong".to_owned(),
        [only] => only.message.clone(),
        [first, rest @ ..] => format!("{} (and {} more)", first.message, rest.len()),
    }
}

impl From<ProviderRejection> for CommandError {
    fn from(rejection: ProviderRejection) -> Self {
        match rejection {
            ProviderRejection::Unknown => Self::NotFound("provider"),
            other => Self::refused(&other),
        }
    }
}

impl From<AccountRejection> for CommandError {
    fn from(rejection: AccountRejection) -> Self {
        match rejection {
            AccountRejection::Unknown => Self::NotFound("account"),
            other => Self::refused(&other),
        }
    }
}

impl From<TokenRejection> for CommandError {
    fn from(rejection: TokenRejection) -> Self {
        match rejection {
            TokenRejection::Unknown => Self::NotFound("token"),
            other => Self::refused(&other),
        }
    }
}

impl From<IntegrationRejection> for CommandError {
    fn from(rejection: IntegrationRejection) -> Self {
        Self::refused(&rejection)
    }
}

impl From<KeyringRejection> for CommandError {
    fn from(rejection: KeyringRejection) -> Self {
        Self::refused(&rejection)
    }
}

impl From<LogError> for CommandError {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Conflict { .. } => Self::Busy,
            LogError::UnknownOutcome(_) => Self::OutcomeUnknown,
            LogError::Unavailable(source) => Self::Unavailable { what: "log", source },
            error @ (LogError::PartialDuplicate { .. } | LogError::Invalid(_) | LogError::Corrupt { .. }) => {
                Self::internal("log", error)
            }
        }
    }
}

impl From<VaultError> for CommandError {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::TooLarge { .. } => Self::invalid("/fields", "fields-too-large", error.to_string()),
            VaultError::Database { .. } | VaultError::File { .. } | VaultError::Stopped(_) => Self::Unavailable {
                what: "vault",
                source: Box::new(error),
            },
            error => Self::internal("vault", error),
        }
    }
}
