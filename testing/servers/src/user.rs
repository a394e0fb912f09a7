use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use anyhow::Context;

/// The user that a server runs as.
///
/// PostgreSQL refuses to run as root, and no other server needs to: in a container, where tests are often run as root,
/// servers run as the user that their package made, or as `nobody`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct User {
    /// None: as whoever runs the tests.
    ids: Option<(u32, u32)>,
}

impl User {
    /// The user to run a server as, with `name` preferred if the tests are run by root.
    pub(crate) fn for_server(name: &str) -> anyhow::Result<Self> {
        if id(&["-u"])? != 0 {
            return Ok(Self { ids: None });
        }
        let ids = [name, "nobody"]
            .iter()
            .find_map(|name| Some((id(&["-u", name]).ok()?, id(&["-g", name]).ok()?)))
            .with_context(|| format!("there is neither a user `{name}` nor a user `nobody` to run a server as"))?;
        Ok(Self { ids: Some(ids) })
    }

    /// Has `command` run as this user.
    pub(crate) fn run(self, command: &mut Command) -> &mut Command {
        if let Some((user, group)) = self.ids {
            command.uid(user).gid(group);
        }
        command
    }

    /// Gives this user a file or folder.
    pub(crate) fn own(self, path: &Path) -> anyhow::Result<()> {
        if let Some((user, group)) = self.ids
            && path.metadata()?.uid() != user
        {
            chown(path, Some(user), Some(group)).with_context(|| format!("cannot give {} away", path.display()))?;
        }
        Ok(())
    }
}

/// What the program `id` says.
fn id(args: &[&str]) -> anyhow::Result<u32> {
    let output = Command::new("id").args(args).output().context("`id` cannot be run")?;
    String::from_utf8_lossy(&output.stdout)
        .trim()
        .parse()
        .with_context(|| format!("`id {}` gives no number", args.join(" ")))
}
