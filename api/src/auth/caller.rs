use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use domain::token::{AccountScope, Role};
use domain::{AccountId, Actor, ActorKind, Sha256Digest};
use projections::TokenView;

use super::format;
use crate::problem::{Code, Problem};
use crate::state::AppState;

/// Somebody with a good token.
#[derive(Debug, Clone)]
pub(crate) struct Caller(Arc<TokenView>);

impl Caller {
    /// The identity that commands, leases and the history know the caller by.
    #[must_use]
    pub(crate) fn principal(&self) -> String {
        // As the id is displayed, without the machinery of formatting.
        let mut text = [0; uuid::fmt::Hyphenated::LENGTH];
        self.0.id.uuid().hyphenated().encode_lower(&mut text).to_owned()
    }

    /// The caller as the history names it.
    #[must_use]
    pub(crate) fn actor(&self) -> Actor {
        let kind = match self.0.role {
            // A service token is good for `ai-config` alone.
            Role::Service => ActorKind::Ai,
            _ => ActorKind::User,
        };
        Actor {
            kind,
            id: self.principal(),
        }
    }

    /// For which accounts.
    #[must_use]
    pub(crate) fn accounts(&self) -> &AccountScope {
        &self.0.accounts
    }

    /// The caller with the token of this digest.
    ///
    /// # Errors
    /// When the token is unknown, revoked or expired, or that cannot be found out.
    pub(crate) async fn of(app: &AppState, digest: Sha256Digest) -> Result<Self, Problem> {
        // From memory, until any token is issued or revoked.
        let token = app.projections.tokens().by_sha256(digest).await?;
        let token = token.filter(|token| token.revoked_at.is_none()).ok_or_else(invalid)?;
        if !token.valid_at(app.clock.now()) {
            let detail = "The token has expired. Ask a platform admin for a new one.";
            return Err(challenge(Problem::new(Code::TokenExpired, detail), "invalid_token"));
        }
        if !app.standing.holds(app, token.id).await? {
            return Err(invalid());
        }
        Ok(Self(token))
    }

    /// The token as people see it.
    #[must_use]
    pub(crate) fn into_token(self) -> Arc<TokenView> {
        self.0
    }

    /// Refuses callers of other roles. It looks at the role alone, so that the answer says nothing of what exists.
    pub(super) fn require(&self, roles: &[Role]) -> Result<(), Problem> {
        if roles.contains(&self.0.role) {
            return Ok(());
        }
        let needed: Vec<_> = roles.iter().map(|role| role.as_str()).collect();
        let detail = format!(
            "This needs a token with the role {}; yours has the role {}.",
            needed.join(" or "),
            self.0.role.as_str()
        );
        Err(Problem::new(Code::Forbidden, detail))
    }

    /// Refuses accounts that the token is not good for, as if they did not exist.
    pub(super) fn within(&self, account: &AccountId) -> Result<(), Problem> {
        if self.0.accounts.contains(account) {
            Ok(())
        } else {
            Err(Problem::not_found())
        }
    }
}

impl FromRequestParts<AppState> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Problem> {
        let digest = format::digest(bearer(&parts.headers)?).ok_or_else(invalid)?;
        Self::of(app, digest).await
    }
}

/// The token of `Authorization: Bearer …` (RFC 6750, section 2.1).
fn bearer(headers: &HeaderMap) -> Result<&str, Problem> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next().ok_or_else(missing)?;
    if values.next().is_some() {
        let message = "one token is expected: nobody could say whose request this is";
        let refused = Problem::field(Code::InvalidParameter, "/header/authorization", "duplicate", message);
        return Err(challenge(refused, "invalid_request"));
    }
    let text = value.to_str().map_err(|_| invalid())?;
    let (scheme, token) = text.split_once(' ').ok_or_else(missing)?;
    if scheme.eq_ignore_ascii_case("bearer") {
        Ok(token.trim())
    } else {
        Err(missing())
    }
}

fn missing() -> Problem {
    let detail = "Send the header `Authorization: Bearer soc_…` with a token that a platform admin gave you.";
    Problem::new(Code::TokenMissing, detail).with_header(
        header::WWW_AUTHENTICATE,
        HeaderValue::from_static("Bearer realm=\"soconnective\""),
    )
}

fn invalid() -> Problem {
    let detail = "The token is mistyped, unknown or revoked. Ask a platform admin for a new one.";
    challenge(Problem::new(Code::TokenInvalid, detail), "invalid_token")
}

fn challenge(problem: Problem, error: &str) -> Problem {
    let value = HeaderValue::try_from(format!("Bearer realm=\"soconnective\", error=\"{error}\""));
    let value = value.unwrap_or_else(|_| HeaderValue::from_static("Bearer"));
    problem.with_header(header::WWW_AUTHENTICATE, value)
}
