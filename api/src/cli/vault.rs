use std::path::PathBuf;
use std::str::FromStr;

use anyhow::{Context, Result, anyhow, bail};
use clap::{Args, Subcommand};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use vault::{Copied, CopyError, CopyProgress, CopyStep, VaultPlace, copy};

use super::progress::Progress;
use super::stores::{StoreArgs, place};
use super::{Exit, output};
use crate::server::{DataFolder, DbPlace, FolderLock};

/// What can be done with the vault as a whole.
#[derive(Debug, Subcommand)]
pub(super) enum VaultCommand {
    /// Move the vault to another store: envelopes and wrapped keys, as they are. The target is read back and compared.
    #[command(after_help = "\
Examples:
  soconnective vault copy --data ./data --to postgres://soconnective:…@db/soconnective
  SOCONNECTIVE_VAULT_COPY_TO='postgres://…' SOCONNECTIVE_VAULT_COPY_TO_KEYSTORE='postgres://…' soconnective vault copy
  soconnective vault copy --db postgres://soconnective:…@db/soconnective --to sqlite:./data-of-one-machine

Stop every node first. Nothing is decrypted, and the key ring is neither needed nor copied: bring that file to every node
yourself. When it is interrupted, start it again: it goes on where it was, and until it is complete no node starts on the
target. `soconnective log copy` moves the log.
Exit codes: 0 copied and verified, 1 the target holds something else, 2 a store cannot be read or written.")]
    Copy(CopyArgs),
}

#[derive(Debug, Args)]
pub(super) struct CopyArgs {
    /// The vault to read. Of these, --data, --db and --keystore matter.
    #[command(flatten)]
    stores: StoreArgs,
    /// The vault to write, which is empty or holds an interrupted copy: postgres://…, or sqlite:FOLDER for a data folder.
    // Parsed later, since clap would repeat a wrong value with its password.
    #[arg(long, value_name = "URL", env = "SOCONNECTIVE_VAULT_COPY_TO", hide_env_values = true)]
    to: SecretString,
    /// Another PostgreSQL database for the wrapped keys, as --keystore is of the nodes that will use it.
    #[arg(
        long,
        value_name = "URL",
        env = "SOCONNECTIVE_VAULT_COPY_TO_KEYSTORE",
        hide_env_values = true
    )]
    to_keystore: Option<SecretString>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(command: VaultCommand) -> Result<Exit> {
    let VaultCommand::Copy(args) = command;
    let source = source(&args.stores)?;
    let target = target(&args.to, args.to_keystore.as_ref())?;
    let mut line = Progress::new();
    let outcome = copy(&source.place, &target.place, |progress| line.show(|| text(progress))).await;
    line.end();
    match outcome {
        Ok(copied) => {
            say(&copied, args.json, &next(&args.stores, &source, &target))?;
            Ok(Exit::Ok)
        }
        Err(CopyError::Vault(error)) => {
            Err(error).context("a store cannot be read or written; start the copy again to go on")
        }
        Err(error) => {
            let exit = exit(&error);
            let (from, to) = (&source.shown, &target.shown);
            output::error(&anyhow::Error::new(error).context(format!("the vault at {from} was not copied to {to}")));
            Ok(exit)
        }
    }
}

fn exit(error: &CopyError) -> Exit {
    match error {
        CopyError::Another
        | CopyError::HalfThere
        | CopyError::Foreign { .. }
        | CopyError::Finished
        | CopyError::Different { .. } => Exit::Refused,
        CopyError::Vault(_)
        | CopyError::NoSource(_)
        | CopyError::Same
        | CopyError::SourceInUse
        | CopyError::TargetInUse => Exit::Failed,
    }
}

/// One side of a copy.
struct Side {
    place: VaultPlace,
    shown: String,
    folder: Option<DataFolder>,
    // Held until the end, so that no node serves the folder meanwhile.
    _lock: Option<FolderLock>,
}

impl Side {
    fn in_folder(folder: DataFolder) -> Result<Self> {
        let files = folder.vault();
        Ok(Self {
            place: VaultPlace::Sqlite {
                vault: files.vault,
                keystore: files.keystore,
            },
            shown: folder.path().display().to_string(),
            _lock: Some(folder.lock()?),
            folder: Some(folder),
        })
    }

    fn on_server(db: &DbPlace, url: &SecretString, keystore: Option<&SecretString>) -> Result<Self> {
        let keystore = keystore.map(ExposeSecret::expose_secret);
        Ok(Self {
            place: VaultPlace::postgres(url.expose_secret(), keystore)?,
            shown: db.to_string(),
            folder: None,
            _lock: None,
        })
    }
}

/// The vault that the stores' options name.
fn source(stores: &StoreArgs) -> Result<Side> {
    match place("--db", &stores.db)? {
        DbPlace::Sqlite if stores.keystore.is_some() => {
            bail!("--keystore names another PostgreSQL database: give --db postgres://… too")
        }
        DbPlace::Sqlite => Side::in_folder(DataFolder::existing(&stores.data.data)?),
        db @ DbPlace::Postgres(_) => {
            if let Some(keystore) = &stores.keystore {
                server("--keystore", keystore)?;
            }
            Side::on_server(&db, &stores.db, stores.keystore.as_ref())
        }
    }
}

