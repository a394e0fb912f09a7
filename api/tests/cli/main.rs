//! The binary as people and scripts meet it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod health;
mod read_models;

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};

fn soconnective(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_soconnective"));
    // Nothing of the machine's environment may decide what is tested here.
    for name in [
        "DATA",
        "LISTEN",
        "EGRESS_ALLOW",
        "LOG_FORMAT",
        "LOG",
        "BUS",
        "DB",
        "KEYSTORE",
        "KEYRING",
    ] {
        command.env_remove(format!("SOCONNECTIVE_{name}"));
    }
    command.args(arguments).stdin(Stdio::null());
    command
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

/// A running server, which is killed when the test is over.
struct Server {
    process: Child,
    printed: Vec<String>,
}

impl Server {
    fn start(data: &Path, more: &[&str]) -> Self {
        let mut command = command(&["serve", "--listen", "127.0.0.1:0", "--data"]);
        command
            .arg(data)
            .args(more)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let stdout = BufReader::new(process.stdout.take().unwrap());
        let mut printed = Vec::new();
        for line in stdout.lines() {
            printed.push(line.unwrap());
            if printed.last().is_some_and(|line| line.contains("curl ")) {
                break;
            }
        }
        Self { process, printed }
    }

    /// What a person who pastes the printed command sees.
    fn pasted(&self) -> String {
        let line = self.printed.last().unwrap();
        let output = Command::new("sh").args(["-c", line]).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    fn terminate(mut self) -> (Option<i32>, String) {
        let pid = Pid::from_child(&self.process);
        kill_process(pid, Signal::TERM).unwrap();
        let status = self.process.wait().unwrap();
        let mut logged = String::new();
        let mut stderr = self.process.stderr.take().unwrap();
        std::io::Read::read_to_string(&mut stderr, &mut logged).unwrap();
        (status.code(), logged)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn the_first_start_leaves_a_token_for_its_owner_and_ends_when_it_is_told_to() {
    let place = tempfile::tempdir().unwrap();
    // A folder with a space in its name, as people have them.
    let data = place.path().join("my data");
    let server = Server::start(&data, &["--log-format", "json"]);
    let token = data.join("admin-token");
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&data), mode(&token)), (0o700, 0o600));
    assert!(
        server.printed.iter().any(|line| line.contains(token.to_str().unwrap())),
        "{:?}",
        server.printed
    );
    let curl = Command::new("curl").arg("--version").output();
    assert!(
        curl.is_ok(),
        "install curl: the command that is printed at the start is tried out"
    );
    let catalog = server.pasted();
    assert!(catalog.contains("\"anthropic\""), "{catalog}");
    for entry in std::fs::read_dir(&data).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path) & 0o077, 0, "others may look into {}", path.display());
    }
    let (code, logged) = server.terminate();
    assert_eq!(code, Some(0), "{logged}");
    for name in ["log.db", "vault.db", "keystore.db"] {
        let (file, rest) = (data.join(name), data.join(format!("{name}-wal")));
        assert!(file.exists() && !rest.exists(), "{name} was not closed");
    }
    for line in logged.lines() {
        assert!(
            serde_json::from_str::<serde_json::Value>(line).is_ok(),
            "not JSON: {line}"
        );
    }
    let token = std::fs::read_to_string(token).unwrap();
    assert!(!logged.contains(token.trim()), "the token stands in the log");
}

#[test]
fn a_second_server_on_the_same_data_is_refused_and_names_the_first() {
    let place = tempfile::tempdir().unwrap();
    let first = Server::start(place.path(), &[]);
    let second = soconnective(&[
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--data",
        place.path().to_str().unwrap(),
    ]);
    assert_eq!(second.status.code(), Some(2));
    assert!(
        text(&second).contains(&format!("process {}", first.process.id())),
        "{}",
        text(&second)
    );
}

