use std::num::NonZeroUsize;
use std::sync::Arc;

use domain::{Sha256Digest, TokenId};
use serde::Serialize;

use super::TokenView;
use super::document::Tokens;
use crate::QueryError;
use crate::cache::AnswerCache;
use crate::reader::Reader;
use crate::store::Scope;

/// How many digests are remembered, those of no token included: whoever sends made-up tokens fills no memory.
const REMEMBERED: NonZeroUsize = NonZeroUsize::new(4096).unwrap();

/// Answers questions about API tokens.
pub struct TokensQuery {
    reader: Reader<Tokens>,
    by_digest: AnswerCache<Sha256Digest, Option<Arc<TokenView>>>,
}

/// Some tokens, in the order of their ids. The ids follow from commands and not from time: a token that is made while pages
/// are read may belong on one that was read already.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TokenPage {
    /// The tokens.
    pub items: Vec<TokenView>,
    /// Where the next page starts: ask for the tokens after this one. None on the last page.
    pub next: Option<TokenId>,
}

impl TokensQuery {
    pub(crate) fn new(reader: Reader<Tokens>) -> Self {
        Self {
            reader,
            by_digest: AnswerCache::new(REMEMBERED),
        }
    }

    pub(crate) const fn reader(&self) -> &Reader<Tokens> {
        &self.reader
    }

    /// The token with this digest, be it good or not: see [`TokenView::valid_at`]. From memory while no token changed.
    ///
    /// # Errors
    /// [`QueryError`].
    pub async fn by_sha256(&self, sha256: Sha256Digest) -> Result<Option<Arc<TokenView>>, QueryError> {
        let changes = self.reader.changes();
        if let Some(known) = self.by_digest.get(changes, &sha256) {
            return Ok(known);
        }
        let count = changes.count();
        let found = self.reader.find(Scope::Everything, &sha256.to_string(), "", 1).await?;
        let token = found.into_iter().next().map(|document| Arc::new(document.view));
        self.by_digest.put(changes, count, sha256, token.clone());
        Ok(token)
    }

    /// A token.
    ///
    /// # Errors
    /// [`QueryError`].
    pub async fn get(&self, id: TokenId) -> Result<Option<TokenView>, QueryError> {
        Ok(self
            .reader
            .get(Scope::Everything, &id.to_string())
            .await?
            .map(|document| document.view.clone()))
    }

    /// At most `limit` tokens after `after`.
    ///
    /// # Errors
    /// [`QueryError`].
    pub async fn list(&self, after: Option<TokenId>, limit: u32) -> Result<TokenPage, QueryError> {
        let after = after.map(|id| id.to_string()).unwrap_or_default();
        let found = self
            .reader
            .range(Scope::Everything, "", &after, limit.saturating_add(1))
            .await?;
        let more = found.len() > limit as usize;
        let items: Vec<TokenView> = found
            .into_iter()
            .take(limit as usize)
            .map(|document| document.view)
            .collect();
        let next = items.last().filter(|_| more).map(|token| token.id);
        Ok(TokenPage { items, next })
    }
}
