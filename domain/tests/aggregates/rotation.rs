use chrono::{DateTime, Utc};
use domain::integration::{
    ConnectionStatus, CredentialRetired, CredentialRotated, CredentialTested, Integration, IntegrationCommand,
    IntegrationEvent, Placement, SaveOptions, SavedKey, Standing, Supersede, Validity, Verdict,
};

use crate::given::{at, credential, default_connection, given, sealed, verdict};
use crate::integration::{connected, installed, save, status, test, tested};

const NOW: SaveOptions = SaveOptions {
    placement: Placement::Now,
    overlap_seconds: 0,
};

fn overlap(seconds: u32) -> SaveOptions {
    SaveOptions {
        placement: Placement::WhenAccepted,
        overlap_seconds: seconds,
    }
}

fn rotated(version: u32, standing: Standing, overlap_seconds: u32) -> IntegrationEvent {
    CredentialRotated {
        connection: default_connection(),
        credential: credential(1),
        version,
        sealed: sealed(version),
        standing,
        overlap_seconds,
    }
    .into()
}

fn supersede(version: u32, retire_at: Option<DateTime<Utc>>) -> Supersede {
    Supersede { version, retire_at }
}

fn current_over(version: u32, retire_at: Option<DateTime<Utc>>) -> Standing {
    Standing::Current {
        supersedes: Some(supersede(version, retire_at)),
    }
}

fn retired(version: u32) -> IntegrationEvent {
    CredentialRetired {
        connection: default_connection(),
        credential: credential(1),
        version,
    }
    .into()
}

fn promoted(version: u32, over: Supersede) -> IntegrationEvent {
    CredentialTested {
        connection: default_connection(),
        credential: credential(1),
        version,
        outcome: verdict(Verdict::Accepted),
        promotes_over: Some(over),
    }
    .into()
}

/// A connection that works with version 1.
fn working() -> Vec<IntegrationEvent> {
    vec![installed(), connected(), tested(1, Verdict::Accepted)]
}

fn and(mut events: Vec<IntegrationEvent>, more: impl IntoIterator<Item = IntegrationEvent>) -> Vec<IntegrationEvent> {
    events.extend(more);
    events
}

fn current(events: Vec<IntegrationEvent>) -> u32 {
    let state = given::<Integration>(events).state();
    state
        .installed()
        .unwrap()
        .credential(&default_connection())
        .unwrap()
        .current
        .number
}

#[test]
fn a_new_key_waits_while_another_works() {
    given::<Integration>(working())
        .when(save(2, overlap(0)))
        .then([rotated(2, Standing::Candidate, 0)]);
    let events = and(working(), [rotated(2, Standing::Candidate, 0)]);
    assert_eq!(current(events.clone()), 1);
    assert_eq!(status(events), ConnectionStatus::Connected);
}

#[test]
fn a_rejected_key_never_replaces_a_working_one() {
    let events = and(working(), [rotated(2, Standing::Candidate, 0)]);
    given::<Integration>(events.clone())
        .when(test(2, verdict(Verdict::Rejected)))
        .then([tested(2, Verdict::Rejected)]);
    let events = and(events, [tested(2, Verdict::Rejected)]);
    assert_eq!(current(events.clone()), 1);
    assert_eq!(status(events), ConnectionStatus::Connected);
}

#[test]
fn an_outage_while_a_key_waits_leaves_it_waiting() {
    let events = and(working(), [rotated(2, Standing::Candidate, 0)]);
    given::<Integration>(events.clone())
        .when(test(2, verdict(Verdict::Unreachable)))
        .then([tested(2, Verdict::Unreachable)]);
    assert_eq!(current(and(events, [tested(2, Verdict::Unreachable)])), 1);
}

#[test]
fn an_accepted_key_takes_the_place_of_the_one_before_which_is_retired() {
    let events = and(working(), [rotated(2, Standing::Candidate, 0)]);
    let outcome = [promoted(2, supersede(1, None)), retired(1)];
    given::<Integration>(events.clone())
        .when(test(2, verdict(Verdict::Accepted)))
        .then(outcome.clone());
    let events = and(events, outcome);
    assert_eq!(current(events.clone()), 2);
    assert_eq!(
        given::<Integration>(events).state().validity(credential(1), 1),
        Validity::Retired
    );
}

#[test]
fn a_key_that_was_rejected_first_is_promoted_when_a_later_test_accepts_it() {
    let events = and(
        working(),
        [rotated(2, Standing::Candidate, 0), tested(2, Verdict::Rejected)],
    );
    given::<Integration>(events)
        .when(test(2, verdict(Verdict::Accepted)))
        .then([promoted(2, supersede(1, None)), retired(1)]);
}

