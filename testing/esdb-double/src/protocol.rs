//! The messages and services of the protocol, as they were generated from the published definitions.
#![expect(
    clippy::all,
    clippy::pedantic,
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    unreachable_pub,
    reason = "generated code is what its generator makes of it"
)]
#![allow(
    dead_code,
    reason = "the server speaks only a part of it; an expectation of this lint is never met for generated items"
)]

include!(concat!(env!("OUT_DIR"), "/protocol.rs"));
