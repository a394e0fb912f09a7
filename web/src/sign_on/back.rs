use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};
use domain::Sha256Digest;
use secrecy::SecretString;
use serde::Deserialize;

use super::attempts::{Attempt, NoAttempt};
use super::failed::{Failed, not_a_member};
use super::port::{Identity, SignOn};
use crate::error::Failure;
use crate::session::{Cookie, MOST_PASSES, Membership, Notice, Number, Pass, Person, Tone};
use crate::sign_in::start;
use crate::site::Site;

/// What the provider has the browser say (RFC 6749, section 4.1.2).
#[derive(Deserialize)]
pub(super) struct Answer {
    #[serde(default)]
    state: String,
    #[serde(default)]
    code: String,
    error: Option<String>,
    iss: Option<String>,
}

/// The browser is back from the provider.
pub(super) async fn back(
    State(site): State<Site>,
    Query(answer): Query<Answer>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let sign_on = site.sign_on.clone().ok_or(Failure::NotFound)?;
    let attempt = match attempt(&site, &answer, &headers) {
        Ok(attempt) => attempt,
        Err(none) => return Ok(Failed::from(none).page("")),
    };
    let identity = match identity(&*sign_on, answer, &attempt).await {
        Ok(identity) => identity,
        Err(failed) => return Ok(failed.page(&attempt.next)),
    };
    let name = identity.name.clone();
    let entered = enter(&site, &headers, identity, &attempt.next).await?;
    Ok(entered.unwrap_or_else(|| not_a_member(&name, sign_on.claim())))
}

/// The attempt that an answer belongs to. Nothing else of the answer is looked at before.
fn attempt(site: &Site, answer: &Answer, headers: &HeaderMap) -> Result<Attempt, NoAttempt> {
    let browser = Cookie::Attempt.number(site, headers).ok_or(NoAttempt::Unknown)?;
    let state = Sha256Digest::of(answer.state.as_bytes());
    site.attempts().take(state, browser.key(), site.clock.now())
}

async fn identity(sign_on: &dyn SignOn, answer: Answer, attempt: &Attempt) -> Result<Identity, Failed> {
    if let Some(error) = answer.error.as_deref() {
        return Err(Failed::said(error));
    }
    let code = SecretString::from(answer.code);
    let found = sign_on.identity(&code, answer.iss.as_deref(), &attempt.proof).await;
    Ok(found?)
}

/// A person's memberships that are good for anything, as many as a session holds.
async fn standing(site: &Site, identity: &Identity) -> Result<Vec<Membership>, Failure> {
    let mut standing = Vec::new();
    for membership in Membership::among(&identity.values) {
        if standing.len() < MOST_PASSES && membership.stands(site).await? {
            standing.push(membership);
        }
    }
    Ok(standing)
}

/// Starts the session; none when the person is no member. Whoever was asked anew goes on with the membership that was in
/// use, if it is still there.
async fn enter(site: &Site, headers: &HeaderMap, identity: Identity, next: &str) -> Result<Option<Response>, Failure> {
    let mut memberships = standing(site, &identity).await?;
    let now = site.clock.now();
    let old = Cookie::Session.number(site, headers).map(|number| number.key());
    let before = old.map(|old| site.sessions().passes(old, now)).unwrap_or_default();
    let used = match before.first() {
        Some(Pass::Member(person, membership)) if person.id == identity.id => Some(membership.clone()),
        _ => None,
    };
    memberships.sort_by_key(|membership| Some(membership) != used.as_ref());
    let is_other = used.is_some() && memberships.first() != used.as_ref();
    if let Some(old) = old.filter(|_| used.is_some() || !memberships.is_empty()) {
        site.sessions().end(old);
    }
    let person = Arc::new(Person {
        id: identity.id,
        name: identity.name,
        since: now,
    });
    let mut passes = memberships
        .into_iter()
        .map(|membership| Pass::Member(Arc::clone(&person), membership));
    let Some(active) = passes.next() else {
        return Ok(None);
    };
    let to = match &active {
        Pass::Member(_, membership) if is_other || next.is_empty() => start(membership.role()),
        _ => next,
    };
    let tokens = before.into_iter().filter(|pass| matches!(pass, Pass::Token(_)));
    let others = passes.chain(tokens).collect();
    // A new number at every sign-in: whoever planted the old one has nothing.
    let number = Number::new(site)?;
    site.sessions().sign_in(number.key(), active, others, now);
    if is_other {
        let text = "The membership that you used is gone. You go on with another one, which you see above.".to_owned();
        let tone = Tone::Caution;
        site.sessions().leave(number.key(), Notice { tone, text });
    }
    let cookie = Cookie::Session.keep(site, &number);
    Ok(Some(([(header::SET_COOKIE, cookie)], Redirect::to(to)).into_response()))
}
