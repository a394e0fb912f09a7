use std::sync::Arc;

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use commands::{CommandError, Recorder};
use domain::Position;
use eventlog::EventLog;
use projections::{Parts, ProjectionError, ProjectionName, Projections, State, Status};
use serde_json::json;

use super::progress::Progress;
use super::stores::StoreArgs;
use super::{Exit, by_operator, output};
use crate::clock::{SystemClock, SystemIds};
use crate::server::BusPlace;

/// What can be done with read models. Each of them can be built from the log at any time.
#[derive(Debug, Subcommand)]
pub(super) enum ProjectionsCommand {
    /// Say how far each read model is, and where one has stopped.
    #[command(after_help = "Examples:\n  soconnective projections status\n  soconnective projections status --json")]
    Status(StatusArgs),
    /// Build read models anew from the log, beside the live ones, and put them in their place in one step.
    #[command(after_help = "\
Examples:
  soconnective projections rebuild history
  soconnective projections rebuild                  all of them

Nodes go on serving meanwhile. With files in a data folder, stop the node first.")]
    Rebuild(NamesArgs),
    /// Split a read model into parts by account, which several nodes apply at the same time, when one cannot keep up.
    #[command(after_help = "\
Examples:
  soconnective projections split history 4
  soconnective projections split history 1          no longer split

The model is built anew from the log, beside the live one, and takes its place in one step; nodes go on serving meanwhile and
share the parts by themselves. integrations, ai_config and history can be split, in PostgreSQL. See docs/operating.md.

Exit codes: 0 done, 1 refused.")]
    Split(SplitArgs),
    /// Compare read models with a fresh fold of the log.
    #[command(after_help = "Example:\n  soconnective projections verify\n\nExit codes: 0 all hold, 1 one differs.")]
    Verify(NamesArgs),
    /// Have a read model that has stopped at an event try again, once the reason is gone.
    #[command(after_help = "Example:\n  soconnective projections retry history 48211")]
    Retry(StoppedArgs),
    /// Have a read model that has stopped at an event pass it by for good. It stands in the log who did that and why.
    #[command(
        after_help = "Example:\n  soconnective projections skip history 48211 --reason 'written by a test, ticket 7'"
    )]
    Skip(SkipArgs),
}

