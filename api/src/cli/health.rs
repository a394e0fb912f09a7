use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;
use serde::Deserialize;

use super::{Exit, output};

/// Which node to ask.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  soconnective health                                   before a node gets requests
  soconnective health --live http://10.0.0.7:8080       before a node is given up and started again

Without --live it prints what the node says of its parts, and a node is not ready while a read model is being built or has
stopped: it lives all the same, and to start it again would mend nothing.

Exit codes: 0 ready (with --live: alive), 1 not ready, 2 no answer.")]
pub(super) struct HealthArgs {
    /// Ask only whether the process lives (/healthz), not whether it is ready to serve (/readyz).
    #[arg(long)]
    live: bool,
    /// Where the node answers.
    #[arg(default_value = "http://127.0.0.1:8080")]
    url: String,
}

/// How long a node may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// Asks a node whether it is ready, or with `--live` whether it lives. The latter is for the health check of a container,
/// which may have no shell: what waits for a container, or kills it, must not do so because a read model has stopped.
pub(super) async fn run(args: HealthArgs) -> Result<Exit> {
    let (question, yes) = if args.live {
        ("healthz", "ok")
    } else {
        ("readyz", "ready")
    };
    let url = format!("{}/{question}", args.url.trim_end_matches('/'));
    let asked = url.clone();
    let (status, body) = tokio::task::spawn_blocking(move || ask(&asked))
        .await?
        .with_context(|| format!("{url} did not answer"))?;
    let said: Said =
        serde_json::from_str(&body).with_context(|| format!("what answers at {url} is no node of this product"))?;
    output::line(&body);
    Ok(if status == 200 && said.status == yes {
        Exit::Ok
    } else {
        Exit::Refused
    })
}

/// What every answer of a node says, whatever else it says.
#[derive(Deserialize)]
struct Said {
    status: String,
}

fn ask(url: &str) -> Result<(u16, String)> {
    let agent = ureq::Agent::config_builder()
        .timeout_global(Some(PATIENCE))
        .http_status_as_error(false)
        .proxy(None)
        .build()
        .new_agent();
    let mut answer = agent.get(url).call()?;
    Ok((answer.status().as_u16(), answer.body_mut().read_to_string()?))
}
