use domain::AccountId;

/// Whose rows a reader means to see. PostgreSQL holds it to that by row-level security, whatever the statement says; SQLite,
/// where one process reads its own file, has only the statement's own conditions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope<'a> {
    /// Nobody's: tables that hold nothing of any account.
    Public,
    /// This account's.
    Account(&'a AccountId),
    /// Every account's, and what belongs to none: projectors, lists of platform admins, auditors of everything.
    Everything,
}

impl<'a> Scope<'a> {
    /// The account's rows; with none, everything.
    pub(crate) fn of(account: Option<&'a AccountId>) -> Self {
        account.map_or(Self::Everything, Self::Account)
    }
}
