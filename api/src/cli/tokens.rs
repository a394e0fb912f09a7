use std::collections::BTreeSet;

use anyhow::{Context as _, Result};
use chrono::{DateTime, TimeDelta, Utc};
use clap::{Args, Subcommand, ValueEnum};
use commands::{Clock, CommandError, NewToken};
use domain::token::{AccountScope, Role};
use domain::{AccountId, TokenId};
use secrecy::ExposeSecret;
use serde_json::json;

use super::stores::StoreArgs;
use super::{Exit, by_operator, output};
use crate::auth::format;
use crate::clock::SystemClock;

/// What can be done with API tokens. A running server honours it within a second.
#[derive(Debug, Subcommand)]
pub(super) enum TokensCommand {
    /// Make a token and print it, once.
    #[command(after_help = "\
Examples:
  soconnective tokens issue --name ops --role platform_admin
  soconnective tokens issue --name acme --role account_admin --account acme --expires-in 30d
  soconnective tokens issue --name writer --role service --json | jq -r .token")]
    Issue(IssueArgs),
    /// Revoke a token.
    #[command(after_help = "Example:\n  soconnective tokens revoke 01930f0e-7a2c-7cc1-9a3b-0d7a5d1f2b11")]
    Revoke(RevokeArgs),
}

#[derive(Debug, Args)]
pub(super) struct IssueArgs {
    #[command(flatten)]
    stores: StoreArgs,
    /// What people call it.
    #[arg(long)]
    name: String,
    /// What it may do.
    #[arg(long, value_enum)]
    role: RoleArg,
    /// The account that it is good for; repeat it for a service that works for several.
    #[arg(long)]
    account: Vec<AccountId>,
    /// When it ends: a number with s, m, h or d, such as 30d. Never when left out.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    expires_in: Option<TimeDelta>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct RevokeArgs {
    #[command(flatten)]
    stores: StoreArgs,
    /// The token's id, as it was printed when it was made.
    #[arg(value_name = "ID")]
    id: TokenId,
}

/// A role on the command line.
#[derive(Debug, Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
enum RoleArg {
    PlatformAdmin,
    AccountOwner,
    AccountAdmin,
    AccountViewer,
    Auditor,
    Service,
}

impl From<RoleArg> for Role {
    fn from(role: RoleArg) -> Self {
        match role {
            RoleArg::PlatformAdmin => Self::PlatformAdmin,
            RoleArg::AccountOwner => Self::AccountOwner,
            RoleArg::AccountAdmin => Self::AccountAdmin,
            RoleArg::AccountViewer => Self::AccountViewer,
            RoleArg::Auditor => Self::Auditor,
            RoleArg::Service => Self::Service,
        }
    }
}

/// A length of time such as `30d`.
fn duration(text: &str) -> Result<TimeDelta, String> {
    let wrong = || "write a number with s, m, h or d, such as 30d".to_owned();
    let unit = text.chars().next_back().ok_or_else(wrong)?;
    let number: i64 = text[..text.len() - unit.len_utf8()].parse().map_err(|_| wrong())?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 60 * 60,
        'd' => 24 * 60 * 60,
        _ => return Err(wrong()),
    };
    let length = number.checked_mul(seconds).and_then(TimeDelta::try_seconds);
    // Ten thousand years are as good as none at all.
    length
        .filter(|length| number > 0 && *length < TimeDelta::days(3_650_000))
        .ok_or_else(wrong)
}

pub(super) async fn run(command: TokensCommand) -> Result<Exit> {
    match command {
        TokensCommand::Issue(args) => issue(args).await,
        TokensCommand::Revoke(args) => revoke(args).await,
    }
}

async fn issue(args: IssueArgs) -> Result<Exit> {
    let recorder = args.stores.recorder().await?;
    let text = format::generate()?;
    let accounts: BTreeSet<_> = args.account.into_iter().collect();
    let expires_at: Option<DateTime<Utc>> = args.expires_in.map(|length| SystemClock.now() + length);
    let new = NewToken {
        name: args.name,
        sha256: format::digest_of(&text),
        role: args.role.into(),
        accounts: if accounts.is_empty() {
            AccountScope::All
        } else {
            AccountScope::Only(accounts)
        },
        expires_at,
    };
    let issued = match recorder.issue_token(by_operator(), new).await {
        Ok(issued) => issued.value,
        Err(error) => return refused(error),
    };
    let token = text.expose_secret();
    if args.json {
        let shown = json!({"id": issued.id, "token": token, "expires_at": expires_at});
        output::line(&serde_json::to_string_pretty(&shown)?);
    } else {
        output::line(&format!("token  {token}"));
        output::line(&format!("id     {}", issued.id));
        output::line("Keep the token now: it is not shown again. The id revokes it.");
    }
    Ok(Exit::Ok)
}

async fn revoke(args: RevokeArgs) -> Result<Exit> {
    let recorder = args.stores.recorder().await?;
    match recorder.revoke_token(by_operator(), args.id).await {
        Ok(_) => {
            output::line(&format!("revoked {}", args.id));
            Ok(Exit::Ok)
        }
        Err(error) => refused(error),
    }
}

/// A refusal is an answer; anything else is a failure.
fn refused(error: CommandError) -> Result<Exit> {
    match error {
        CommandError::NotFound(_) | CommandError::Rejected { .. } | CommandError::Invalid(_) => {
            output::error(&anyhow::Error::new(error));
            Ok(Exit::Refused)
        }
        other => Err(other).context("the token could not be changed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_of_time_has_a_unit() {
        assert_eq!(duration("30d").unwrap(), TimeDelta::days(30));
        assert_eq!(duration("90s").unwrap(), TimeDelta::seconds(90));
        for wrong in ["", "d", "30", "30w", "-1d", "0h", "9999999999999999d", "1é"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
