use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use crate::guard::{Guard, PID_FILE};
use crate::user::User;

/// A server's process and its folder. Both are gone when this is dropped, or when this process ends in whatever way.
pub(crate) struct Process {
    folder: PathBuf,
    user: User,
    /// Ends it quickly and in order.
    end_signal: &'static str,
    guard: Guard,
    child: Mutex<Option<Child>>,
}

impl Process {
    /// A new folder for a server called `name`, owned by `user`, and its guard; nothing runs yet.
    pub(crate) fn new(name: &str, user: User, end_signal: &'static str) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix(&format!("soconnective-{name}-"))
            .tempdir()?;
        user.own(folder.path())?;
        let guard = Guard::new(folder.path(), end_signal)?;
        Ok(Self {
            // From here on the guard removes it.
            folder: folder.keep(),
            user,
            end_signal,
            guard,
            child: Mutex::new(None),
        })
    }

    /// The server's folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Gives the server's user a file in its folder.
    pub(crate) fn give(&self, path: &Path) -> anyhow::Result<()> {
        self.user.own(path)
    }

    /// Runs a program to its end as the server's user, in its folder.
    pub(crate) fn run(&self, command: &mut Command) -> anyhow::Result<String> {
        let program = command.get_program().to_string_lossy().into_owned();
        let output = self
            .user
            .run(command.current_dir(&self.folder).stdin(Stdio::null()))
            .output()
            .with_context(|| format!("{program} cannot be run"))?;
        if !output.status.success() {
            bail!("{program} failed: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Starts the server: `program` with `args`. What it prints goes to the file `server.log` in its folder.
    pub(crate) fn spawn(&self, program: &Path, args: &[String]) -> anyhow::Result<()> {
        let mut child = self.child();
        if child.is_some() {
            bail!("the server runs already");
        }
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.folder.join("server.log"))?;
        let mut command = Command::new("sh");
        command
            // The process id is on the disk before there is a server that somebody might have to end.
            .args(["-c", r#"echo $$ > "$0" && exec "$@""#])
            .arg(self.folder.join(PID_FILE))
            .arg(program)
            .args(args)
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        // A terminal's Ctrl-C is for the test alone.
        let started = self.user.run(command.process_group(0)).spawn();
        *child = Some(started.with_context(|| format!("{} cannot be started", program.display()))?);
        Ok(())
    }

    /// Waits until `is_ready`, for at most a minute; fails at once if the server ends.
    pub(crate) fn wait_until(&self, is_ready: impl Fn() -> bool) -> anyhow::Result<()> {
        let start = Instant::now();
        while !is_ready() {
            if self.has_ended()? {
                bail!("the server has ended: {}", self.log_tail());
            }
            if start.elapsed() > Duration::from_mins(1) {
                bail!("the server is not ready after a minute: {}", self.log_tail());
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    /// Sends the server a signal and waits for its end: at most 30 seconds, then it is killed.
    pub(crate) fn end(&self, signal: &str) -> anyhow::Result<()> {
        let mut child = self.child();
        let Some(running) = child.as_mut() else {
            return Ok(());
        };
        send("CONT", &family(running.id()));
        send(signal, &[running.id()]);
        let start = Instant::now();
        while running.try_wait()?.is_none() {
            if start.elapsed() > Duration::from_secs(30) {
                kill(running)?;
            }
            thread::sleep(Duration::from_millis(5));
        }
        *child = None;
        self.forget()
    }

    /// Kills the server and all of its processes, as a machine that loses its power would.
    pub(crate) fn kill(&self) -> anyhow::Result<()> {
        let mut child = self.child();
        if let Some(running) = child.as_mut() {
            kill(running)?;
            *child = None;
            self.forget()?;
        }
        Ok(())
    }

    /// Has the server and all of its processes stand still.
    pub(crate) fn pause(&self) {
        if let Some(child) = self.child().as_ref() {
            // Its first process alone makes new ones.
            send("STOP", &[child.id()]);
            send("STOP", &family(child.id()));
        }
    }

    /// Has the server and all of its processes go on.
    pub(crate) fn resume(&self) {
        if let Some(child) = self.child().as_ref() {
            send("CONT", &family(child.id()));
        }
    }

    /// The last that the server printed.
    pub(crate) fn log_tail(&self) -> String {
        let log = fs::read_to_string(self.folder.join("server.log")).unwrap_or_default();
        let lines: Vec<_> = log.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }

    fn has_ended(&self) -> anyhow::Result<bool> {
        match self.child().as_mut() {
            Some(child) => Ok(child.try_wait()?.is_some()),
            None => Ok(true),
        }
    }

    /// The process id is another process's from now on.
    fn forget(&self) -> anyhow::Result<()> {
        fs::remove_file(self.folder.join(PID_FILE)).context("the file with the server's process id cannot be removed")
    }

    fn child(&self) -> MutexGuard<'_, Option<Child>> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // What cannot be ended here is ended by the guard.
        let _ = self.end(self.end_signal);
        let _ = self.guard.close();
    }
}

/// Kills a process and its children.
fn kill(child: &mut Child) -> anyhow::Result<()> {
    // So that no new children come while they are counted.
    send("STOP", &[child.id()]);
    send("KILL", &family(child.id()));
    child.wait()?;
    Ok(())
}

/// Sends a signal to processes; those that are gone are none of its business.
fn send(signal: &str, ids: &[u32]) {
    let ids: Vec<_> = ids.iter().map(u32::to_string).collect();
    let mut kill = Command::new("sh");
    kill.args(["-c", r#"kill "$@" 2>/dev/null"#, "kill", &format!("-{signal}")]);
    // A process that has ended between is why this may fail.
    let _ = kill.args(ids).status();
}

/// A process and its children, the children first.
fn family(parent: u32) -> Vec<u32> {
    let output = Command::new("ps").args(["-A", "-o", "pid=,ppid="]).output();
    let table = output.map(|output| output.stdout).unwrap_or_default();
    let table = String::from_utf8_lossy(&table);
    let mut family: Vec<_> = table
        .lines()
        .filter_map(|line| {
            let mut ids = line.split_whitespace().map(str::parse::<u32>);
            let (id, of) = (ids.next()?.ok()?, ids.next()?.ok()?);
            (of == parent).then_some(id)
        })
        .collect();
    family.push(parent);
    family
}
