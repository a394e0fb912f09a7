use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::attempts::NoAttempt;
use super::port::SignOnError;
use crate::shell::{Here, Shell, html};

/// Why nobody was signed in. It becomes a page that says what happened and what to do next.
#[derive(Debug)]
pub(super) enum Failed {
    /// The provider's answer belongs to no attempt of this browser.
    Stray,
    /// The attempt took too long.
    Late,
    /// The person said no, or the provider did.
    Denied,
    /// The provider is away.
    Away,
    /// What it says cannot be accepted, and why.
    Unacceptable(String),
}

#[derive(askama::Template)]
#[template(path = "sign_on_failed.html")]
struct FailedPage {
    shell: Shell,
    title: &'static str,
    text: String,
    /// Where to try again.
    again: String,
}

#[derive(askama::Template)]
#[template(path = "not_a_member.html")]
struct NotAMemberPage<'a> {
    shell: Shell,
    name: &'a str,
    claim: &'a str,
}

impl Failed {
    /// By the code of an error that the provider had the browser say (RFC 6749, section 4.1.2.1; `OpenID` Connect Core 1.0,
    /// section 3.1.2.6). Whatever else stands there was written by nobody knows whom.
    pub(super) fn said(error: &str) -> Self {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
        let is_code = !error.is_empty() && error.len() <= 40 && error.bytes().all(plain);
        let code = if is_code { error } else { "an unknown error" };
        tracing::warn!(code, "the identity provider sent somebody back without signing in");
        match code {
            "temporarily_unavailable" | "server_error" => Self::Away,
            "access_denied"
            | "login_required"
            | "consent_required"
            | "interaction_required"
            | "account_selection_required" => Self::Denied,
            _ => Self::Unacceptable(format!("it refuses the request itself ({code})")),
        }
    }

    /// The page, from which one goes on to `next` when it works.
    pub(super) fn page(self, next: &str) -> Response {
        let (status, title, text) = self.words();
        let page = FailedPage {
            shell: Shell::bare(title, Here::Nowhere, None),
            title,
            text,
            again: super::path(next),
        };
        (status, html(&page)).into_response()
    }

    fn words(self) -> (StatusCode, &'static str, String) {
        match self {
            Self::Stray => (
                StatusCode::BAD_REQUEST,
                "This sign-in was not begun here",
                "It was used before, or another browser began it, or cookies are off. Nobody was signed in by it. Begin again \
                 in this browser."
                    .to_owned(),
            ),
            Self::Late => (
                StatusCode::BAD_REQUEST,
                "That took too long",
                "A sign-in that is not finished within 10 minutes counts no longer. Begin again.".to_owned(),
            ),
            Self::Denied => (
                StatusCode::FORBIDDEN,
                "Your identity provider did not let you in",
                "It was cancelled there, or you may not use this product. Try again, or ask whoever manages your sign-in."
                    .to_owned(),
            ),
            Self::Away => (
                StatusCode::SERVICE_UNAVAILABLE,
                "Your identity provider does not answer",
                "Nobody was signed in. Try again in a moment; until it is back, a token works. If it stays so, tell the \
                 operator."
                    .to_owned(),
            ),
            Self::Unacceptable(why) => (
                StatusCode::BAD_GATEWAY,
                "What your identity provider said was not accepted",
                format!("Nobody was signed in: {why}. Try again; if it stays so, tell the operator, who finds it in the log."),
            ),
        }
    }
}

/// The page for somebody whom the provider knows, and to whom nothing here is open.
pub(super) fn not_a_member(name: &str, claim: &str) -> Response {
    let shell = Shell::bare("Nothing here is open to you yet", Here::Nowhere, None);
    let page = NotAMemberPage { shell, name, claim };
    (StatusCode::FORBIDDEN, html(&page)).into_response()
}

impl From<NoAttempt> for Failed {
    fn from(none: NoAttempt) -> Self {
        match none {
            NoAttempt::Unknown => Self::Stray,
            NoAttempt::Expired => Self::Late,
        }
    }
}

impl From<SignOnError> for Failed {
    fn from(error: SignOnError) -> Self {
        tracing::warn!(%error, "somebody could not be signed in by the identity provider");
        match error {
            SignOnError::Away(_) => Self::Away,
            SignOnError::Unacceptable(why) => Self::Unacceptable(why.to_string()),
        }
    }
}
