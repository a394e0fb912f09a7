//! Tokens: who holds one, made, shown once, revoked.

mod expiry;
mod issue;
mod list;
mod revoke;
mod wanted;

use axum::Router;
use axum::routing::get;
use domain::token::Role;
use projections::ProjectionName;

use crate::site::Site;

/// Where a change of a token is seen.
const SEEN_IN: &[ProjectionName] = &[ProjectionName::Tokens];

pub(crate) fn routes() -> Router<Site> {
    Router::new()
        .route("/admin/tokens", get(list::list))
        .route("/admin/tokens/new", get(issue::ask).post(issue::issue))
        .route("/admin/tokens/{token}/revoke", get(revoke::ask).post(revoke::revoke))
}

/// A role, and what it is for.
struct RoleChoice {
    role: Role,
    name: &'static str,
    what: &'static str,
}

/// Every role, those of accounts first.
const ROLES: &[RoleChoice] = &[
    RoleChoice {
        role: Role::AccountOwner,
        name: "Account owner",
        what: "For a person: everything that one account can do.",
    },
    RoleChoice {
        role: Role::AccountAdmin,
        name: "Account admin",
        what: "For a person, or for the backend of a platform: installs, connects, tests and disconnects for one account.",
    },
    RoleChoice {
        role: Role::AccountViewer,
        name: "Account viewer",
        what: "For a person: reads the settings and the history of one account, and changes nothing.",
    },
    RoleChoice {
        role: Role::Service,
        name: "Service",
        what: "For a program: is given keys that are ready to use, and can do nothing else. Nobody signs in with it.",
    },
    RoleChoice {
        role: Role::Auditor,
        name: "Auditor",
        what: "For a person: reads what happened, of one account or of all. Never sees a key.",
    },
    RoleChoice {
        role: Role::PlatformAdmin,
        name: "Platform admin",
        what: "For a person: looks after providers, accounts and tokens. Never sees a key.",
    },
];
