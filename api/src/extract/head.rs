use axum::extract::Request;

use crate::problem::{Code, Problem};

/// The longest path with its query that is read, in bytes. Proxies take no more either (RFC 9110, section 4.1, asks for as
/// much); 64 KiB is where the server gives up without a word.
const MAX_TARGET: usize = 8 * 1024;

/// The names and values of all headers together, in bytes.
const MAX_HEADERS: usize = 32 * 1024;

/// Looks at how large the head of a request is, before anybody looks at what it says.
///
/// # Errors
/// A problem that says what is too large.
pub(crate) fn refuse_large_head(request: &Request) -> Result<(), Problem> {
    let target = request.uri().path_and_query();
    if target.is_some_and(|target| target.as_str().len() > MAX_TARGET) {
        let detail = format!("A path with its query may have {} KiB at most.", MAX_TARGET / 1024);
        return Err(Problem::new(Code::UriTooLong, detail));
    }
    let sizes = request
        .headers()
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len());
    if sizes.sum::<usize>() > MAX_HEADERS {
        let detail = format!("All headers together may have {} KiB at most.", MAX_HEADERS / 1024);
        return Err(Problem::new(Code::HeadersTooLarge, detail));
    }
    Ok(())
}
