use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};

use crate::processor_time::processor_time;

/// A server in a process of its own: this very program, called with `http-server`. It is killed on drop.
///
/// What it logs goes to `/dev/null`, after it was made and written.
pub(super) struct Process {
    child: Child,
    pub(super) address: SocketAddr,
}

impl Process {
    /// The product over a folder of its own, as `soconnective serve` starts it.
    pub(super) fn product(data: &Path) -> Result<Self> {
        Self::start(&["product".as_ref(), data.as_os_str()])
    }

    /// A bare handler that answers with the bytes of a file.
    pub(super) fn bytes(file: &Path) -> Result<Self> {
        Self::start(&["bytes".as_ref(), file.as_os_str()])
    }

    /// A bare handler that makes so many durable commits for each request, one after the other, each into a file of its own.
    pub(super) fn commits(folder: &Path, commits: usize) -> Result<Self> {
        Self::start(&["commits".as_ref(), folder.as_os_str(), commits.to_string().as_ref()])
    }

    fn start(arguments: &[&OsStr]) -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("http-server")
            .args(arguments)
            .env_remove("RUST_LOG")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut line = String::new();
        let output = child.stdout.take().context("the server has no output")?;
        BufReader::new(output).read_line(&mut line)?;
        let address = line.trim().parse().context("the server did not start")?;
        Ok(Self { child, address })
    }

    /// The processor time that it has used so far, in seconds.
    pub(super) fn cpu(&self) -> Result<f64> {
        processor_time(self.child.id())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
