//! The recipe language: what a row asks an account for, how the provider is called, and how a key is tested.

use serde::{Deserialize, Serialize};

/// The part of a row that makes "no code, no deploy" true.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {}
