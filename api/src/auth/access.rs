use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, header};
use domain::token::Role;
use domain::{AccountId, CorrelationId};

use super::{At, Caller};
use crate::problem::{Code, Problem};
use crate::request_log::correlation_of;
use crate::state::AppState;

const READERS: &[Role] = &[Role::AccountOwner, Role::AccountAdmin, Role::AccountViewer];
const HISTORY_READERS: &[Role] = &[
    Role::AccountOwner,
    Role::AccountAdmin,
    Role::AccountViewer,
    Role::Auditor,
];
const WRITERS: &[Role] = &[Role::AccountOwner, Role::AccountAdmin];

/// A platform admin: catalog, accounts and tokens.
pub(crate) struct PlatformAdmin(pub Caller);

/// Somebody who may read the log.
pub(crate) struct Auditor(pub Caller);

/// Somebody who may see the settings of the account in the path.
pub(crate) struct AccountReader {
    /// The account.
    pub account: AccountId,
}

/// Somebody who may see the history of the account in the path.
pub(crate) struct HistoryReader {
    /// The account.
    pub account: AccountId,
}

/// Somebody who may connect and disconnect for the account in the path.
pub(crate) struct AccountWriter {
    /// Who.
    pub caller: Caller,
    /// The account.
    pub account: AccountId,
}

/// A service that may use the keys of the account in the path.
pub(crate) struct ServiceFor {
    /// Who.
    pub caller: Caller,
    /// The account.
    pub account: AccountId,
    /// The request, as its history knows it.
    pub correlation: CorrelationId,
}

impl FromRequestParts<AppState> for PlatformAdmin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, app).await?;
        caller.require(&[Role::PlatformAdmin])?;
        Ok(Self(caller))
    }
}

impl FromRequestParts<AppState> for Auditor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, app).await?;
        caller.require(&[Role::Auditor])?;
        Ok(Self(caller))
    }
}

impl FromRequestParts<AppState> for AccountReader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Problem> {
        let (_, account) = of_account(parts, app, READERS).await?;
        Ok(Self { account })
    }
}

impl FromRequestParts<AppState> for HistoryReader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Problem> {
        let (_, account) = of_account(parts, app, HISTORY_READERS).await?;
        Ok(Self { account })
    }
}

impl FromRequestParts<AppState> for AccountWriter {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Problem> {
        let (caller, account) = of_account(parts, app, WRITERS).await?;
        Ok(Self { caller, account })
    }
}

impl FromRequestParts<AppState> for ServiceFor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Problem> {
        // A release for nobody to read: HEAD would write it into the history, and throw the key away.
        if parts.method == Method::HEAD {
            let refused = Problem::new(Code::MethodNotAllowed, "A key is released to GET alone.");
            return Err(refused.with_header(header::ALLOW, HeaderValue::from_static("GET")));
        }
        let (caller, account) = of_account(parts, app, &[Role::Service]).await?;
        let correlation = correlation_of(&parts.extensions)?;
        Ok(Self {
            caller,
            account,
            correlation,
        })
    }
}

/// The role first, then the account: a wrong role is told so whatever the path names, and a foreign account is
/// answered like a missing one.
async fn of_account(parts: &mut Parts, app: &AppState, roles: &[Role]) -> Result<(Caller, AccountId), Problem> {
    let caller = Caller::from_request_parts(parts, app).await?;
    caller.require(roles)?;
    let At(account) = At::<AccountId>::from_request_parts(parts, app).await?;
    caller.within(&account)?;
    Ok((caller, account))
}
