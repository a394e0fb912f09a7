use domain::integration::{
    ConnectionStatus, CredentialConnected, CredentialDisconnected, CredentialErased, CredentialTested, Integration,
    IntegrationCommand, IntegrationEvent, IntegrationInstalled, IntegrationUninstalled, SaveOptions, SavedKey,
    TestOutcome, Validity, Verdict,
};
use domain::{Aggregate, ConnectionName};

use crate::given::{at, credential, default_connection, given, sealed, verdict};

pub(crate) fn installed() -> IntegrationEvent {
    IntegrationInstalled {}.into()
}

pub(crate) fn connected() -> IntegrationEvent {
    connected_as(&default_connection(), 1)
}

fn connected_as(connection: &ConnectionName, id: u128) -> IntegrationEvent {
    CredentialConnected {
        connection: connection.clone(),
        credential: credential(id),
        version: 1,
        sealed: sealed(1),
    }
    .into()
}

pub(crate) fn tested(version: u32, outcome: Verdict) -> IntegrationEvent {
    CredentialTested {
        connection: default_connection(),
        credential: credential(1),
        version,
        outcome: verdict(outcome),
        promotes_over: None,
    }
    .into()
}

fn disconnected() -> IntegrationEvent {
    CredentialDisconnected {
        connection: default_connection(),
        credential: credential(1),
    }
    .into()
}

fn erased(versions: &[u32]) -> IntegrationEvent {
    CredentialErased {
        connection: default_connection(),
        credential: credential(1),
        versions: versions.to_vec(),
    }
    .into()
}

pub(crate) fn save(version: u32, options: SaveOptions) -> IntegrationCommand {
    IntegrationCommand::Save(SavedKey {
        connection: default_connection(),
        credential: credential(1),
        version,
        sealed: sealed(version),
        testable: true,
        options,
        now: at(0),
    })
}

pub(crate) fn test(version: u32, outcome: TestOutcome) -> IntegrationCommand {
    IntegrationCommand::RecordTest {
        connection: default_connection(),
        credential: credential(1),
        version,
        outcome,
        now: at(0),
    }
}

fn disconnect() -> IntegrationCommand {
    IntegrationCommand::Disconnect {
        connection: default_connection(),
    }
}

pub(crate) fn status(events: impl IntoIterator<Item = IntegrationEvent>) -> ConnectionStatus {
    given::<Integration>(events)
        .state()
        .installed()
        .unwrap()
        .status(&default_connection())
}

#[test]
fn an_integration_is_installed_once() {
    given::<Integration>([])
        .when(IntegrationCommand::Install)
        .then([installed()]);
    given::<Integration>([installed()])
        .when(IntegrationCommand::Install)
        .then_rejected("already-installed");
}

#[test]
fn installing_leaves_a_disconnected_default_connection() {
    let state = given::<Integration>([installed()]).state();
    let connections: Vec<_> = state.installed().unwrap().connections.keys().cloned().collect();
    assert_eq!(connections, [default_connection()]);
    assert_eq!(status([installed()]), ConnectionStatus::Disconnected);
}

#[test]
fn nothing_can_be_done_with_what_is_not_installed() {
    let gone = [installed(), IntegrationUninstalled {}.into()];
    for events in [vec![], gone.to_vec()] {
        for command in [
            save(1, SaveOptions::default()),
            disconnect(),
            IntegrationCommand::Uninstall,
        ] {
            given::<Integration>(events.clone())
                .when(command)
                .then_rejected("not-installed");
        }
    }
}

#[test]
fn the_first_key_is_current_at_once_and_unverified() {
    given::<Integration>([installed()])
        .when(save(1, SaveOptions::default()))
        .then([connected()]);
    assert_eq!(status([installed(), connected()]), ConnectionStatus::Unverified);
}

#[test]
fn a_definitive_verdict_gives_the_status() {
    let after = |outcome| status([installed(), connected(), tested(1, outcome)]);
    assert_eq!(after(Verdict::Accepted), ConnectionStatus::Connected);
    assert_eq!(after(Verdict::AcceptedWithWarning), ConnectionStatus::Connected);
    assert_eq!(after(Verdict::Rejected), ConnectionStatus::Rejected);
}

#[test]
fn an_outage_never_disconnects_anyone() {
    for outcome in [Verdict::Unreachable, Verdict::RateLimited, Verdict::Misconfigured] {
        let events = [
            installed(),
            connected(),
            tested(1, Verdict::Accepted),
            tested(1, outcome),
        ];
        assert_eq!(status(events), ConnectionStatus::Connected, "{outcome:?}");
        assert_eq!(
            status([installed(), connected(), tested(1, outcome)]),
            ConnectionStatus::Unverified
        );
    }
}

#[test]
fn a_rejection_may_ask_the_account_to_authorize_again() {
    let outcome = TestOutcome::with_code(Verdict::Rejected, "needs_reauth");
    assert_eq!(
        ConnectionStatus::Connected.after(&outcome),
        ConnectionStatus::NeedsReauth
    );
}

#[test]
fn a_retest_of_the_key_in_use_is_noted() {
    let events = [installed(), connected(), tested(1, Verdict::Accepted)];
    given::<Integration>(events)
        .when(test(1, verdict(Verdict::Rejected)))
        .then([tested(1, Verdict::Rejected)]);
}

#[test]
fn a_test_that_says_nothing_of_the_key_in_use_is_not_noted() {
    let events = [installed(), connected()];
    given::<Integration>(events)
        .when(test(1, verdict(Verdict::Untestable)))
        .then_nothing();
}

