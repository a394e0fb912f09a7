//! The servers themselves: what tests build on must be true.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, thread};

use servers::Postgres;

/// Asks the server of a URL something, as the role of the URL. None: there is no answer.
fn ask(server: &Postgres, url: &str, query: &str) -> Option<String> {
    let mut psql = Command::new(server.program("psql"));
    psql.args(["-X", "-A", "-t", "-d", url, "-c", query]);
    let Ok(output) = psql.env("PGCONNECT_TIMEOUT", "2").output() else {
        panic!("psql cannot be run");
    };
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(30), "{what} does not come true");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn each_database_is_empty_and_its_owner_nobody_special() {
    let server = Postgres::shared();
    let (one, other) = (server.database(), server.database());

    ask(server, &one, "CREATE TABLE a (b int)").unwrap();

    assert_ne!(one, other);
    assert_eq!(ask(server, &other, "SELECT to_regclass('a') IS NULL").unwrap(), "t");
    let powers = "SELECT rolsuper OR rolbypassrls OR rolcreaterole FROM pg_roles WHERE rolname = current_user";
    assert_eq!(ask(server, &one, powers).unwrap(), "f");
}

#[test]
fn a_server_that_was_killed_or_stopped_comes_back_with_what_it_had() {
    let server = Postgres::start();
    let url = server.database();
    assert_eq!(ask(&server, &url, "SHOW fsync").unwrap(), "on");
    ask(&server, &url, "CREATE TABLE a AS SELECT 1 AS b").unwrap();

    server.kill();
    assert_eq!(ask(&server, &url, "SELECT 1"), None);
    server.restart();
    assert_eq!(ask(&server, &url, "SELECT b FROM a").unwrap(), "1");
    server.stop();
    assert_eq!(ask(&server, &url, "SELECT 1"), None);
    server.restart();
    assert_eq!(ask(&server, &url, "SELECT b FROM a").unwrap(), "1");
}

#[test]
fn a_server_that_is_set_back_has_what_it_had_when_it_was_copied() {
    let server = Postgres::start();
    let url = server.database();
    ask(&server, &url, "CREATE TABLE a AS SELECT 1 AS b").unwrap();
    server.keep_copy();
    ask(&server, &url, "UPDATE a SET b = 2").unwrap();

    for _ in 0..2 {
        server.set_back();
        assert_eq!(ask(&server, &url, "SELECT b FROM a").unwrap(), "1");
        ask(&server, &url, "UPDATE a SET b = 3").unwrap();
    }
}

#[test]
fn a_paused_server_answers_when_it_goes_on() {
    let server = Postgres::start();
    let url = server.database();

    server.pause();
    assert_eq!(ask(&server, &url, "SELECT 1"), None);
    server.resume();
    assert_eq!(ask(&server, &url, "SELECT 1").unwrap(), "1");
}

/// Not a test of its own: the process that the next test kills. It does nothing unless it is told to.
#[test]
fn a_process_that_starts_a_server_and_waits_to_be_killed() {
    let Some(file) = env::var_os("SERVERS_TEST_URL_FILE") else {
        return;
    };
    let server = Postgres::shared();
    let folder = server.sql("postgres", &["SHOW data_directory"]);
    std::fs::write(file, format!("{}\n{folder}", server.superuser_url("postgres"))).unwrap();
    loop {
        thread::park();
    }
}

#[test]
fn a_server_does_not_outlive_a_process_that_was_killed() {
    let scratch = tempfile::tempdir().unwrap();
    let file = scratch.path().join("url");
    let mut process = Command::new(env::current_exe().unwrap())
        .args(["--exact", "a_process_that_starts_a_server_and_waits_to_be_killed"])
        .env("SERVERS_TEST_URL_FILE", &file)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let said = || std::fs::read_to_string(&file).unwrap_or_default();
    wait_until("a server in the other process", || said().lines().count() == 2);
    let said = said();
    let (url, data) = said.split_once('\n').unwrap();
    let data = PathBuf::from(data.trim());
    let server = Postgres::shared();
    assert_eq!(ask(server, url, "SELECT 1").unwrap(), "1");

    process.kill().unwrap();
    process.wait().unwrap();

    wait_until("the end of the server", || ask(server, url, "SELECT 1").is_none());
    wait_until("the end of its folder", || !data.parent().unwrap().exists());
}
