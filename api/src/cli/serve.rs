use std::net::SocketAddr;

use anyhow::{Context, Result};
use clap::Args;
use domain::recipe::HostPort;
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use url::Url;

use super::oidc::OidcArgs;
use super::stores::{StoreArgs, place};
use super::{Exit, output};
use crate::server::{self, DataFolder, Log, LogFormat, Settings, Stores};

/// How to serve.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  soconnective serve
  soconnective serve --data /var/lib/soconnective --listen 0.0.0.0:8080 --log-format json
  soconnective serve --egress-allow gitlab.internal:8443 --egress-allow 10.0.0.5:80
  SOCONNECTIVE_LOG='esdb://…' SOCONNECTIVE_BUS='nats://…' SOCONNECTIVE_DB='postgres://…' \
    soconnective serve --keyring /etc/soconnective/keyring      one of several nodes, see docs/operating.md

The first start seeds the catalog, makes the key ring and writes a platform admin's token to FOLDER/admin-token.
RUST_LOG sets how much is logged, such as RUST_LOG=warn.")]
pub struct ServeArgs {
    /// Where everything is kept.
    #[command(flatten)]
    pub stores: StoreArgs,
    /// How events get to the read models: local (within the process), or nats://… between several nodes.
    #[arg(
        long,
        value_name = "URL",
        default_value = "local",
        env = "SOCONNECTIVE_BUS",
        hide_env_values = true
    )]
    pub bus: SecretString,
    /// The address to listen on; port 0 takes any free port.
    #[arg(
        long,
        value_name = "HOST:PORT",
        default_value = "127.0.0.1:8080",
        env = "SOCONNECTIVE_LISTEN"
    )]
    pub listen: SocketAddr,
    /// Where people reach the pages when a proxy stands in front, such as `https://integrations.example.com`. Cookies are
    /// kept to https then.
    #[arg(long, value_name = "URL", env = "SOCONNECTIVE_PUBLIC_URL")]
    pub public_url: Option<Url>,
    /// Where people sign in, beside tokens.
    #[command(flatten)]
    pub oidc: OidcArgs,
    /// A provider inside your own network that may be called: http, private addresses and other ports are allowed for
    /// it. Repeat it, or separate several by commas in the environment variable.
    #[arg(
        long,
        value_name = "HOST:PORT",
        env = "SOCONNECTIVE_EGRESS_ALLOW",
        value_delimiter = ','
    )]
    pub egress_allow: Vec<HostPort>,
    /// The form of the log on standard error.
    #[arg(long, value_enum, default_value_t = LogFormat::Text, env = "SOCONNECTIVE_LOG_FORMAT")]
    pub log_format: LogFormat,
}

/// Serves until SIGINT or SIGTERM.
pub(super) async fn run(args: ServeArgs) -> Result<Exit> {
    let _log: Log = server::start_logging(args.log_format)?;
    let stores = args.stores.stores(place("--bus", &args.bus)?)?;
    let sign_on = args.oidc.settings(args.public_url.as_ref())?;
    let folder = DataFolder::open(&args.stores.data.data)?;
    let _lock = folder.lock()?;
    let listener = TcpListener::bind(args.listen)
        .await
        .with_context(|| format!("cannot listen on {}", args.listen))?;
    let address = listener.local_addr()?;
    let settings = Settings {
        stores,
        keyring: args.stores.keyring,
        egress_allow: args.egress_allow,
        public_url: args.public_url,
        sign_on,
    };
    // Before anybody is told that it runs: whoever stops it then finds it listening.
    let mut signals = Signals::watch()?;
    let running = tokio::select! {
        running = server::start(&folder, &settings) => running?,
        () = signals.arrived() => return Ok(Exit::Ok),
    };
    let first_token = running.admin_token_written();

    greet(address, &folder, &settings.stores, first_token);
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(async move {
        signals.arrived().await;
        let _ = stop.send(true);
    });
    running.serve(listener, stopped).await?;
    Ok(Exit::Ok)
}

/// Says where it is and what to do next.
fn greet(address: SocketAddr, folder: &DataFolder, stores: &Stores, first_token: bool) {
    output::line(&format!("SoConnective Integrations answers at http://{address}"));
    output::line(&format!("  reference    http://{address}/docs"));
    output::line(&format!("  data         {}", folder.path().display()));
    if stores.are_shared() {
        output::line(&format!("  log          {}", stores.log));
        output::line(&format!("  bus          {}", stores.bus));
        output::line(&format!("  database     {}", stores.db));
    }
    let token = folder.admin_token();
    if token.exists() {
        let written = if first_token {
            "written now, readable by you alone"
        } else {
            "from the first start"
        };
        output::line(&format!("  admin token  {} ({written})", token.display()));
        output::line(&format!(
            "Next, open http://{address} in a browser and sign in with the admin token, or list the catalog:"
        ));
        let shown = shell_quoted(&token.display().to_string());
        output::line(&format!(
            "  curl -H \"Authorization: Bearer $(cat {shown})\" http://{address}/v1/catalog"
        ));
    } else {
        output::line(
            "  admin token  not in this folder; make one with: soconnective tokens issue --name me --role platform_admin",
        );
    }
}

/// A path as one word of a shell command within double quotes' `$(…)`.
fn shell_quoted(path: &str) -> String {
    let plain = path.bytes().all(|b| b.is_ascii_alphanumeric() || b"/._-".contains(&b));
    if plain {
        path.to_owned()
    } else {
        format!("'{}'", path.replace('\'', r"'\''"))
    }
}

/// The signals that end it, watched from the moment when this is made.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn watch() -> Result<Self> {
        let watched = |kind| signal(kind).context("signals cannot be watched");
        Ok(Self {
            interrupt: watched(SignalKind::interrupt())?,
            terminate: watched(SignalKind::terminate())?,
        })
    }

    async fn arrived(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => tracing::info!("interrupted: finishing what is under way"),
            _ = self.terminate.recv() => tracing::info!("told to end: finishing what is under way"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_spaces_can_be_pasted() {
        assert_eq!(shell_quoted("./data/admin-token"), "./data/admin-token");
        assert_eq!(shell_quoted("/my data/admin-token"), "'/my data/admin-token'");
    }
}
