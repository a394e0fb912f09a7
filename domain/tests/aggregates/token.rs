use std::collections::BTreeSet;

use domain::Sha256Digest;
use domain::token::{AccountScope, Role, Token, TokenCommand, TokenIssued, TokenRevoked};

use crate::given::{at, given};

fn token(role: Role, accounts: AccountScope) -> TokenIssued {
    TokenIssued {
        name: "CI".to_owned(),
        sha256: Sha256Digest::of(b"token"),
        role,
        accounts,
        expires_at: Some(at(60)),
    }
}

fn only(accounts: &[&str]) -> AccountScope {
    AccountScope::Only(accounts.iter().map(|id| id.parse().unwrap()).collect::<BTreeSet<_>>())
}

fn issue(token: TokenIssued) -> TokenCommand {
    TokenCommand::Issue { token, now: at(0) }
}

#[test]
fn a_token_is_issued_once() {
    let admin = token(Role::PlatformAdmin, AccountScope::All);
    given::<Token>([])
        .when(issue(admin.clone()))
        .then([admin.clone().into()]);
    given::<Token>([admin.clone().into()])
        .when(issue(admin.clone()))
        .then_rejected("token-issued");
    given::<Token>([admin.clone().into(), TokenRevoked {}.into()])
        .when(issue(admin))
        .then_rejected("token-issued");
}

#[test]
fn revoking_twice_is_revoking_once() {
    let admin = token(Role::PlatformAdmin, AccountScope::All);
    given::<Token>([admin.clone().into()])
        .when(TokenCommand::Revoke)
        .then([TokenRevoked {}.into()]);
    given::<Token>([admin.into(), TokenRevoked {}.into()])
        .when(TokenCommand::Revoke)
        .then_nothing();
    given::<Token>([])
        .when(TokenCommand::Revoke)
        .then_rejected("token-unknown");
}

#[test]
fn a_token_is_good_until_it_expires_or_is_revoked() {
    let admin = token(Role::PlatformAdmin, AccountScope::All);
    let issued = given::<Token>([admin.clone().into()]).state();
    assert_eq!(issued.valid_at(at(59)), Some(&admin));
    assert_eq!(issued.valid_at(at(60)), None);
    let revoked = given::<Token>([admin.into(), TokenRevoked {}.into()]).state();
    assert_eq!(revoked.valid_at(at(0)), None);
    assert_eq!(Token::default().valid_at(at(0)), None);
}

#[test]
fn a_token_that_has_expired_is_not_issued() {
    let mut late = token(Role::PlatformAdmin, AccountScope::All);
    late.expires_at = Some(at(0));
    given::<Token>([]).when(issue(late)).then_rejected("expiry-passed");
}

#[test]
fn each_role_has_its_accounts() {
    let refused = |role, accounts, code: &str| {
        given::<Token>([])
            .when(issue(token(role, accounts)))
            .then_rejected(code);
    };
    for role in [Role::AccountOwner, Role::AccountAdmin, Role::AccountViewer] {
        refused(role, AccountScope::All, "account-needed");
        refused(role, only(&["a", "b"]), "account-needed");
    }
    refused(Role::Auditor, only(&["a", "b"]), "account-needed");
    refused(Role::PlatformAdmin, only(&["a"]), "account-not-allowed");
    refused(Role::Service, only(&[]), "invalid-accounts");
    for (role, accounts) in [
        (Role::AccountAdmin, only(&["a"])),
        (Role::Auditor, only(&["a"])),
        (Role::Auditor, AccountScope::All),
        (Role::Service, only(&["a", "b"])),
        (Role::Service, AccountScope::All),
    ] {
        let token = token(role, accounts);
        given::<Token>([]).when(issue(token.clone())).then([token.into()]);
    }
}

#[test]
fn a_name_is_a_line_of_text() {
    let mut nameless = token(Role::PlatformAdmin, AccountScope::All);
    nameless.name = "two\nlines".to_owned();
    given::<Token>([]).when(issue(nameless)).then_rejected("invalid-name");
}
