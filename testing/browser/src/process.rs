use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use crate::programs;

/// chromedriver as a process of its own, and the guard that sees to it that neither it, nor Chromium, nor their folder
/// outlive the process that started it, even when that process is killed.
///
/// The guard is a small shell that reads a pipe whose other end only this process holds. The kernel closes that end in
/// every case; then the shell kills the driver's process group, to which Chromium belongs, and removes the folder.
pub(crate) struct Process {
    driver: Child,
    guard: Child,
    /// Held for as long as the driver may live, and taken to end it.
    pipe: Option<ChildStdin>,
    folder: PathBuf,
    port: u16,
}

/// `$1` is the process group, `$2` the folder. What was killed may still be closing its files, so the folder is removed
/// again when it was not empty.
const GUARD: &str = r#"
trap '' HUP INT TERM
cd /
while read -r line; do :; done
kill -KILL "-$1" 2>/dev/null
for i in 1 2 3 4 5 6 7 8 9 10; do
    rm -rf "$2" 2>/dev/null && exit 0
    sleep 0.1
done
"#;

/// What chromedriver says before its port.
const STARTED: &str = "was started successfully on port ";

impl Process {
    /// Starts chromedriver on a free port of the loopback address. All that it and Chromium write goes to `folder`, which is
    /// removed with it.
    pub(crate) fn start(folder: TempDir) -> Result<Self> {
        let program = programs::chromedriver()?;
        // From here on the guard removes it.
        let folder = folder.keep();
        let mut driver = Command::new(&program)
            .arg("--port=0")
            .current_dir(&folder)
            .env("HOME", &folder)
            .env("TMPDIR", &folder)
            .env_remove("XDG_CONFIG_HOME")
            .env_remove("XDG_CACHE_HOME")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // A terminal's Ctrl-C is for the test alone.
            .process_group(0)
            .spawn()
            .with_context(|| format!("{} cannot be started", program.display()))?;
        let mut guard = guard(driver.id(), &folder)?;
        let (pipe, stdout) = (guard.stdin.take(), driver.stdout.take());
        let mut process = Self {
            driver,
            guard,
            pipe,
            folder,
            port: 0,
        };
        process.port = port(BufReader::new(stdout.context("chromedriver has no output")?))?;
        Ok(process)
    }

    /// The folder of Chromium's profile.
    pub(crate) fn profile(&self) -> PathBuf {
        self.folder.join("profile")
    }

    /// The port of 127.0.0.1 that chromedriver listens on.
    pub(crate) const fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The driver is waited for last: until then its number belongs to nobody else.
        drop(self.pipe.take());
        let _ = self.guard.wait();
        let _ = self.driver.wait();
    }
}

fn guard(group: u32, folder: &Path) -> Result<Child> {
    Command::new("sh")
        .args(["-c", GUARD, "guard", &group.to_string()])
        .arg(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .context("the shell that guards Chromium cannot be started")
}

/// Reads the port that chromedriver prints, and goes on emptying the pipe.
fn port(mut stdout: impl BufRead + Send + 'static) -> Result<u16> {
    let mut printed = String::new();
    loop {
        let start = printed.len();
        if stdout.read_line(&mut printed)? == 0 {
            bail!("chromedriver ended before it listened: {printed}");
        }
        if let Some((_, port)) = printed[start..].split_once(STARTED) {
            let port = port.trim_end().trim_end_matches('.').parse();
            std::thread::spawn(move || std::io::copy(&mut stdout, &mut std::io::sink()));
            return port.with_context(|| format!("chromedriver names no port: {printed}"));
        }
    }
}
