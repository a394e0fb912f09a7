//! The API over real SQLite files, called through its router.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod accounts;
mod ai_config;
mod answer;
mod bad_input;
mod catalog;
mod conditions;
mod conformance;
mod document;
mod encodings;
mod gateway;
mod head_limits;
mod history;
mod idempotency;
mod identity_provider;
mod integrations;
mod log_lines;
mod logos;
mod mock_provider;
mod operations;
mod pages;
mod providers;
mod reading;
mod roles;
mod test_app;
mod time;
mod tokens;
mod try_provider;
mod unasked_bodies;
mod world;
