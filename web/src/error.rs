use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use commands::CommandError;
use domain::token::Role;
use projections::{Behind, QueryError};

use crate::address::address;
use crate::backstage::Unavailable;
use crate::guard;
use crate::session::{Holder, Viewer};
use crate::shell::{Here, Shell};
use crate::sign_on;

/// Why a page cannot be shown. It becomes a page that says what happened and what to do next.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Nobody has signed in. Where to go on afterwards.
    SignIn(Option<String>),
    /// Nobody has signed in any more, and a form was sent. The page that it was on, as far as the browser says.
    SignedOut(Option<String>),
    /// The identity provider vouched for the person too long ago. Where to go on afterwards.
    AskAnew(String),
    /// The token's role may not see it.
    Forbidden {
        /// Who asks.
        viewer: Box<Viewer>,
        /// What it needs.
        needed: String,
    },
    /// There is nothing here that the viewer may see.
    NotFound,
    /// Only forms are sent to this address.
    OnlyForForms,
    /// What was sent cannot be read.
    BadForm(&'static str),
    /// More was sent than a form may have: what to do.
    TooLarge(&'static str),
    /// Another token or membership is in use than when the form was shown.
    Switched,
    /// Another site had the browser send it.
    ForeignForm,
    /// A command was refused in a way that the page has no place for.
    Refused(CommandError),
    /// A part of the system is away.
    Unavailable,
    /// A defect: its cause is in the log.
    Internal,
}

#[derive(askama::Template)]
#[template(path = "failure.html")]
struct FailurePage {
    shell: Shell,
    title: String,
    text: String,
    /// Where the button leads.
    on: String,
    label: &'static str,
}

impl Failure {
    pub(crate) fn forbidden(viewer: Viewer, needed: &[Role]) -> Self {
        let needed: Vec<_> = needed.iter().map(|role| role_name(*role)).collect();
        Self::Forbidden {
            viewer: Box::new(viewer),
            needed: needed.join(" or "),
        }
    }

    /// A defect.
    pub(crate) fn internal(cause: &dyn std::fmt::Display) -> Self {
        tracing::error!(%cause, "internal error in a page");
        Self::Internal
    }

    fn words(&self) -> (StatusCode, String, String) {
        let (status, title, text) = match self {
            Self::SignIn(_) | Self::SignedOut(_) => (StatusCode::UNAUTHORIZED, "Sign in", "Sign in first.".to_owned()),
            Self::AskAnew(_) => (
                StatusCode::UNAUTHORIZED,
                "One moment",
                "You have been signed in for a while: your identity provider is asked whether you still may.".to_owned(),
            ),
            Self::Forbidden { viewer, needed } => match viewer.holder {
                Holder::Token(..) => (
                    StatusCode::FORBIDDEN,
                    "This is not for your token",
                    format!("It needs a token with the role {needed}. Sign in with one, or switch to it above, and come back."),
                ),
                Holder::Member(..) => (
                    StatusCode::FORBIDDEN,
                    "This is not for your role",
                    format!("It needs the role {needed}. Switch to it above, or ask your administrator for it, and come back."),
                ),
            },
            Self::NotFound => (
                StatusCode::NOT_FOUND,
                "There is nothing here",
                "The page is gone, or it belongs to somebody else. Check the address, or start from the marketplace."
                    .to_owned(),
            ),
            Self::OnlyForForms => (
                StatusCode::METHOD_NOT_ALLOWED,
                "This address cannot be opened",
                "Forms are sent to it. Go back to the page that you came from, or start anew.".to_owned(),
            ),
            Self::BadForm(what) => (StatusCode::BAD_REQUEST, "The form cannot be read", format!("{what}.")),
            Self::TooLarge(what) => (StatusCode::PAYLOAD_TOO_LARGE, "That is too much", (*what).to_owned()),
            Self::Switched => (
                StatusCode::CONFLICT,
                "You have switched meanwhile",
                "The form was shown to another token or membership than the one that is in use now, perhaps in another \
                 tab. Nothing was saved. Switch back to it there and send the form again, or open the page anew."
                    .to_owned(),
            ),
            Self::ForeignForm => (
                StatusCode::FORBIDDEN,
                "That did not come from these pages",
                "Another site had your browser send it, or your browser does not say where it came from. Nothing was \
                 changed. Go back to the page and send it from there."
                    .to_owned(),
            ),
            Self::Refused(error) => (
                refused_status(error),
                "That could not be done",
                sentence(&error.to_string()),
            ),
            Self::Unavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                "A part of the system is away",
                "Nothing was changed. Try again in a moment; if it stays so, tell the operator.".to_owned(),
            ),
            Self::Internal => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "Something is broken here",
                "It is not you. Try again; if it stays so, tell the operator what you did and when.".to_owned(),
            ),
        };
        (status, title.to_owned(), text)
    }
}

