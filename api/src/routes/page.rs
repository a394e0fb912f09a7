use serde::Serialize;
use utoipa::ToSchema;

/// A part of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Page<T> {
    /// The items.
    pub(super) items: Vec<T>,
    /// Send it as `cursor` for the next page; none on the last one.
    pub(super) next_cursor: Option<String>,
}
