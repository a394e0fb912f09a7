use serde::{Deserialize, Serialize};

/// Who asked for a change.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Actor {
    /// What sort of caller it is.
    pub kind: ActorKind,
    /// The caller's own identity: a token's id, an OIDC subject, or the name of a part of this system.
    pub id: String,
}

/// The sorts of caller that an audit tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActorKind {
    /// A person, or a program that acts for one.
    User,
    /// Another backend of the platform.
    Service,
    /// An AI service that uses the account's key.
    Ai,
    /// This system itself: the sweeper, the seeds.
    System,
}

impl ActorKind {
    /// Its stored form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Service => "service",
            Self::Ai => "ai",
            Self::System => "system",
        }
    }
}

impl Actor {
    /// A part of this system, such as `sweeper`.
    #[must_use]
    pub fn system(part: &str) -> Self {
        Self {
            kind: ActorKind::System,
            id: part.to_owned(),
        }
    }
}
