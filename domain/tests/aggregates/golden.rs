//! The stored form of every event. A golden file is never changed: it is what logs in use hold. A new form gets a new
//! schema version and a folder of its own.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use domain::Event;
use domain::access::AccessEvent;
use domain::account::AccountEvent;
use domain::integration::IntegrationEvent;
use domain::keyring::KeyringEvent;
use domain::operation::OperationEvent;
use domain::provider::ProviderEvent;
use domain::token::TokenEvent;
use serde_json::Value;

/// The newest schema version, and its folder.
const NEWEST: u16 = 1;

fn folder(version: u16) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/v{version}"))
}

/// The files of a version: `<Kind>.json`, or `<Kind>.<variant>.json` where one form is not enough to show all of it.
fn goldens(version: u16) -> Vec<(String, String, String)> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder(version)).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let kind = name.split('.').next().unwrap().to_owned();
        files.push((name, kind, std::fs::read_to_string(&path).unwrap()));
    }
    files.sort();
    files
}

fn kinds() -> BTreeSet<&'static str> {
    let all = [
        ProviderEvent::KINDS,
        AccountEvent::KINDS,
        IntegrationEvent::KINDS,
        AccessEvent::KINDS,
        TokenEvent::KINDS,
        KeyringEvent::KINDS,
        OperationEvent::KINDS,
    ];
    all.into_iter().flatten().copied().collect()
}

#[test]
fn every_kind_of_event_has_a_golden_file() {
    let known: BTreeSet<String> = goldens(NEWEST).into_iter().map(|(_, kind, _)| kind).collect();
    let missing: Vec<_> = kinds().into_iter().filter(|kind| !known.contains(*kind)).collect();
    assert!(
        missing.is_empty(),
        "add domain/tests/golden/v{NEWEST}/<Kind>.json for {missing:?}"
    );
}

#[test]
fn every_golden_file_is_read_and_written_back_as_it_is() {
    let mut differing = Vec::new();
    for (name, kind, text) in goldens(NEWEST) {
        let event = Event::decode(&kind, NEWEST, &text).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!((event.kind(), event.schema()), (kind.as_str(), NEWEST), "{name}");
        let golden: Value = serde_json::from_str(&text).unwrap();
        let written: Value = serde_json::from_str(&event.encode().unwrap()).unwrap();
        if written != golden {
            differing.push(format!("{name} is written as\n{written:#}"));
        }
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

#[test]
fn a_newer_version_and_an_unknown_type_are_refused() {
    let newer = Event::decode("AccountClosed", NEWEST + 1, "{}")
        .unwrap_err()
        .to_string();
    assert!(
        newer.contains("AccountClosed") && newer.contains("version 2"),
        "{newer}"
    );
    let unknown = Event::decode("AccountBlessed", 1, "{}").unwrap_err().to_string();
    assert!(unknown.contains("AccountBlessed"), "{unknown}");
}

#[test]
fn damaged_data_is_refused_without_repeating_it() {
    let error = Event::decode("AccountRenamed", 1, r#"{"name": 12345}"#)
        .unwrap_err()
        .to_string();
    assert!(error.contains("AccountRenamed") && !error.contains("12345"), "{error}");
}