#[test]
fn an_overlap_keeps_the_old_key_valid_until_then() {
    let events = and(working(), [rotated(2, Standing::Candidate, 60)]);
    let outcome = promoted(2, supersede(1, Some(at(60))));
    given::<Integration>(events.clone())
        .when(test(2, verdict(Verdict::Accepted)))
        .then([outcome.clone()]);
    let events = and(events, [outcome]);
    assert_eq!(
        given::<Integration>(events.clone()).state().validity(credential(1), 1),
        Validity::Valid
    );
    let expire = |seconds| IntegrationCommand::RetireExpired { now: at(seconds) };
    given::<Integration>(events.clone()).when(expire(59)).then_nothing();
    given::<Integration>(events.clone()).when(expire(60)).then([retired(1)]);
    given::<Integration>(and(events, [retired(1)]))
        .when(expire(60))
        .then_nothing();
}

#[test]
fn where_nothing_worked_a_new_key_is_current_at_once() {
    let rejected = vec![installed(), connected(), tested(1, Verdict::Rejected)];
    given::<Integration>(rejected)
        .when(save(2, overlap(60)))
        .then([rotated(2, current_over(1, None), 60), retired(1)]);
    let unverified = vec![installed(), connected()];
    given::<Integration>(unverified)
        .when(save(2, overlap(60)))
        .then([rotated(2, current_over(1, Some(at(60))), 60)]);
}

#[test]
fn a_row_without_a_test_lets_the_new_key_in_at_once() {
    let untestable = IntegrationCommand::Save(SavedKey {
        connection: default_connection(),
        credential: credential(1),
        version: 2,
        sealed: sealed(2),
        testable: false,
        options: overlap(0),
        now: at(0),
    });
    given::<Integration>(working())
        .when(untestable)
        .then([rotated(2, current_over(1, None), 0), retired(1)]);
    let events = and(working(), [rotated(2, current_over(1, None), 0), retired(1)]);
    assert_eq!(
        status(events),
        ConnectionStatus::Unverified,
        "it never says connected by itself"
    );
}

#[test]
fn a_newer_candidate_retires_the_one_that_waited() {
    let events = and(working(), [rotated(2, Standing::Candidate, 0)]);
    given::<Integration>(events.clone())
        .when(save(3, overlap(0)))
        .then([rotated(3, Standing::Candidate, 0), retired(2)]);
    let events = and(events, [rotated(3, Standing::Candidate, 0), retired(2)]);
    given::<Integration>(events.clone())
        .when(test(2, verdict(Verdict::Accepted)))
        .then_nothing();
    assert_eq!(current(events), 1);
}

#[test]
fn replace_now_retires_everything_before_it_whatever_it_does() {
    let events = and(
        working(),
        [
            rotated(2, Standing::Candidate, 60),
            promoted(2, supersede(1, Some(at(60)))),
        ],
    );
    let events = and(events, [rotated(3, Standing::Candidate, 0)]);
    given::<Integration>(events).when(save(4, NOW)).then([
        rotated(4, current_over(2, None), 0),
        retired(1),
        retired(2),
        retired(3),
    ]);
}

#[test]
fn a_leaked_key_gets_no_overlap() {
    let options = SaveOptions {
        overlap_seconds: 1,
        ..NOW
    };
    given::<Integration>(working())
        .when(save(2, options))
        .then_rejected("overlap-with-replace");
}

#[test]
fn an_overlap_ends_within_thirty_days() {
    let longest = SaveOptions::MAX_OVERLAP_SECONDS;
    given::<Integration>(working())
        .when(save(2, overlap(longest)))
        .then([rotated(2, Standing::Candidate, longest)]);
    given::<Integration>(working())
        .when(save(2, overlap(longest + 1)))
        .then_rejected("overlap-too-long");
}

#[test]
fn at_most_three_old_versions_stay_valid() {
    let mut events = working();
    for version in 2..=4 {
        events.push(rotated(version, Standing::Candidate, 60));
        events.push(promoted(version, supersede(version - 1, Some(at(60)))));
    }
    events.push(rotated(5, Standing::Candidate, 60));
    given::<Integration>(events)
        .when(test(5, verdict(Verdict::Accepted)))
        .then([promoted(5, supersede(4, Some(at(60)))), retired(1)]);
}

#[test]
fn a_key_that_waits_is_let_in_when_its_row_loses_the_test() {
    let waiting = and(working(), [rotated(2, Standing::Candidate, 0)]);
    let untestable = CredentialTested {
        connection: default_connection(),
        credential: credential(1),
        version: 2,
        outcome: verdict(Verdict::Untestable),
        promotes_over: Some(supersede(1, None)),
    };
    given::<Integration>(waiting.clone())
        .when(test(2, verdict(Verdict::Untestable)))
        .then([untestable.into(), retired(1)]);
    let rejected = and(waiting, [tested(2, Verdict::Rejected)]);
    given::<Integration>(rejected)
        .when(test(2, verdict(Verdict::Untestable)))
        .then_nothing();
}
