use domain::KekId;
use domain::keyring::{KeyAdded, KeyPromoted, Keyring, KeyringCommand, KeyringEvent, RewrapCompleted};

use crate::given::given;

fn added(kek: u32) -> KeyringEvent {
    KeyAdded { kek: KekId(kek) }.into()
}

fn promoted(kek: u32) -> KeyringEvent {
    KeyPromoted { kek: KekId(kek) }.into()
}

#[test]
fn a_key_is_added_once() {
    given::<Keyring>([])
        .when(KeyringCommand::Add(KekId(1)))
        .then([added(1)]);
    given::<Keyring>([added(1)])
        .when(KeyringCommand::Add(KekId(1)))
        .then_nothing();
    given::<Keyring>([added(1), promoted(1)])
        .when(KeyringCommand::Add(KekId(2)))
        .then([added(2)]);
}

#[test]
fn only_a_known_key_is_promoted_and_only_once() {
    given::<Keyring>([])
        .when(KeyringCommand::Promote(KekId(1)))
        .then_rejected("unknown-key");
    given::<Keyring>([added(1)])
        .when(KeyringCommand::Promote(KekId(1)))
        .then([promoted(1)]);
    given::<Keyring>([added(1), promoted(1)])
        .when(KeyringCommand::Promote(KekId(1)))
        .then_nothing();
}

#[test]
fn adding_a_key_does_not_promote_it() {
    let keyring = given::<Keyring>([added(1), promoted(1), added(2)]).state();
    assert_eq!(keyring.current(), Some(KekId(1)));
}

#[test]
fn a_rewrap_is_completed_for_the_key_in_use() {
    let completed = |kek| KeyringCommand::CompleteRewrap {
        kek: KekId(kek),
        rewrapped: 9,
    };
    given::<Keyring>([added(1), added(2), promoted(2)])
        .when(completed(1))
        .then_rejected("key-not-current");
    given::<Keyring>([added(1), added(2), promoted(2)])
        .when(completed(2))
        .then([RewrapCompleted {
            kek: KekId(2),
            rewrapped: 9,
        }
        .into()]);
}
