//! The linter: what a row must be before it may be published. Each finding names the place and says what to do.

mod fields;
mod headers;
mod limits;
mod request;
mod row;
mod rules;
mod scope;
mod test;

use super::{LintPolicy, Problem};
use crate::provider::ProviderRow;
use scope::Scope;

/// All that is wrong with a row; empty when it is fine.
///
/// A row that passes cannot send a key anywhere but to the hosts that it fixes, to the account's own server where it
/// asks for one, or to what the operator allows by `policy`.
#[must_use]
pub fn lint(row: &ProviderRow, policy: &LintPolicy) -> Vec<Problem> {
    let mut scope = Scope::of(row);
    row::check(row, &mut scope);
    fields::check(row, policy, &mut scope);
    if let Some(request) = &row.recipe.request {
        request::check(row, request, policy, &mut scope);
    }
    if let Some(test) = &row.recipe.test {
        test::check(row, test, &mut scope);
    }
    scope.finish(row)
}
