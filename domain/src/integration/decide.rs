use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::{
    ConnectionStatus, Credential, CredentialConnected, CredentialDisconnected, CredentialErased, CredentialRetired,
    CredentialRotated, CredentialTested, Installation, Integration, IntegrationCommand, IntegrationEvent,
    IntegrationInstalled, IntegrationRejection, IntegrationUninstalled, Placement, SavedKey, Slot, Standing, Supersede,
    TestOutcome, Verdict,
};
use crate::{ConnectionName, CredentialId};

type Decision = Result<Vec<IntegrationEvent>, IntegrationRejection>;

/// What happens when `command` is given in this state.
pub(super) fn decide(state: &Integration, command: IntegrationCommand) -> Decision {
    match command {
        IntegrationCommand::Install => match state {
            Integration::Installed(_) => Err(IntegrationRejection::AlreadyInstalled),
            Integration::Absent | Integration::Uninstalled(_) => Ok(vec![IntegrationInstalled {}.into()]),
        },
        IntegrationCommand::Save(save) => decide_save(state, save),
        IntegrationCommand::RecordTest {
            connection,
            credential,
            version,
            outcome,
            now,
        } => Ok(record_test(state, &connection, credential, version, outcome, now)),
        IntegrationCommand::RetireExpired { now } => Ok(retire_expired(state, now)),
        IntegrationCommand::Disconnect { connection } => {
            let credential = state.installed()?.credential(&connection)?.id;
            Ok(vec![CredentialDisconnected { connection, credential }.into()])
        }
        IntegrationCommand::DisconnectAll => Ok(state.installed().map(disconnect_all).unwrap_or_default()),
        IntegrationCommand::RecordErased { credential, versions } => Ok(record_erased(state, credential, &versions)),
        IntegrationCommand::Uninstall => Ok(uninstall(state.installed()?)),
    }
}

fn decide_save(state: &Integration, save: SavedKey) -> Decision {
    let slot = state.slot(&save.connection, save.options, save.credential)?;
    let sealed_for = Slot {
        credential: save.credential,
        version: save.version,
    };
    if slot != sealed_for {
        return Err(IntegrationRejection::SlotTaken);
    }
    match state.installed()?.credential(&save.connection) {
        Ok(credential) => Ok(rotate(credential, save)),
        Err(_) => Ok(vec![
            CredentialConnected {
                connection: save.connection,
                credential: save.credential,
                version: save.version,
                sealed: save.sealed,
            }
            .into(),
        ]),
    }
}

/// No paste can break a working connection: a version that has a test to pass waits for it as long as another works.
fn rotate(credential: &Credential, save: SavedKey) -> Vec<IntegrationEvent> {
    let replace_now = save.options.placement == Placement::Now;
    let waits = !replace_now && save.testable && credential.works();
    // A newer version takes the place of one that waits, wherever it goes itself.
    let mut retired: BTreeSet<u32> = credential
        .candidate
        .iter()
        .map(|candidate| candidate.version.number)
        .collect();
    let standing = if waits {
        Standing::Candidate
    } else {
        let superseded = credential.supersede(save.options.overlap_seconds, save.now);
        retired.extend(retired_by(credential, &superseded));
        if replace_now {
            retired.extend(credential.retiring.keys());
        }
        Standing::Current {
            supersedes: Some(superseded),
        }
    };
    let connection = save.connection.clone();
    let rotated = CredentialRotated {
        connection: save.connection,
        credential: save.credential,
        version: save.version,
        sealed: save.sealed,
        standing,
        overlap_seconds: save.options.overlap_seconds,
    };
    let mut events = vec![rotated.into()];
    events.extend(retirements(&connection, credential.id, retired));
    events
}

/// The versions that are retired when the current one is superseded so.
fn retired_by(credential: &Credential, superseded: &Supersede) -> Vec<u32> {
    if superseded.retire_at.is_some() {
        credential.crowded_out().collect()
    } else {
        vec![superseded.version]
    }
}

fn retirements(
    connection: &ConnectionName,
    credential: CredentialId,
    versions: impl IntoIterator<Item = u32>,
) -> impl Iterator<Item = IntegrationEvent> {
    versions.into_iter().map(move |version| {
        let connection = connection.clone();
        CredentialRetired {
            connection,
            credential,
            version,
        }
        .into()
    })
}

/// A test counts for the version that was tested, and only while that one is in use or waiting.
fn record_test(
    state: &Integration,
    connection: &ConnectionName,
    tested: CredentialId,
    number: u32,
    outcome: TestOutcome,
    now: DateTime<Utc>,
) -> Vec<IntegrationEvent> {
    let keyed = state
        .installed()
        .and_then(|installation| installation.credential(connection));
    let Some(credential) = keyed.ok().filter(|credential| credential.id == tested) else {
        return Vec::new();
    };
    let Some(version) = credential.version(number) else {
        return Vec::new();
    };
    let untestable = outcome.verdict == Verdict::Untestable;
    let candidate = credential
        .candidate
        .as_ref()
        .filter(|candidate| candidate.version.number == number);
    // The row may have lost its test while the version waited: then nothing is left to wait for.
    let passes = outcome.verdict.is_accepted() || (untestable && version.status == ConnectionStatus::Unverified);
    let promotes_over = candidate
        .filter(|_| passes)
        .map(|candidate| credential.supersede(candidate.overlap_seconds, now));
    if untestable && promotes_over.is_none() {
        return Vec::new();
    }
    let retired = promotes_over
        .as_ref()
        .map(|superseded| retired_by(credential, superseded))
        .unwrap_or_default();
    let tested = CredentialTested {
        connection: connection.clone(),
        credential: credential.id,
        version: number,
        outcome,
        promotes_over,
    };
    let mut events = vec![tested.into()];
    events.extend(retirements(connection, credential.id, retired));
    events
}

fn retire_expired(state: &Integration, now: DateTime<Utc>) -> Vec<IntegrationEvent> {
    let Integration::Installed(installation) = state else {
        return Vec::new();
    };
    installation
        .keyed()
        .flat_map(|(connection, credential)| retirements(connection, credential.id, credential.expired(now)))
        .collect()
}

fn record_erased(state: &Integration, credential: CredentialId, versions: &[u32]) -> Vec<IntegrationEvent> {
    let Some(remnant) = state.remains().and_then(|remains| remains.of(credential)) else {
        return Vec::new();
    };
    let erased: Vec<u32> = remnant
        .unerased
        .iter()
        .copied()
        .filter(|version| versions.contains(version))
        .collect();
    if erased.is_empty() {
        return Vec::new();
    }
    let event = CredentialErased {
        connection: remnant.connection.clone(),
        credential,
        versions: erased,
    };
    vec![event.into()]
}

fn disconnect_all(installation: &Installation) -> Vec<IntegrationEvent> {
    let disconnected = installation.keyed().map(|(connection, credential)| {
        CredentialDisconnected {
            connection: connection.clone(),
            credential: credential.id,
        }
        .into()
    });
    disconnected.collect()
}

fn uninstall(installation: &Installation) -> Vec<IntegrationEvent> {
    let mut events = disconnect_all(installation);
    events.push(IntegrationUninstalled {}.into());
    events
}
