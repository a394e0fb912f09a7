use domain::AccountId;
use serde::Serialize;

use super::AccountView;
use super::document::Accounts;
use crate::QueryError;
use crate::reader::Reader;
use crate::store::Scope;

/// How far up the tree is looked: deeper trees than this are not shown to their roots.
const MAX_DEPTH: usize = 16;

/// Answers questions about accounts.
pub struct AccountsQuery {
    reader: Reader<Accounts>,
}

/// An account with its place in the tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccountDetail {
    /// The account.
    #[serde(flatten)]
    pub account: AccountView,
    /// The accounts above it: its parent first, the root last.
    pub ancestors: Vec<AccountId>,
}

/// Some accounts, in the order of their ids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccountPage {
    /// The accounts.
    pub items: Vec<AccountView>,
    /// Where the next page starts: ask for the accounts after this one. None on the last page.
    pub next: Option<AccountId>,
}

impl AccountsQuery {
    pub(crate) const fn new(reader: Reader<Accounts>) -> Self {
        Self { reader }
    }

    pub(crate) const fn reader(&self) -> &Reader<Accounts> {
        &self.reader
    }

    /// An account, open or closed.
    ///
    /// # Errors
    /// [`QueryError`].
    pub async fn get(&self, id: &AccountId) -> Result<Option<AccountDetail>, QueryError> {
        let Some(account) = self.reader.get(Scope::Account(id), id.as_str()).await? else {
            return Ok(None);
        };
        let mut ancestors: Vec<AccountId> = Vec::new();
        let mut above = account.parent.clone();
        while let Some(parent) = above.filter(|parent| ancestors.len() < MAX_DEPTH && !ancestors.contains(parent)) {
            above = self
                .reader
                .get(Scope::Account(&parent), parent.as_str())
                .await?
                .and_then(|account| account.parent.clone());
            ancestors.push(parent);
        }
        Ok(Some(AccountDetail {
            account: (*account).clone(),
            ancestors,
        }))
    }

    /// At most `limit` accounts after `after`; with `parent`, those directly below it.
    ///
    /// # Errors
    /// [`QueryError`].
    pub async fn list(
        &self,
        parent: Option<&AccountId>,
        after: Option<&AccountId>,
        limit: u32,
    ) -> Result<AccountPage, QueryError> {
        let after = after.map_or("", AccountId::as_str);
        let mut items = match parent {
            Some(parent) => {
                self.reader
                    .find(Scope::Everything, parent.as_str(), after, limit.saturating_add(1))
                    .await?
            }
            None => {
                self.reader
                    .range(Scope::Everything, "", after, limit.saturating_add(1))
                    .await?
            }
        };
        let more = items.len() > limit as usize;
        items.truncate(limit as usize);
        let next = items.last().filter(|_| more).map(|account| account.id.clone());
        Ok(AccountPage { items, next })
    }
}
