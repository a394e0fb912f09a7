use eventlog::Causes;
use projections::{Behind, QueryError};

use super::{Code, Problem};

impl From<QueryError> for Problem {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::NotReady(_) => Self::new(Code::ReadModelBehind, error.to_string()).retry_after(1),
            QueryError::InvalidCursor => Self::field(
                Code::InvalidParameter,
                "/query/cursor",
                "invalid-value",
                "use the cursor that the page before gave",
            ),
            QueryError::Database(source) => {
                tracing::error!(cause = %Causes(&source), "the read models cannot be read");
                Self::new(Code::Unavailable, "The read models cannot be read now; try again.").retry_after(1)
            }
            QueryError::Unanswered(source) => {
                tracing::error!(cause = %Causes(&source), "the database of the read models does not answer");
                let detail = "The database of the read models does not answer in time; try again.";
                Self::new(Code::Unavailable, detail).retry_after(1)
            }
            QueryError::Log(source) => {
                tracing::error!(cause = %Causes(&source), "the log cannot be read");
                Self::new(Code::Unavailable, "The log cannot be read now; try again.").retry_after(1)
            }
            QueryError::Corrupt(_) => Self::internal(&error),
        }
    }
}

impl From<Behind> for Problem {
    fn from(behind: Behind) -> Self {
        if behind.stopped {
            tracing::error!(%behind, "a query waits for a read model that has stopped");
            let detail = format!(
                "The read model {} has stopped and does not go on by itself. Tell the operator: /readyz and the log say \
                 more. What was written is safe.",
                behind.name
            );
            return Self::new(Code::ReadModelBehind, detail).retry_after(60);
        }
        let detail = "What was written cannot be read yet. Ask again in a second; the write itself is safe.";
        Self::new(Code::ReadModelBehind, detail).retry_after(1)
    }
}
