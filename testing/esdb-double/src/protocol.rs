//! The messages and services of the protocol, as they were generated from the published definitions.
#![expect(
    clippy::all,
    clippy::pedantic,
    dead_code,
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    unreachable_pub,
    reason = "generated code is what its generator makes of it"
)]

include!(concat!(env!("OUT_DIR"), "/protocol.rs"));