#[test]
fn a_test_of_a_key_that_is_gone_is_not_noted() {
    let gone = [installed(), connected(), disconnected()];
    given::<Integration>(gone)
        .when(test(1, verdict(Verdict::Accepted)))
        .then_nothing();
    given::<Integration>([installed(), connected()])
        .when(test(7, verdict(Verdict::Accepted)))
        .then_nothing();
    given::<Integration>([])
        .when(test(1, verdict(Verdict::Accepted)))
        .then_nothing();
}

#[test]
fn disconnecting_makes_every_version_invalid_until_it_is_erased() {
    given::<Integration>([installed(), connected()])
        .when(disconnect())
        .then([disconnected()]);
    let state = given::<Integration>([installed(), connected(), disconnected()]).state();
    assert_eq!(state.validity(credential(1), 1), Validity::Retired);
    let events = [installed(), connected(), disconnected()];
    let record = IntegrationCommand::RecordErased {
        credential: credential(1),
        versions: vec![1, 2],
    };
    given::<Integration>(events.clone())
        .when(record.clone())
        .then([erased(&[1])]);
    let events = [installed(), connected(), disconnected(), erased(&[1])];
    given::<Integration>(events.clone()).when(record).then_nothing();
    assert_eq!(
        given::<Integration>(events).state().validity(credential(1), 1),
        Validity::Erased
    );
}

#[test]
fn a_valid_version_cannot_be_noted_as_erased() {
    let record = IntegrationCommand::RecordErased {
        credential: credential(1),
        versions: vec![1],
    };
    given::<Integration>([installed(), connected()])
        .when(record)
        .then_nothing();
}

#[test]
fn a_connection_without_a_key_cannot_be_disconnected() {
    given::<Integration>([installed()])
        .when(disconnect())
        .then_rejected("disconnected");
    given::<Integration>([installed(), connected(), disconnected()])
        .when(disconnect())
        .then_rejected("disconnected");
}

#[test]
fn after_a_disconnect_the_next_key_is_a_new_credential() {
    let events = [installed(), connected(), disconnected()];
    let state = given::<Integration>(events).state();
    let slot = state
        .slot(&default_connection(), SaveOptions::default(), credential(2))
        .unwrap();
    assert_eq!((slot.credential, slot.version), (credential(2), 1));
}

#[test]
fn uninstalling_takes_every_key_back() {
    let second: ConnectionName = "second".parse().unwrap();
    given::<Integration>([installed(), connected(), connected_as(&second, 2)])
        .when(IntegrationCommand::Uninstall)
        .then([
            disconnected(),
            CredentialDisconnected {
                connection: second,
                credential: credential(2),
            }
            .into(),
            IntegrationUninstalled {}.into(),
        ]);
}

#[test]
fn what_was_uninstalled_can_be_installed_again_and_remembers_what_is_to_be_erased() {
    let events = [
        installed(),
        connected(),
        disconnected(),
        IntegrationUninstalled {}.into(),
    ];
    given::<Integration>(events.clone())
        .when(IntegrationCommand::Install)
        .then([installed()]);
    let state = given::<Integration>(events.into_iter().chain([installed()])).state();
    assert_eq!(
        state.installed().unwrap().status(&default_connection()),
        ConnectionStatus::Disconnected
    );
    assert_eq!(state.remains().unwrap().unerased().count(), 1);
}

#[test]
fn an_account_has_at_most_twenty_connections_to_a_provider() {
    let name = |index: u128| -> ConnectionName { format!("c{index}").parse().unwrap() };
    let events = (0..19).map(|index| connected_as(&name(index), index + 10));
    let state = given::<Integration>([installed()].into_iter().chain(events)).state();
    let slot = |connection: ConnectionName| state.slot(&connection, SaveOptions::default(), credential(99));
    assert!(
        slot(default_connection()).is_ok(),
        "the default connection always has its place"
    );
    assert!(slot(name(3)).is_ok(), "a key can be replaced");
    let refused = state.decide(IntegrationCommand::Save(SavedKey {
        connection: name(19),
        credential: credential(99),
        version: 1,
        sealed: sealed(1),
        testable: true,
        options: SaveOptions::default(),
        now: at(0),
    }));
    assert_eq!(domain::Refusal::code(&refused.unwrap_err()), "too-many-connections");
}

#[test]
fn a_named_connection_is_there_as_long_as_it_holds_a_key() {
    let second: ConnectionName = "second".parse().unwrap();
    let gone = CredentialDisconnected {
        connection: second.clone(),
        credential: credential(2),
    };
    let state = given::<Integration>([installed(), connected_as(&second, 2), gone.into()]).state();
    let names: Vec<_> = state.installed().unwrap().connections.keys().cloned().collect();
    assert_eq!(names, [default_connection()]);
}

#[test]
fn a_key_that_was_sealed_for_another_place_is_rejected() {
    given::<Integration>([installed(), connected()])
        .when(save(1, SaveOptions::default()))
        .then_rejected("concurrent-change");
}

#[test]
fn closing_an_account_takes_every_key_back_and_asks_nothing_of_an_empty_one() {
    given::<Integration>([installed(), connected()])
        .when(IntegrationCommand::DisconnectAll)
        .then([disconnected()]);
    given::<Integration>([installed()])
        .when(IntegrationCommand::DisconnectAll)
        .then_nothing();
    given::<Integration>([])
        .when(IntegrationCommand::DisconnectAll)
        .then_nothing();
}
