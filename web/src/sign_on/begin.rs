use axum::extract::{Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};

use super::attempts::{Attempt, PATIENCE};
use super::failed::Failed;
use super::port::Proof;
use crate::error::Failure;
use crate::session::{Cookie, Number};
use crate::sign_in::{Next, own_path};
use crate::site::Site;

/// Sends the browser to the provider.
///
/// A link leads here, not a form: where a form may lead to is limited to this site (`form-action`), where a link leads to
/// is not, and nothing is changed by it.
pub(super) async fn begin(
    State(site): State<Site>,
    Query(Next { next, .. }): Query<Next>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let sign_on = site.sign_on.as_ref().ok_or(Failure::NotFound)?;
    let (state, nonce, verifier) = (Number::new(&site)?, Number::new(&site)?, Number::new(&site)?);
    // A browser that was sent before keeps its number: two tabs can be on their way at a time.
    let browser = match Cookie::Attempt.number(&site, &headers) {
        Some(browser) => browser,
        None => Number::new(&site)?,
    };
    let proof = Proof {
        nonce: nonce.text(),
        verifier: verifier.text().into(),
    };
    let next = own_path(&next).unwrap_or_default().to_owned();
    let address = match sign_on.address(&state.text(), &proof).await {
        Ok(address) => address,
        Err(error) => return Ok(Failed::from(error).page(&next)),
    };
    let attempt = Attempt {
        browser: browser.key(),
        proof,
        next,
        ends: site.clock.now() + PATIENCE,
    };
    site.attempts().keep(state.key(), attempt);
    let cookie = Cookie::Attempt.keep(&site, &browser);
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(address.as_str())).into_response())
}
