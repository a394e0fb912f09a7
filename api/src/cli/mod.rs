//! The command line.

mod health;
mod log;
mod oidc;
mod output;
mod progress;
mod projections;
mod providers;
mod serve;
mod stores;
mod tokens;
mod vault;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use commands::{Context, Ids};
use domain::{Actor, CommandId, CorrelationId};

use crate::clock::SystemIds;
use crate::server;

pub use serve::ServeArgs;
pub use stores::StoreArgs;

/// What a script can tell from the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// All is well.
    Ok = 0,
    /// It was refused, or there are findings.
    Refused = 1,
    /// It could not be tried: a wrong option, a file that cannot be read, a data folder that is in use.
    Failed = 2,
}

/// A catalog of third-party integrations that is data, not code, and a safe home for the keys that accounts bring.
///
/// Without a command it serves, with everything it needs in ./data.
#[derive(Debug, Parser)]
#[command(name = "soconnective", version, after_help = AFTER_HELP)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

const AFTER_HELP: &str = "\
Examples:
  soconnective                                       serve on 127.0.0.1:8080, data in ./data
  soconnective serve --data /var/lib/soconnective    serve with the data elsewhere
  soconnective providers lint mailchimp.yaml         check a row before it is added
  soconnective tokens issue --name ci --role platform_admin

Exit codes: 0 done, 1 refused or findings, 2 wrong usage or I/O.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API (the default).
    Serve(Box<ServeArgs>),
    /// Look at provider rows, and check them before they are added.
    #[command(subcommand)]
    Providers(providers::ProvidersCommand),
    /// Make and revoke API tokens.
    #[command(subcommand)]
    Tokens(tokens::TokensCommand),
    /// Look at the read models, build them anew, and compare them with the log.
    #[command(subcommand)]
    Projections(projections::ProjectionsCommand),
    /// Move the log to another store.
    #[command(subcommand)]
    Log(log::LogCommand),
    /// Move the vault to another store.
    #[command(subcommand)]
    Vault(vault::VaultCommand),
    /// Ask a node whether it is ready to serve, or only whether it lives.
    Health(health::HealthArgs),
}

/// Where the data is.
#[derive(Debug, Clone, Args)]
pub struct DataArgs {
    /// The folder that holds the log, the vault and the key ring; made at the first start.
    #[arg(long, value_name = "FOLDER", default_value = "./data", env = "SOCONNECTIVE_DATA")]
    pub data: PathBuf,
}

/// Reads the command line and does what it says.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let command = cli.command.unwrap_or_else(default_command);
    server::forbid_core_dumps();
    server::keep_files_private();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            output::error(&anyhow::Error::new(error).context("the async runtime cannot start"));
            return ExitCode::from(Exit::Failed as u8);
        }
    };
    let done = runtime.block_on(async {
        match command {
            Command::Serve(args) => serve::run(*args).await,
            Command::Providers(command) => providers::run(command).await,
            Command::Tokens(command) => tokens::run(command).await,
            Command::Projections(command) => projections::run(command).await,
            Command::Log(command) => log::run(command).await,
            Command::Vault(command) => vault::run(command).await,
            Command::Health(args) => health::run(args).await,
        }
    });
    let exit = done.unwrap_or_else(|error| {
        output::error(&error);
        Exit::Failed
    });
    ExitCode::from(exit as u8)
}

/// The command of whoever is at the terminal.
fn by_operator() -> Context {
    let id = SystemIds.uuid();
    Context {
        actor: Actor::system("command line"),
        command: CommandId::new(id),
        correlation: CorrelationId::new(id),
        request: None,
    }
}

/// `serve` with its defaults and environment variables.
fn default_command() -> Command {
    Cli::parse_from(["soconnective", "serve"])
        .command
        .unwrap_or_else(|| unreachable!("the line above names a command"))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn serving_is_what_happens_without_a_command() {
        assert!(matches!(default_command(), Command::Serve(_)));
    }
}