fn target(to: &SecretString, keystore: Option<&SecretString>) -> Result<Side> {
    match (place("--to", to)?, keystore) {
        (Target::Folder(_), Some(_)) => bail!("--to-keystore names a PostgreSQL database: give --to postgres://… too"),
        (Target::Folder(path), None) => Side::in_folder(DataFolder::open(&path)?),
        (Target::Server(db), keystore) => {
            if let Some(keystore) = keystore {
                server("--to-keystore", keystore)?;
            }
            Side::on_server(&db, to, keystore)
        }
    }
}

/// Checks a URL that can be one of PostgreSQL alone.
fn server(option: &str, url: &SecretString) -> Result<()> {
    match place(option, url)? {
        DbPlace::Postgres(_) => Ok(()),
        DbPlace::Sqlite => Err(anyhow!(
            "the value of {option} cannot be used: name a database by postgres://…"
        )),
    }
}

/// What a vault is copied to.
#[derive(Debug)]
enum Target {
    Folder(PathBuf),
    Server(DbPlace),
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wanted = || "name a vault by postgres://… or sqlite:FOLDER".to_owned();
        match text.strip_prefix("sqlite:") {
            Some("") => Err(wanted()),
            Some(path) => Ok(Self::Folder(path.strip_prefix("//").unwrap_or(path).into())),
            None => match text.parse() {
                Ok(db @ DbPlace::Postgres(_)) => Ok(Self::Server(db)),
                Ok(DbPlace::Sqlite) => Err(wanted()),
                Err(_) if !text.starts_with("postgres") => Err(wanted()),
                Err(problem) => Err(problem),
            },
        }
    }
}

fn say(copied: &Copied, json: bool, next: &str) -> Result<()> {
    if json {
        let shown = json!({
            "keys": copied.keys, "envelopes": copied.envelopes, "already_there": copied.already,
            "digest": copied.digest.to_string(), "next": next,
        });
        output::line(&serde_json::to_string_pretty(&shown)?);
        return Ok(());
    }
    let Copied { keys, envelopes, .. } = copied;
    output::line(&format!(
        "copied    {keys} wrapped keys and {envelopes} envelopes, {} parts were there already",
        copied.already
    ));
    output::line(&format!("verified  both sides, digest {}", copied.digest));
    output::line(&format!("next      {next}"));
    Ok(())
}

/// What the person at the terminal has to do, since a copy has no keys that open it.
fn next(stores: &StoreArgs, source: &Side, target: &Side) -> String {
    let ring = match (&stores.keyring, &source.folder) {
        (Some(file), _) => file.display().to_string(),
        (None, Some(folder)) => folder.vault().keyring.display().to_string(),
        (None, None) => "of the nodes that used the source".to_owned(),
    };
    match &target.folder {
        Some(folder) => format!(
            "copy the key ring {ring} to {}: without it nothing opens",
            folder.vault().keyring.display()
        ),
        None => format!(
            "copy the key ring {ring} to every node, readable by its user alone, and start each with --keyring FILE: \
             without it nothing opens"
        ),
    }
}

fn text(progress: CopyProgress) -> String {
    let step = match progress.step {
        CopyStep::Comparing => "comparing what is there",
        CopyStep::Copying => "copying",
        CopyStep::Verifying => "reading back",
    };
    format!("{step}: {} of {}", progress.done, progress.all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_folder_or_a_database() {
        let folder = "sqlite:/srv/data".parse();
        assert!(matches!(folder, Ok(Target::Folder(path)) if path.ends_with("srv/data")));
        assert!(matches!("postgres://a@b/c".parse(), Ok(Target::Server(_))));
    }

    #[test]
    fn a_wrong_url_is_not_repeated() {
        for wrong in [
            "",
            "sqlite:",
            "mysql://me:hunter2@db/so",
            "postgres://me:hunter2@:1/so",
            "hunter2",
        ] {
            let error = target(&SecretString::from(wrong), None).map(drop).unwrap_err();
            let shown = format!("{error:?}");
            assert!(shown.contains("--to") && shown.contains("postgres://"), "{shown}");
            assert!(!shown.contains("hunter2"), "{shown}");
        }
        let to = SecretString::from("postgres://me:hunter2@db/so");
        for wrong in ["sqlite:", "hunter2", "postgres://me:hunter2@db/so?pasword=hunter2"] {
            let error = target(&to, Some(&SecretString::from(wrong))).map(drop).unwrap_err();
            assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
        }
        let folder = SecretString::from("sqlite:/srv/data");
        let error = target(&folder, Some(&to)).map(drop).unwrap_err();
        assert!(error.to_string().contains("--to postgres://"), "{error}");
    }
}
