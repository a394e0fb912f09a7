//! Any sequence of commands, against what must always hold.

use std::collections::BTreeSet;

use domain::Aggregate;
use domain::integration::{
    ConnectionStatus, Credential, Integration, IntegrationCommand, IntegrationEvent, Placement, SaveOptions, SavedKey,
    Validity, Verdict,
};
use proptest::prelude::*;

use crate::given::{at, credential, default_connection, sealed, verdict};

#[derive(Debug, Clone)]
enum Step {
    Install,
    Save {
        testable: bool,
        now: bool,
        overlap: u32,
    },
    /// Tests the version that many below the newest.
    Test {
        back: u32,
        verdict: Verdict,
    },
    Wait {
        seconds: u32,
    },
    RetireExpired,
    Disconnect,
    Erase,
    Uninstall,
}

fn verdicts() -> impl Strategy<Value = Verdict> {
    prop_oneof![
        4 => Just(Verdict::Accepted),
        1 => Just(Verdict::AcceptedWithWarning),
        3 => Just(Verdict::Rejected),
        1 => Just(Verdict::Unreachable),
        1 => Just(Verdict::RateLimited),
        1 => Just(Verdict::Misconfigured),
        1 => Just(Verdict::Untestable),
    ]
}

/// Weighted so that keys wait, are promoted and overlap often, and the end comes seldom.
fn steps() -> impl Strategy<Value = Step> {
    let save = (
        prop::bool::weighted(0.9),
        prop::bool::weighted(0.05),
        prop_oneof![Just(0_u32), 1_u32..100],
    );
    let back = prop_oneof![6 => Just(0_u32), 1 => 1_u32..3];
    prop_oneof![
        8 => Just(Step::Install),
        12 => save.prop_map(|(testable, now, overlap)| Step::Save { testable, now, overlap }),
        16 => (back, verdicts()).prop_map(|(back, verdict)| Step::Test { back, verdict }),
        4 => (1_u32..60).prop_map(|seconds| Step::Wait { seconds }),
        4 => Just(Step::RetireExpired),
        1 => Just(Step::Disconnect),
        3 => Just(Step::Erase),
        1 => Just(Step::Uninstall),
    ]
}

/// The aggregate, and what is remembered of it outside.
#[derive(Default)]
struct World {
    state: Integration,
    seconds: i64,
    credentials: u128,
    /// Versions that were valid once and are not any more.
    gone: BTreeSet<(u128, u32)>,
    /// Versions that were valid at the last look.
    valid: BTreeSet<(u128, u32)>,
}

fn keyed(state: &Integration) -> Option<&Credential> {
    state
        .installed()
        .ok()
        .and_then(|installation| installation.credential(&default_connection()).ok())
}

impl World {
    fn command(&mut self, step: &Step) -> Option<IntegrationCommand> {
        let now = at(self.seconds);
        Some(match step {
            Step::Install => IntegrationCommand::Install,
            Step::Save {
                testable,
                now: at_once,
                overlap,
            } => {
                let options = SaveOptions {
                    placement: if *at_once {
                        Placement::Now
                    } else {
                        Placement::WhenAccepted
                    },
                    overlap_seconds: if *at_once { 0 } else { *overlap },
                };
                let fresh = credential(self.credentials + 1);
                let slot = self.state.slot(&default_connection(), options, fresh).ok()?;
                if slot.credential == fresh {
                    self.credentials += 1;
                }
                IntegrationCommand::Save(SavedKey {
                    connection: default_connection(),
                    credential: slot.credential,
                    version: slot.version,
                    sealed: sealed(slot.version),
                    testable: *testable,
                    options,
                    now,
                })
            }
            Step::Test { back, verdict: said } => {
                let keyed = keyed(&self.state)?;
                IntegrationCommand::RecordTest {
                    connection: default_connection(),
                    credential: keyed.id,
                    version: keyed.newest.saturating_sub(*back).max(1),
                    outcome: verdict(*said),
                    now,
                }
            }
            Step::Wait { seconds } => {
                self.seconds += i64::from(*seconds);
                return None;
            }
            Step::RetireExpired => IntegrationCommand::RetireExpired { now },
            Step::Disconnect => IntegrationCommand::Disconnect {
                connection: default_connection(),
            },
            Step::Erase => {
                let (credential, remnant) = self.state.remains()?.unerased().next()?;
                let versions = remnant.unerased.iter().copied().collect();
                IntegrationCommand::RecordErased { credential, versions }
            }
            Step::Uninstall => IntegrationCommand::Uninstall,
        })
    }

    fn take(&mut self, step: &Step) {
        let Some(command) = self.command(step) else {
            return;
        };
        let before = self.state.clone();
        let events = before.decide(command).unwrap_or_default();
        self.state = events.iter().fold(before.clone(), Aggregate::evolve);
        self.check_working_version_is_kept(&before, step);
        self.check_versions(&events);
    }

    /// A paste or a verdict that is not definitive never takes a working version away, but for `replace now` and for
    /// rows that have no test.
    fn check_working_version_is_kept(&self, before: &Integration, step: &Step) {
        let Some(old) = keyed(before).filter(|old| old.works()) else {
            return;
        };
        let protected = match step {
            Step::Save { testable, now, .. } => *testable && !now,
            Step::Test { verdict, .. } => !verdict.is_definitive() && *verdict != Verdict::Untestable,
            Step::Wait { .. } | Step::RetireExpired | Step::Install | Step::Erase => true,
            Step::Disconnect | Step::Uninstall => false,
        };
        if protected {
            let kept = keyed(&self.state).unwrap();
            assert_eq!(kept.current, old.current, "{step:?} changed a working version");
        }
        if let Step::Test {
            verdict: Verdict::Rejected,
            ..
        } = step
        {
            let kept = keyed(&self.state).unwrap();
            assert_eq!(
                kept.current.number, old.current.number,
                "a rejection made another version current"
            );
        }
    }

    fn check_versions(&mut self, events: &[IntegrationEvent]) {
        let mut valid = BTreeSet::new();
        if let Some(keyed) = keyed(&self.state) {
            let versions = keyed.versions();
            let distinct: BTreeSet<u32> = versions.iter().copied().collect();
            assert_eq!(
                distinct.len(),
                versions.len(),
                "a version stands in two places after {events:?}"
            );
            assert!(keyed.retiring.len() <= 3, "too many retiring versions");
            assert!(
                keyed.retiring.values().all(Option::is_some),
                "a superseded version was not retired: {events:?}"
            );
            assert!(versions.iter().all(|version| *version <= keyed.newest));
            assert_ne!(keyed.current.status, ConnectionStatus::Disconnected);
            if let Some(candidate) = &keyed.candidate {
                assert_ne!(
                    candidate.version.status,
                    ConnectionStatus::Connected,
                    "an accepted version waits"
                );
            }
            valid.extend(versions.iter().map(|version| (keyed.id.uuid().as_u128(), *version)));
        }
        self.gone.extend(self.valid.difference(&valid));
        assert!(
            self.gone.is_disjoint(&valid),
            "a version that was gone is back after {events:?}"
        );
        for (id, version) in &self.gone {
            let validity = self.state.validity(credential(*id), *version);
            assert!(matches!(validity, Validity::Retired | Validity::Erased), "{validity:?}");
        }
        for (id, version) in &valid {
            assert_eq!(self.state.validity(credential(*id), *version), Validity::Valid);
        }
        self.valid = valid;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_no_working_key_is_lost_and_no_retired_one_returns(steps in prop::collection::vec(steps(), 1..60)) {
        let mut world = World::default();
        for step in &steps {
            world.take(step);
        }
    }
}
