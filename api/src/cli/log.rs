use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use eventlog::{CopyError, CopyProgress, CopyStep, copy};
use secrecy::SecretString;
use serde_json::json;

use super::progress::Progress;
use super::stores::place;
use super::{Exit, output};
use crate::server::LogPlace;

/// What can be done with the log as a whole.
#[derive(Debug, Subcommand)]
pub(super) enum LogCommand {
    /// Move the log to another store: every event with its id, in its order. The target is read back and compared.
    #[command(after_help = "\
Examples:
  soconnective log copy --from sqlite:data/log.db --to postgres://soconnective:…@db/soconnective
  SOCONNECTIVE_COPY_TO='esdb://admin:…@esdb:2113?tls=true' soconnective log copy --from sqlite:data/log.db

Stop every node first. When it is interrupted, start it again: it goes on where it was. The read models are built anew from
the new log when a node starts on it. The vault is not part of the log: `soconnective vault copy` moves it.
Exit codes: 0 copied and verified, 1 the target holds something else, 2 a log cannot be reached.")]
    Copy(CopyArgs),
}

#[derive(Debug, Args)]
pub(super) struct CopyArgs {
    /// The log to read: sqlite:FILE, postgres://… or esdb://…
    #[arg(long, value_name = "URL", env = "SOCONNECTIVE_COPY_FROM", hide_env_values = true)]
    from: SecretString,
    /// The log to write, which is empty or holds an interrupted copy.
    #[arg(long, value_name = "URL", env = "SOCONNECTIVE_COPY_TO", hide_env_values = true)]
    to: SecretString,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(command: LogCommand) -> Result<Exit> {
    let LogCommand::Copy(args) = command;
    let (from, to): (LogPlace, LogPlace) = (place("--from", &args.from)?, place("--to", &args.to)?);
    let source = from
        .open_existing()
        .await
        .with_context(|| format!("{from} cannot be read"))?;
    let target = to.open(None).await.with_context(|| format!("{to} cannot be opened"))?;
    let mut line = Progress::new();
    let outcome = copy(&*source, &*target, |progress| line.show(|| text(progress))).await;
    line.end();
    source.close().await;
    target.close().await;
    match outcome {
        Ok(copied) if args.json => {
            let shown = json!({
                "events": copied.events, "already_there": copied.already, "digest": copied.digest.to_string(),
            });
            output::line(&serde_json::to_string_pretty(&shown)?);
            Ok(Exit::Ok)
        }
        Ok(copied) => {
            let new = copied.events - copied.already;
            output::line(&format!(
                "copied    {new} events, {} were there already",
                copied.already
            ));
            output::line(&format!("verified  {} events, digest {}", copied.events, copied.digest));
            Ok(Exit::Ok)
        }
        Err(CopyError::Log(error)) => Err(error).context("a log cannot be reached; start the copy again to go on"),
        Err(error) => {
            output::error(&error.into());
            Ok(Exit::Refused)
        }
    }
}

fn text(progress: CopyProgress) -> String {
    let step = match progress.step {
        CopyStep::Comparing => "comparing what is there",
        CopyStep::Copying => "copying",
        CopyStep::Verifying => "reading back",
    };
    format!("{step}: {} events", progress.events)
}
