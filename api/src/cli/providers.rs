use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use domain::provider::{Provider, ProviderRow};
use domain::recipe::{HostPort, LintPolicy, has_test, lint};
use domain::{Aggregate, Category, Position, StreamId};
use eventlog::EventLog;
use serde_json::json;

use super::stores::StoreArgs;
use super::{Exit, output};
use crate::row_file::{self, FileRow};
use crate::server::{BusPlace, egress_policy};

/// What can be done with provider rows.
#[derive(Debug, Subcommand)]
pub(super) enum ProvidersCommand {
    /// List the rows of the catalog, drafts and retired ones too.
    #[command(
        after_help = "Examples:\n  soconnective providers list\n  soconnective providers list --json | jq '.[].key'"
    )]
    List(ListArgs),
    /// Check rows in files before they are added: the same rules as when they are saved.
    #[command(after_help = "\
Examples:
  soconnective providers lint mailchimp.yaml stripe.json
  soconnective providers lint - < row.yaml
  soconnective providers lint --egress-allow gitlab.internal:8443 gitlab.yaml

A file holds one row, or a list of rows under `providers:`. It exits with 1 when there are findings.")]
    Lint(LintArgs),
}

#[derive(Debug, Args)]
pub(super) struct ListArgs {
    #[command(flatten)]
    stores: StoreArgs,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct LintArgs {
    /// The files in YAML or JSON; `-` reads standard input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// A provider inside your own network that may be called.
    #[arg(
        long,
        value_name = "HOST:PORT",
        env = "SOCONNECTIVE_EGRESS_ALLOW",
        value_delimiter = ','
    )]
    egress_allow: Vec<HostPort>,
}

pub(super) async fn run(command: ProvidersCommand) -> Result<Exit> {
    match command {
        ProvidersCommand::List(args) => list(args).await,
        ProvidersCommand::Lint(args) => check(args),
    }
}

async fn list(args: ListArgs) -> Result<Exit> {
    let stores = args.stores.stores(BusPlace::Local)?;
    let log = stores.log.open(Some(&args.stores.folder(&stores)?)).await?;
    let providers = fold(&*log).await?;
    let shown = providers
        .iter()
        .filter_map(|provider| Some((status(provider)?, &*provider.entry()?.row)));
    if args.json {
        let rows: Vec<_> = shown.map(|(status, row)| as_json(status, row)).collect();
        output::line(&serde_json::to_string_pretty(&rows)?);
        return Ok(Exit::Ok);
    }
    let rows: Vec<_> = shown
        .map(|(status, row)| {
            let tested = if has_test(row) { "tested" } else { "untested" };
            vec![
                row.key.to_string(),
                row.name.clone(),
                row.category.clone(),
                status.to_owned(),
                tested.to_owned(),
            ]
        })
        .collect();
    output::table(&["KEY", "NAME", "CATEGORY", "STATUS", "TEST"], &rows);
    Ok(Exit::Ok)
}

fn as_json(status: &str, row: &ProviderRow) -> serde_json::Value {
    json!({
        "key": row.key, "name": row.name, "category": row.category, "auth": row.auth, "status": status,
        "tested": has_test(row),
    })
}

const fn status(provider: &Provider) -> Option<&'static str> {
    match provider {
        Provider::Absent => None,
        Provider::Draft(_) => Some("draft"),
        Provider::Published(_) => Some("published"),
        Provider::Retired(_) => Some("retired"),
    }
}

/// The catalog as the log tells it, in the order of the keys: right even while a server is running or its read models
/// are being built.
async fn fold(log: &dyn EventLog) -> Result<Vec<Provider>> {
    let mut providers = std::collections::BTreeMap::new();
    let mut after = Position::START;
    loop {
        let page = log.read_all(after, 1000).await.context("the log cannot be read")?;
        for stored in page
            .events
            .iter()
            .filter(|stored| stored.stream.category() == Category::Provider)
        {
            let (StreamId::Provider(key), Ok(event)) = (&stored.stream, stored.event()?.try_into()) else {
                continue;
            };
            let provider: &mut Provider = providers.entry(key.clone()).or_default();
            *provider = std::mem::take(provider).evolve(&event);
        }
        if !page.leads_on(after) {
            return Ok(providers.into_values().collect());
        }
        after = page.next;
    }
}

fn check(args: LintArgs) -> Result<Exit> {
    let policy = egress_policy(args.egress_allow);
    let mut findings = 0;
    for file in &args.files {
        findings += check_file(file, &policy)?;
    }
    Ok(if findings == 0 { Exit::Ok } else { Exit::Refused })
}

/// Prints the findings of a file and gives their number.
fn check_file(file: &Path, policy: &LintPolicy) -> Result<usize> {
    let name = file.display();
    let text = if file == Path::new("-") {
        let mut text = String::new();
        std::io::stdin()
            .read_to_string(&mut text)
            .context("standard input cannot be read")?;
        text
    } else {
        std::fs::read_to_string(file).with_context(|| format!("{name} cannot be read"))?
    };
    let rows = match row_file::read(&text) {
        Ok(rows) => rows,
        Err(error) => {
            output::line(&format!("{name}: {error:#}"));
            return Ok(1);
        }
    };
    let mut findings = 0;
    for FileRow { row, logo } in &rows {
        if let Some(problem) = logo {
            output::line(&format!("{name}: {}/logo: {problem}", row.key));
            findings += 1;
        }
        for problem in lint(row, policy) {
            output::line(&format!(
                "{name}: {}{}: {} ({})",
                row.key, problem.pointer, problem.message, problem.code
            ));
            findings += 1;
        }
    }
    if findings == 0 {
        let rows = if rows.len() == 1 {
            "1 row".to_owned()
        } else {
            format!("{} rows", rows.len())
        };
        output::line(&format!("{name}: {rows}, no findings"));
    }
    Ok(findings)
}