fn refused_status(error: &CommandError) -> StatusCode {
    match error {
        CommandError::NotFound(_) => StatusCode::NOT_FOUND,
        CommandError::Invalid(_) | CommandError::IdempotencyKeyReused => StatusCode::UNPROCESSABLE_ENTITY,
        CommandError::PreconditionFailed { .. } => StatusCode::PRECONDITION_FAILED,
        CommandError::Rejected { .. } | CommandError::Busy => StatusCode::CONFLICT,
        CommandError::Unavailable { .. } | CommandError::OutcomeUnknown => StatusCode::SERVICE_UNAVAILABLE,
        CommandError::Internal { .. } => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The sentence of an error, as people write one.
pub(crate) fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars
        .next()
        .map(|first| first.to_uppercase().to_string())
        .unwrap_or_default();
    let end = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{end}", chars.as_str())
}

/// What people call a role.
pub(crate) const fn role_name(role: Role) -> &'static str {
    match role {
        Role::PlatformAdmin => "platform admin",
        Role::AccountOwner => "account owner",
        Role::AccountAdmin => "account admin",
        Role::AccountViewer => "account viewer",
        Role::Auditor => "auditor",
        Role::Service => "service",
    }
}

/// The page for an address that only forms are sent to.
#[must_use]
pub fn no_page_to_open() -> Response {
    guard::closed(Failure::OnlyForForms.into_response())
}

/// The page for an address where there is none.
#[must_use]
pub fn no_such_page() -> Response {
    guard::closed(Failure::NotFound.into_response())
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        if let Self::SignIn(back) | Self::SignedOut(back) = &self {
            let next = back.as_deref().filter(|back| *back != "/").unwrap_or_default();
            let unsaved = if matches!(self, Self::SignedOut(_)) { "1" } else { "" };
            let to = address("/sign-in", [("unsaved", unsaved), ("next", next)]);
            return Redirect::to(&to).into_response();
        }
        let (status, title, text) = self.words();
        let moves = match &self {
            Self::AskAnew(back) => Some(sign_on::path(back)),
            _ => None,
        };
        let viewer = match self {
            Self::Forbidden { viewer, .. } => Some(*viewer),
            _ => None,
        };
        let shell = Shell::bare(&title, Here::Nowhere, viewer);
        // Not by way of `page::html`, whose own failures come here.
        let page = FailurePage {
            shell,
            title,
            text,
            on: moves.clone().unwrap_or_else(|| "/".to_owned()),
            label: if moves.is_some() { "Go on" } else { "To the start" },
        }
        .render();
        let mut response = match page {
            Ok(page) => (status, Html(page)).into_response(),
            Err(error) => {
                tracing::error!(%error, "the page that tells of an error cannot be made");
                (
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "Something is broken here. Tell the operator.",
                )
                    .into_response()
            }
        };
        if let Some(address) = moves.and_then(|path| HeaderValue::try_from(format!("0; url={path}")).ok()) {
            // By the browser itself, as a page that it opens: a form that led here may be redirected within this site alone.
            response.headers_mut().insert(header::REFRESH, address);
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

impl From<Unavailable> for Failure {
    fn from(error: Unavailable) -> Self {
        tracing::error!(cause = %error.0, "a page met something that is out of order");
        Self::Unavailable
    }
}

impl From<QueryError> for Failure {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::NotReady(_) => Self::Unavailable,
            QueryError::InvalidCursor => Self::NotFound,
            error => {
                tracing::error!(%error, "a page could not be read");
                Self::Unavailable
            }
        }
    }
}

impl From<Behind> for Failure {
    fn from(_: Behind) -> Self {
        Self::Unavailable
    }
}

impl From<CommandError> for Failure {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::NotFound(_) => Self::NotFound,
            CommandError::Unavailable { what, source } => {
                tracing::error!(what, cause = %source, "a command met something that is out of order");
                Self::Unavailable
            }
            CommandError::Internal { what, source } => {
                tracing::error!(what, cause = %source, "internal error in a command");
                Self::Internal
            }
            other => Self::Refused(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_errors_text_becomes_a_sentence() {
        assert_eq!(sentence("nothing was changed"), "Nothing was changed.");
        assert_eq!(sentence("Why?"), "Why?");
        assert_eq!(sentence(""), ".");
    }

    #[test]
    fn the_way_back_survives_the_sign_in() {
        let to = |back: &str| {
            let response = Failure::SignIn(Some(back.to_owned())).into_response();
            response.headers()[header::LOCATION].to_str().unwrap().to_owned()
        };
        assert_eq!(to("/marketplace?q=a&b"), "/sign-in?next=%2Fmarketplace%3Fq%3Da%26b");
        assert_eq!(to("/"), "/sign-in");
        let late = Failure::SignedOut(Some("/settings/ai".to_owned())).into_response();
        assert_eq!(
            late.headers()[header::LOCATION],
            "/sign-in?unsaved=1&next=%2Fsettings%2Fai"
        );
    }
}
