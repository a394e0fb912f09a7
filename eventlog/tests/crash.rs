//! A process that is killed in the middle of its appends has lost nothing that was acknowledged, and stored nothing by
//! halves.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use domain::Position;
use eventlog::contract::{events, stream};
use eventlog::{EventLog, Expected, SqliteLog};

/// Names the file to the process that is to be killed; that process is this very test, run again.
const FILE: &str = "EVENTLOG_CRASH_TEST_FILE";
/// Names the run, so that each appends events of its own.
const RUN: &str = "EVENTLOG_CRASH_TEST_RUN";
const WRITERS: usize = 8;
/// How many events each append has.
const SIZE: usize = 3;
/// How many acknowledgements are awaited before the process is killed; the runs are killed at different moments.
const ACKNOWLEDGED: [usize; 4] = [1, 40, 111, 300];

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_killed_process_has_kept_every_acknowledged_append_and_no_half_of_one() {
    if let Ok(file) = std::env::var(FILE) {
        append_for_ever(Path::new(&file), &std::env::var(RUN).unwrap()).await;
    }
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("log.db");
    let mut acknowledged = BTreeSet::new();
    for (run, count) in ACKNOWLEDGED.into_iter().enumerate() {
        acknowledged.extend(kill_after(&path, run, count));
        verify(path.clone(), &acknowledged).await;
    }
    assert!(acknowledged.len() >= ACKNOWLEDGED.iter().sum());
}

/// What the process does that is killed: it appends, and prints the name of each append that is acknowledged.
async fn append_for_ever(path: &Path, run: &str) -> ! {
    let log = Arc::new(SqliteLog::open(path).await.unwrap());
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..WRITERS {
        let log = Arc::clone(&log);
        let run = run.to_owned();
        writers.spawn(async move {
            for number in 0.. {
                let name = format!("{run}-{writer}-{number}");
                let batch = events(&name, 0..SIZE);
                log.append(&stream(&format!("s-{writer}")), Expected::Any, batch)
                    .await
                    .unwrap();
                // Past the capture of the test harness, and in one write, so that no line is torn by another.
                std::io::stdout()
                    .write_all(format!("stored {name}\n").as_bytes())
                    .unwrap();
            }
        });
    }
    writers.join_all().await;
    unreachable!("the process is killed before it has counted that far")
}

/// Runs the process until it has acknowledged `count` appends, and kills it. What it has acknowledged by then.
fn kill_after(path: &Path, run: usize, count: usize) -> Vec<String> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "a_killed_process_has_kept_every_acknowledged_append_and_no_half_of_one",
            "--nocapture",
        ])
        .env(FILE, path)
        .env(RUN, run.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let names = read_names(&mut child, count);
    assert!(names.len() >= count, "the process ended by itself");
    names
}

fn read_names(child: &mut Child, count: usize) -> Vec<String> {
    let mut lines = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok);
    let name = |line: String| line.strip_prefix("stored ").map(str::to_owned);
    let mut names: Vec<String> = lines.by_ref().filter_map(name).take(count).collect();
    // SIGKILL on Unix.
    child.kill().unwrap();
    // What it had printed before.
    names.extend(lines.filter_map(name));
    child.wait().unwrap();
    names
}

async fn verify(path: PathBuf, acknowledged: &BTreeSet<String>) {
    let log = SqliteLog::open(&path).await.unwrap();
    let mut after = Position::START;
    let mut stored: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    loop {
        let page = log.read_all(after, 1000).await.unwrap();
        for event in &page.events {
            let data: serde_json::Value = serde_json::from_str(&event.data).unwrap();
            let (append, number) = data["name"].as_str().unwrap().rsplit_once('-').unwrap();
            let revisions = stored.entry(append.to_owned()).or_default();
            assert_eq!(
                number.parse(),
                Ok(revisions.len()),
                "the events of {append} are in order"
            );
            revisions.push(event.revision);
        }
        after = page.next;
        if page.events.is_empty() {
            break;
        }
    }
    for (append, revisions) in &stored {
        assert_eq!(revisions.len(), SIZE, "{append} is stored whole");
        assert!(
            revisions.windows(2).all(|pair| pair[1] == pair[0] + 1),
            "{append} stands together"
        );
    }
    for append in acknowledged {
        assert!(stored.contains_key(append), "{append} was acknowledged and is lost");
    }
    log.close().await;
}
