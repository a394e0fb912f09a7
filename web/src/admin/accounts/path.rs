use domain::AccountId;
use projections::{AccountDetail, AccountStatus, AccountView};

use crate::error::Failure;
use crate::site::Site;
use crate::time::Moment;

/// An account with the way to it from the root of its tree.
pub(super) struct Placed {
    pub(super) account: AccountView,
    /// The accounts above it: the root first, its parent last.
    pub(super) above: Vec<AccountId>,
}

impl From<AccountDetail> for Placed {
    fn from(detail: AccountDetail) -> Self {
        let mut above = detail.ancestors;
        above.reverse();
        Self {
            account: detail.account,
            above,
        }
    }
}

impl Placed {
    /// Each account with its place. The accounts above are few, and remembered by the read side.
    pub(super) async fn all(site: &Site, accounts: Vec<AccountView>) -> Result<Vec<Self>, Failure> {
        let mut placed = Vec::with_capacity(accounts.len());
        for account in accounts {
            let detail = match account.parent {
                Some(_) => site.projections.accounts().get(&account.id).await?,
                None => None,
            };
            placed.push(detail.map_or_else(
                || Self {
                    account,
                    above: Vec::new(),
                },
                Self::from,
            ));
        }
        Ok(placed)
    }

    pub(super) fn is_open(&self) -> bool {
        self.account.status == AccountStatus::Open
    }

    pub(super) const fn opened(&self) -> Moment {
        Moment(self.account.opened_at)
    }

    pub(super) fn closed(&self) -> Option<Moment> {
        self.account.closed_at.map(Moment)
    }
}
