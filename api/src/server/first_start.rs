use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context as _, Result};
use commands::{Commands, Context, NewToken};
use domain::token::{AccountScope, Role};
use domain::{Actor, CommandId, CorrelationId, Position, StreamId, TokenId};
use eventlog::EventLog;
use projections::{ProjectionName, Projections};

use super::DataFolder;
use crate::auth::format;

/// How long the read model of the tokens may take to catch up before the search for an admin reads the log itself.
const PATIENCE: Duration = Duration::from_millis(500);

/// Makes the first platform admin's token when the log knows of no platform admin. Says whether it did.
///
/// The file is written before the event, so that a crash in between leaves a file that the next start writes anew, and
/// never an admin whose token nobody has.
pub(super) async fn ensure_admin(
    folder: &DataFolder,
    log: &dyn EventLog,
    commands: &Commands,
    projections: &Projections,
    ctx: uuid::Uuid,
) -> Result<bool> {
    if knows_admin(log, projections).await? {
        return Ok(false);
    }
    let token = format::generate()?;
    folder.write_admin_token(&token)?;
    let new = NewToken {
        name: "first admin".to_owned(),
        sha256: format::digest_of(&token),
        role: Role::PlatformAdmin,
        accounts: AccountScope::All,
        expires_at: None,
    };
    let ctx = Context {
        actor: Actor::system("first start"),
        command: CommandId::new(ctx),
        correlation: CorrelationId::new(ctx),
        request: None,
    };
    let issued = commands
        .issue_token(ctx, new)
        .await
        .context("the first admin's token cannot be issued")?;
    // The token works when the file is announced.
    let _ = projections
        .wait_for(&[ProjectionName::Tokens], issued.position, Duration::from_secs(2))
        .await;
    Ok(true)
}

/// Whether a platform admin's token was ever issued. One that was revoked counts: whoever revoked it had another, or
/// makes one with `soconnective tokens issue`.
async fn knows_admin(log: &dyn EventLog, projections: &Projections) -> Result<bool> {
    let head = log
        .read_all(Position::START, 1)
        .await
        .context("the log cannot be read")?
        .head;
    if projections
        .wait_for(&[ProjectionName::Tokens], head, PATIENCE)
        .await
        .is_err()
    {
        return read_log_for_admin(log).await;
    }
    let mut after: Option<TokenId> = None;
    loop {
        let page = projections
            .tokens()
            .list(after, 200)
            .await
            .context("the tokens cannot be read")?;
        if page.items.iter().any(|token| token.role == Role::PlatformAdmin) {
            return Ok(true);
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(false),
        }
    }
}

/// The same from the log itself. The first admin's token is among its first events, so that this ends soon.
async fn read_log_for_admin(log: &dyn EventLog) -> Result<bool> {
    let mut after = Position::START;
    loop {
        let page = log.read_all(after, 500).await.context("the log cannot be read")?;
        let issued = page
            .events
            .iter()
            .filter(|event| matches!(event.stream, StreamId::Token(_)));
        let roles: BTreeSet<_> = issued.filter_map(|event| role_of(&event.data)).collect();
        if roles.contains(Role::PlatformAdmin.as_str()) {
            return Ok(true);
        }
        if !page.leads_on(after) {
            return Ok(false);
        }
        after = page.next;
    }
}

fn role_of(data: &str) -> Option<String> {
    let data: serde_json::Value = serde_json::from_str(data).ok()?;
    Some(data.get("role")?.as_str()?.to_owned())
}
