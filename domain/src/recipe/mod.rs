//! The recipe language: what a row asks an account for, how the provider is called, and how a key is tested.
//!
//! A recipe is data. [`form`] says what to ask, [`accept`] checks and normalises what was pasted, [`render_test`] and
//! [`render_request`] build requests from it, [`judge`] reads the provider's answer, and [`lint`] refuses a row that
//! could send a key anywhere but to its provider.
//!
//! Texts of a recipe are templates: `{name}` stands for a field or a derived value, `{{` for a brace, and everything
//! else for itself. A template is parsed once into literals and placeholders, and every placeholder is encoded by where
//! it stands, so that no value can change the structure of a request.

mod accept;
mod base_url;
mod body;
mod declared;
mod encode;
mod field;
mod host;
mod http;
mod json_text;
mod judge;
mod leak;
mod lint;
mod mask;
mod model;
mod normalise;
mod pattern;
mod policy;
mod problem;
mod render;
mod render_error;
mod renderer;
mod rule;
mod spec;
mod status;
mod template;
mod unique;
mod values;
mod variables;

pub use accept::accept;
pub use base_url::BaseUrlError;
pub use field::{EnumOption, Field, FieldKind, Refusal, VisibleWhen};
pub use http::{HostRule, HttpRequest, HttpResponse, Pairs, RequestParts};
pub use judge::judge;
pub use lint::lint;
pub use mask::masked;
pub use model::{Ai, Auth, Body, Derive, Identity, Method, NamedValue, Recipe, Request, Test, UserPassword};
pub use policy::{HostPort, InvalidHostPort, LintPolicy};
pub use problem::Problem;
pub use render::{has_test, render_request, render_test};
pub use render_error::RenderError;
pub use renderer::Renderer;
pub use rule::{BodyMatch, HeaderMatch, Rule};
pub use spec::{FieldSpec, form};
pub use status::{StatusRange, StatusSet};
pub use values::{FieldValues, public};
