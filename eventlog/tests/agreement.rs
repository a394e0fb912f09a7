//! The log in a file answers whatever is asked of it exactly as the log in memory does, also when it is closed and opened
//! again in between.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use domain::Position;
use eventlog::contract::{event, stream};
use eventlog::{EventLog, Expected, MemoryLog, SqliteLog};
use proptest::prelude::*;
use proptest::sample::subsequence;
use tempfile::TempDir;

#[derive(Debug, Clone)]
enum Step {
    Append {
        stream: usize,
        expected: Expected,
        ids: Vec<usize>,
    },
    Read {
        stream: usize,
        from: u64,
        max: usize,
    },
    ReadAll {
        after: u64,
        max: usize,
    },
    Reopen,
}

fn expected() -> impl Strategy<Value = Expected> {
    prop_oneof![
        3 => Just(Expected::Any),
        1 => Just(Expected::NoStream),
        2 => (0_u64..6).prop_map(Expected::Exact),
    ]
}

/// Few streams and few ids, so that conflicts, repeats and overlaps come often.
fn step() -> impl Strategy<Value = Step> {
    let ids = prop_oneof![
        3 => subsequence((0..12).collect::<Vec<usize>>(), 1..4),
        1 => prop::collection::vec(0_usize..12, 0..4),
    ];
    let append = (0_usize..3, expected(), ids);
    prop_oneof![
        8 => append.prop_map(|(stream, expected, ids)| Step::Append { stream, expected, ids }),
        2 => (0_usize..4, 0_u64..8, 0_usize..8).prop_map(|(stream, from, max)| Step::Read { stream, from, max }),
        2 => (0_u64..15, 0_usize..8).prop_map(|(after, max)| Step::ReadAll { after, max }),
        1 => Just(Step::Reopen),
    ]
}

/// The answer to a step, in words: the same words mean the same answer.
async fn answer(log: &dyn EventLog, step: &Step) -> String {
    match step {
        Step::Append {
            stream: number,
            expected,
            ids,
        } => {
            let batch = ids.iter().map(|id| event(&id.to_string())).collect();
            format!(
                "{:?}",
                log.append(&stream(&format!("s-{number}")), *expected, batch).await
            )
        }
        Step::Read {
            stream: number,
            from,
            max,
        } => {
            format!(
                "{:?}",
                log.read_stream(&stream(&format!("s-{number}")), *from, *max).await
            )
        }
        Step::ReadAll { after, max } => format!("{:?}", log.read_all(Position::from_stored(*after), *max).await),
        Step::Reopen => String::new(),
    }
}

async fn compare(steps: Vec<Step>) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("log.db");
    let model = MemoryLog::new();
    let mut log = SqliteLog::open(&path).await.unwrap();
    for step in steps {
        if matches!(step, Step::Reopen) {
            log.close().await;
            log = SqliteLog::open(&path).await.unwrap();
        }
        assert_eq!(answer(&log, &step).await, answer(&model, &step).await, "{step:?}");
        assert_eq!(*log.wakeups().borrow(), *model.wakeups().borrow(), "{step:?}");
    }
    let all = Step::ReadAll { after: 0, max: 1000 };
    assert_eq!(answer(&log, &all).await, answer(&model, &all).await);
}

proptest! {
    // Each case makes a file and syncs it at every append.
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_log_in_a_file_and_the_log_in_memory_agree(steps in prop::collection::vec(step(), 1..40)) {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(compare(steps));
    }
}
