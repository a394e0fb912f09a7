use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use domain::recipe::HostPort;

use crate::resolver::{Lookup, SystemLookup};

/// How egress is set up. The defaults are the product's; an operator adds exceptions and authorities.
#[derive(Clone)]
pub struct EgressConfig {
    /// The operator's exceptions: to these hosts and ports, and only these, http, an address instead of a name, a
    /// private address and another port than 443 are allowed. Each is logged at start.
    pub allow: Vec<HostPort>,
    /// More certificate authorities to trust beside the machine's own, as PEM; empty for none.
    pub extra_roots: Vec<u8>,
    /// The longest that a connection may take, from the name's lookup to the end of the TLS handshake.
    pub connect_timeout: Duration,
    /// The longest that a call may take, from the name's lookup to the last byte of the body.
    pub total_timeout: Duration,
    /// The most that is read of an answer's body, in bytes.
    pub max_body: usize,
    /// The most calls at a time, of all accounts.
    pub max_calls: usize,
    /// How many tests one account may make.
    pub account_quota: Quota,
    /// How many tests may be made of one provider, by all accounts together.
    pub provider_quota: Quota,
    /// How many calls to one host of a provider fail in a row before it is left alone for a while.
    pub breaker_failures: u32,
    /// How long it is left alone before one call may try again.
    pub breaker_pause: Duration,
    /// Where the addresses of names come from.
    pub lookup: Arc<dyn Lookup>,
}

/// How often something may be done: so many at once, and then so many a minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// How many at once, after a while of quiet.
    pub burst: NonZeroU32,
    /// How many a minute, in the long run.
    pub per_minute: NonZeroU32,
}

impl Quota {
    /// A quota of `burst` at once and `per_minute` in the long run; 0 counts as 1.
    #[must_use]
    pub const fn new(burst: u32, per_minute: u32) -> Self {
        Self {
            burst: at_least_one(burst),
            per_minute: at_least_one(per_minute),
        }
    }
}

const fn at_least_one(number: u32) -> NonZeroU32 {
    match NonZeroU32::new(number) {
        Some(number) => number,
        None => NonZeroU32::MIN,
    }
}

impl Default for EgressConfig {
    fn default() -> Self {
        Self {
            allow: Vec::new(),
            extra_roots: Vec::new(),
            connect_timeout: Duration::from_secs(3),
            total_timeout: Duration::from_secs(10),
            max_body: 64 * 1024,
            max_calls: 64,
            account_quota: Quota::new(30, 30),
            provider_quota: Quota::new(120, 300),
            breaker_failures: 5,
            breaker_pause: Duration::from_secs(30),
            lookup: Arc::new(SystemLookup),
        }
    }
}
