use std::error::Error;
use std::io;

use domain::integration::{TestOutcome, Verdict};

use crate::resolver::NotGlobal;

/// Why a call brought no answer. It keeps nothing of the error that it was made from: those name hosts and addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The name leads to an address that is not public.
    AddressNotAllowed,
    /// The name has no address, or nobody could be asked.
    Dns,
    /// Connecting, waiting or reading took too long.
    Timeout,
    /// The server's certificate is not trusted, or it speaks no TLS that this system speaks.
    Tls,
    /// The server does not answer at its port.
    Connect,
    /// The connection broke, or what came is not HTTP.
    BrokenAnswer,
    /// The rendered request cannot be sent as HTTP.
    Request,
}

impl Failure {
    /// Reads a client's error. What went wrong is told by the errors beneath it, not by its text.
    pub(crate) fn of(error: &reqwest::Error) -> Self {
        if has_cause::<NotGlobal>(error) {
            Self::AddressNotAllowed
        } else if error.is_timeout() {
            Self::Timeout
        } else if error.is_dns() {
            Self::Dns
        } else if has_cause::<rustls::Error>(error) {
            Self::Tls
        } else if error.is_connect() {
            Self::Connect
        } else if error.is_builder() {
            Self::Request
        } else {
            Self::BrokenAnswer
        }
    }

    /// What it says of the key: nothing. Where a call was not made because the row asks for something that is not
    /// allowed, the row is wrong; else the provider could not be reached.
    pub(crate) fn outcome(self) -> TestOutcome {
        let (verdict, code) = match self {
            Self::AddressNotAllowed => (Verdict::Misconfigured, "address_not_allowed"),
            Self::Request => (Verdict::Misconfigured, "request_invalid"),
            Self::Dns => (Verdict::Unreachable, "dns"),
            Self::Timeout => (Verdict::Unreachable, "timeout"),
            Self::Tls => (Verdict::Unreachable, "tls"),
            Self::Connect => (Verdict::Unreachable, "connect"),
            Self::BrokenAnswer => (Verdict::Unreachable, "broken_answer"),
        };
        TestOutcome::with_code(verdict, code)
    }
}

/// Whether an error of this type stands somewhere in the chain of causes.
fn has_cause<E: Error + 'static>(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.is::<E>() {
            return true;
        }
        cause = match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            // Its `source` is the source of what it wraps, and so skips what it wraps itself.
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        };
    }
    false
}
