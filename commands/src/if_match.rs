/// Which revisions of a thing a caller wants to change: those that it has seen (`If-Match`, RFC 9110, section 13.1.1).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum IfMatch {
    /// Whatever it is at.
    #[default]
    Any,
    /// It must be at one of these; at none of them when there are none.
    OneOf(Vec<u64>),
}

impl IfMatch {
    /// Whether the thing may be changed at this revision.
    #[must_use]
    pub fn permits(&self, revision: u64) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(revisions) => revisions.contains(&revision),
        }
    }
}
