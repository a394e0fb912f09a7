use chrono::{DateTime, Utc};
use domain::token::{AccountScope, Role, TokenEvent};
use domain::{Actor, Category, Event, Sha256Digest, StreamId, TokenId};
use eventlog::StoredEvent;
use serde::{Deserialize, Serialize};

use crate::ProjectionName;
use crate::model::{Keys, Model, Unfit};

/// The read model of the API tokens: a document per token, found by its digest as well.
pub(crate) struct Tokens;

/// A token as it is stored: the view, and what recognises it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TokenDocument {
    pub(crate) sha256: Sha256Digest,
    pub(crate) view: TokenView,
}

/// A token as people see it: not the token, and not its digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenView {
    /// Its id.
    pub id: TokenId,
    /// What people call it.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// For which accounts.
    pub accounts: AccountScope,
    /// When it was made.
    pub issued_at: DateTime<Utc>,
    /// Who made it.
    pub issued_by: Actor,
    /// After this it is refused.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
}

impl TokenView {
    /// Whether it is good at `now`.
    #[must_use]
    pub fn valid_at(&self, now: DateTime<Utc>) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }
}

impl Model for Tokens {
    type Document = TokenDocument;
    const NAME: ProjectionName = ProjectionName::Tokens;
    const VERSION: u32 = 1;

    fn concerns(category: Category) -> bool {
        category == Category::Token
    }

    fn keys(stored: &StoredEvent, _event: &Event) -> Keys {
        match &stored.stream {
            StreamId::Token(id) => Keys::one(id.to_string()),
            _ => Keys::NONE,
        }
    }

    fn apply(
        _key: &str,
        document: &mut Option<TokenDocument>,
        stored: &StoredEvent,
        event: &Event,
    ) -> Result<bool, Unfit> {
        let (StreamId::Token(id), Event::Token(event)) = (&stored.stream, event) else {
            return Err(Unfit("a token's stream holds an event of another kind"));
        };
        match (event, document) {
            (TokenEvent::TokenIssued(event), document) => {
                let view = TokenView {
                    id: *id,
                    name: event.name.clone(),
                    role: event.role,
                    accounts: event.accounts.clone(),
                    issued_at: stored.recorded_at,
                    issued_by: stored.metadata.actor.clone(),
                    expires_at: event.expires_at,
                    revoked_at: None,
                };
                *document = Some(TokenDocument {
                    sha256: event.sha256,
                    view,
                });
                Ok(true)
            }
            (TokenEvent::TokenRevoked(_), Some(token)) => {
                token.view.revoked_at = Some(stored.recorded_at);
                Ok(true)
            }
            (TokenEvent::TokenRevoked(_), None) => Err(Unfit("a token that was never issued was revoked")),
        }
    }

    fn lookup(document: &TokenDocument) -> Option<String> {
        Some(document.sha256.to_string())
    }
}
