use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

use anyhow::Context;

/// Sees to it that a server and its folder do not outlive the process that started it, even when that process is killed
/// or never drops what it keeps in a static.
///
/// It is a small shell that reads a pipe whose other end only this process holds. The kernel closes that end in every
/// case; then the shell ends the server whose process id is in the folder's file `server.pid`, and removes the folder.
pub(crate) struct Guard {
    shell: Child,
    /// Held for as long as the server may live, and taken to close it.
    pipe: Option<ChildStdin>,
}

/// The file in a server's folder that holds its process id while it runs.
pub(crate) const PID_FILE: &str = "server.pid";

/// `$1` is the folder, `$2` the signal that ends the server quickly. The second look finds a server that was just being
/// started when this process ended.
const SCRIPT: &str = r#"
trap '' HUP INT TERM
cd /
while read -r line; do :; done
end() {
    pid=$(cat "$1/server.pid" 2>/dev/null) || return 0
    kill -CONT "$pid" && kill "-$2" "$pid" || return 0
    for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30; do
        kill -0 "$pid" || return 0
        sleep 0.1
    done
    kill -KILL "$pid"
}
end "$1" "$2"
[ -d "$1" ] || exit 0
sleep 0.2
end "$1" "$2"
rm -rf "$1"
"#;

impl Guard {
    /// A guard of the server that lives in `folder` and ends at `signal`, the name of a signal without `SIG`.
    pub(crate) fn new(folder: &Path, signal: &str) -> anyhow::Result<Self> {
        let mut shell = Command::new("sh")
            .args(["-c", SCRIPT, "guard"])
            .arg(folder)
            .arg(signal)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // A terminal's Ctrl-C is for the test alone.
            .process_group(0)
            .spawn()
            .context("the shell that guards a server cannot be started")?;
        let pipe = shell.stdin.take();
        Ok(Self { shell, pipe })
    }

    /// Has the guard do its work now, and waits for it.
    pub(crate) fn close(&mut self) -> io::Result<()> {
        drop(self.pipe.take());
        self.shell.wait().map(drop)
    }
}