#[derive(Debug, Args)]
pub(super) struct StatusArgs {
    #[command(flatten)]
    stores: StoreArgs,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct NamesArgs {
    #[command(flatten)]
    stores: StoreArgs,
    /// The read models; all of them when left out.
    #[arg(value_name = "NAME")]
    names: Vec<ProjectionName>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct SplitArgs {
    #[command(flatten)]
    stores: StoreArgs,
    /// The read model: `integrations`, `ai_config` or `history`.
    name: ProjectionName,
    /// Into how many parts, 1 to 16. One per node is a good start, two per node leave room for another one.
    parts: Parts,
}

#[derive(Debug, Args)]
pub(super) struct StoppedArgs {
    #[command(flatten)]
    stores: StoreArgs,
    /// The read model.
    name: ProjectionName,
    /// The position of the event, as `status` tells it.
    position: Position,
}

#[derive(Debug, Args)]
pub(super) struct SkipArgs {
    #[command(flatten)]
    stopped: StoppedArgs,
    /// Why, for whoever reads the log later.
    #[arg(long)]
    reason: String,
}

pub(super) async fn run(command: ProjectionsCommand) -> Result<Exit> {
    match command {
        ProjectionsCommand::Status(args) => status(args).await,
        ProjectionsCommand::Rebuild(args) => rebuild(args).await,
        ProjectionsCommand::Split(args) => split(args).await,
        ProjectionsCommand::Verify(args) => verify(args).await,
        ProjectionsCommand::Retry(args) => {
            let side = ReadSide::open(&args.stores).await?;
            refusable(side.projections.retry(args.name, args.position).await)
        }
        ProjectionsCommand::Skip(args) => skip(args).await,
    }
}

/// The log and the read models, without the vault.
struct ReadSide {
    log: Arc<dyn EventLog>,
    projections: Projections,
}

impl ReadSide {
    async fn open(args: &StoreArgs) -> Result<Self> {
        let stores = args.stores(BusPlace::Local)?;
        let folder = args.folder(&stores)?;
        Ok(Self {
            log: stores.log.open(Some(&folder)).await?,
            projections: stores.open_projections(&folder).await?,
        })
    }
}

async fn status(args: StatusArgs) -> Result<Exit> {
    let side = ReadSide::open(&args.stores).await?;
    let head = side
        .log
        .read_all(Position::START, 1)
        .await
        .context("the log cannot be read")?
        .head;
    let all = side.projections.status();
    if args.json {
        output::line(&serde_json::to_string_pretty(
            &json!({ "head": head, "projections": all }),
        )?);
        return Ok(Exit::Ok);
    }
    let rows: Vec<_> = all.iter().flat_map(rows).collect();
    output::table(&["NAME", "VERSION", "STORED UP TO", "STATE"], &rows);
    output::line(&format!(
        "The log ends at {head}. A running node may be further than what is stored: its /readyz tells."
    ));
    Ok(Exit::Ok)
}

/// A row for the model and, where it is split, one for each part.
fn rows(status: &Status) -> Vec<Vec<String>> {
    let state = |state: &State| match state {
        State::Stopped { at, reason } => format!("stopped before {at}: {reason}"),
        _ if status.live => "built".to_owned(),
        _ => "not built yet".to_owned(),
    };
    let row = |name: String, position: Position, state: String| {
        vec![name, status.version.to_string(), position.to_string(), state]
    };
    let mut rows = vec![row(status.name.to_string(), status.position, state(&status.state))];
    let count = status.parts.len();
    if count > 1 {
        let parts = status.parts.iter().zip(1..);
        rows.extend(parts.map(|(part, number)| {
            let name = format!("  part {number} of {count}");
            row(name, part.position, state(&part.state))
        }));
    }
    rows
}

async fn rebuild(args: NamesArgs) -> Result<Exit> {
    let stores = args.stores.stores(BusPlace::Local)?;
    // Files have one writer; nodes that share a database go on serving.
    let _lock = if stores.are_shared() {
        None
    } else {
        Some(args.stores.folder(&stores)?.lock()?)
    };
    let side = ReadSide::open(&args.stores).await?;
    let names = or_all(args.names);
    let mut progress = Progress::new();
    let built = side
        .projections
        .rebuild(&names, Arc::clone(&side.log), |at, head| {
            progress.show(|| format!("building: {at} of {head}"));
        })
        .await;
    progress.end();
    built.context("a read model could not be built; the one in use stays")?;
    output::line(&format!("built {}", list(&names)));
    Ok(Exit::Ok)
}

async fn split(args: SplitArgs) -> Result<Exit> {
    let side = ReadSide::open(&args.stores).await?;
    let SplitArgs { name, parts, .. } = args;
    let mut progress = Progress::new();
    let built = side
        .projections
        .split(name, parts, Arc::clone(&side.log), |at, head| {
            progress.show(|| format!("building: {at} of {head}"));
        })
        .await;
    progress.end();
    match built {
        Ok(()) => {
            output::line(&format!("{name} has {parts} part(s); nodes share them within seconds"));
            Ok(Exit::Ok)
        }
        Err(error @ (ProjectionError::OneWriter | ProjectionError::Undivided(_))) => {
            output::error(&error.into());
            Ok(Exit::Refused)
        }
        Err(error) => Err(error).context("the read model could not be built; the one in use stays"),
    }
}

async fn verify(args: NamesArgs) -> Result<Exit> {
    let side = ReadSide::open(&args.stores).await?;
    let mut exit = Exit::Ok;
    let mut rows = Vec::new();
    for name in or_all(args.names) {
        let verification = side.projections.verify(name, Arc::clone(&side.log)).await?;
        if !verification.holds() {
            exit = Exit::Refused;
        }
        rows.push(verification);
    }
    if args.json {
        output::line(&serde_json::to_string_pretty(&rows)?);
        return Ok(exit);
    }
    let rows: Vec<_> = rows
        .iter()
        .map(|found| {
            let verdict = if found.holds() { "holds" } else { "DIFFERS: rebuild it" };
            vec![
                found.name.to_string(),
                found.position.to_string(),
                found.live.to_string(),
                verdict.to_owned(),
            ]
        })
        .collect();
    output::table(&["NAME", "POSITION", "DIGEST", ""], &rows);
    Ok(exit)
}

/// The log knows who skips what, and why: the read model only has to try again.
async fn skip(args: SkipArgs) -> Result<Exit> {
    let StoppedArgs { stores, name, position } = args.stopped;
    let ReadSide { log, projections } = ReadSide::open(&stores).await?;
    let event = match projections.stopped_before(name, position, &*log).await {
        Ok(event) => event,
        Err(error) => return refusable(Err(error)),
    };
    let noted = Recorder::new(log, Arc::new(SystemClock), Arc::new(SystemIds))
        .note_event_skipped(by_operator(), name.to_string(), &event, args.reason)
        .await;
    match noted {
        Ok(_) => refusable(projections.retry(name, position).await),
        Err(error @ CommandError::Invalid(_)) => {
            output::error(&error.into());
            Ok(Exit::Refused)
        }
        Err(error) => Err(error).context("it could not be noted in the log, so nothing was skipped"),
    }
}

fn or_all(names: Vec<ProjectionName>) -> Vec<ProjectionName> {
    if names.is_empty() {
        ProjectionName::ALL.to_vec()
    } else {
        names
    }
}

fn list(names: &[ProjectionName]) -> String {
    names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// That a read model has not stopped there is an answer; anything else is a failure.
fn refusable(done: Result<(), ProjectionError>) -> Result<Exit> {
    match done {
        Ok(()) => {
            output::line("done: the node that applies its events goes on within a second");
            Ok(Exit::Ok)
        }
        Err(error @ ProjectionError::NotStopped { .. }) => {
            output::error(&error.into());
            Ok(Exit::Refused)
        }
        Err(error) => Err(error.into()),
    }
}