#[test]
fn tokens_are_made_and_revoked_beside_a_running_server() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().to_str().unwrap();
    let _server = Server::start(place.path(), &[]);
    let issue = [
        "tokens",
        "issue",
        "--name",
        "ci",
        "--role",
        "auditor",
        "--expires-in",
        "30d",
        "--json",
        "--data",
        data,
        // A token is no key of an account: whoever issues one need not have the key ring.
        "--keyring",
        "/nowhere/keyring",
    ];
    let issued = soconnective(&issue);
    assert_eq!(issued.status.code(), Some(0), "{}", text(&issued));
    let issued: serde_json::Value = serde_json::from_slice(&issued.stdout).unwrap();
    assert!(issued["token"].as_str().unwrap().starts_with("soc_") && issued["expires_at"].is_string());
    let id = issued["id"].as_str().unwrap();
    let keyring = ["--keyring", "/nowhere/keyring"];
    let revoke = ["tokens", "revoke", id, "--data", data];
    let revoked = soconnective(&[revoke.as_slice(), &keyring].concat());
    assert_eq!(revoked.status.code(), Some(0), "{}", text(&revoked));
    let missing = "01930f0e-0000-7000-8000-00000000ffff";
    assert_eq!(
        soconnective(&["tokens", "revoke", missing, "--data", data])
            .status
            .code(),
        Some(1)
    );
    let refused = soconnective(&[
        "tokens",
        "issue",
        "--name",
        "x",
        "--role",
        "account_admin",
        "--data",
        data,
    ]);
    assert_eq!(refused.status.code(), Some(1), "{}", text(&refused));
}

#[test]
fn rows_are_listed_beside_a_running_server() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().to_str().unwrap();
    let _server = Server::start(place.path(), &[]);
    let listed = soconnective(&["providers", "list", "--json", "--data", data]);
    let rows: serde_json::Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert_eq!(rows.as_array().map(Vec::len), Some(6));
    assert_eq!(
        (&rows[0]["key"], &rows[0]["status"]),
        (&"anthropic".into(), &"published".into())
    );
    let table = text(&soconnective(&["providers", "list", "--data", data]));
    assert!(table.starts_with("KEY ") && table.contains("twilio"), "{table}");
}

#[test]
fn a_folder_without_data_is_no_reason_to_make_one() {
    let place = tempfile::tempdir().unwrap();
    let missing = place.path().join("missing");
    for arguments in [["providers", "list"], ["tokens", "issue"]] {
        let mut command = command(&arguments);
        command.arg("--data").arg(&missing);
        if arguments[1] == "issue" {
            command.args(["--name", "x", "--role", "auditor"]);
        }
        assert_eq!(command.output().unwrap().status.code(), Some(2));
        assert!(!missing.exists());
    }
}

#[test]
fn the_linter_says_what_is_wrong_and_where() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    let row = "key: mail\nname: Mail\ncategory: Email\nauth: bearer\ncredential: { label: Key }\nrecipe:\n  request: { base_url: 'http://mail.internal:8080', auth: { bearer: '{api_key}' } }\n";
    file.write_all(row.as_bytes()).unwrap();
    let path = file.path().to_str().unwrap();
    let found = soconnective(&["providers", "lint", path]);
    assert_eq!(found.status.code(), Some(1));
    assert!(text(&found).contains("/recipe/request/base_url"), "{}", text(&found));
    let allowed = soconnective(&["providers", "lint", path, "--egress-allow", "mail.internal:8080"]);
    assert_eq!(allowed.status.code(), Some(0), "{}", text(&allowed));
    assert_eq!(
        soconnective(&["providers", "lint", "/no/such/file"]).status.code(),
        Some(2)
    );
    assert_eq!(soconnective(&["providers", "lint"]).status.code(), Some(2));
}

#[test]
fn help_has_examples_and_a_wrong_option_is_2() {
    for arguments in [
        vec!["--help"],
        vec!["serve", "--help"],
        vec!["health", "--help"],
        vec!["tokens", "issue", "--help"],
        vec!["providers", "lint", "--help"],
    ] {
        let help = soconnective(&arguments);
        assert_eq!(help.status.code(), Some(0));
        assert!(text(&help).contains("Examples:"), "{arguments:?}");
    }
    assert_eq!(soconnective(&["serve", "--colour"]).status.code(), Some(2));
    assert_eq!(
        soconnective(&["serve", "--egress-allow", "no-port"]).status.code(),
        Some(2)
    );
}
