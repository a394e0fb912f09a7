//! Tests that need a process of their own: what they show stays with the process.

use std::process::{Command, Output};

/// Set in the process that a test starts of itself.
const ALONE: &str = "EVENTSTOREDB_TEST_ALONE";

/// Runs the test of this name once more in a process of its own, and gives what it printed; none inside that process, where
/// the test is to do its work.
pub(crate) fn alone(test: &str) -> Option<String> {
    if std::env::var_os(ALONE).is_some() {
        return None;
    }
    let binary = std::env::current_exe().unwrap();
    let Output { status, stdout, stderr } = Command::new(binary)
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(ALONE, "yes")
        .output()
        .unwrap();
    let printed = format!(
        "{}{}",
        String::from_utf8_lossy(&stdout),
        String::from_utf8_lossy(&stderr)
    );
    assert!(
        printed.contains("1 passed"),
        "{test} in a process of its own: {status}\n{printed}"
    );
    Some(printed)
}

/// The processor time that this process has used so far, in hundredths of a second (proc(5): `utime` and `stime`).
pub(crate) fn processor_time() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let (_, after_name) = stat.rsplit_once(')').unwrap();
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}
