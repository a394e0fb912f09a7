use super::{
    Candidate, Connection, Credential, CredentialConnected, CredentialDisconnected, CredentialRetired,
    CredentialRotated, CredentialTested, Installation, Integration, IntegrationEvent, Remains, Standing, Version,
};
use crate::{ConnectionName, CredentialId};

/// The state after one more event.
pub(super) fn evolve(state: Integration, event: &IntegrationEvent) -> Integration {
    match (state, event) {
        (Integration::Absent, IntegrationEvent::IntegrationInstalled(_)) => {
            Integration::Installed(Installation::new(Remains::default()))
        }
        (Integration::Uninstalled(remains), IntegrationEvent::IntegrationInstalled(_)) => {
            Integration::Installed(Installation::new(remains))
        }
        (Integration::Installed(installation), IntegrationEvent::IntegrationUninstalled(_)) => {
            Integration::Uninstalled(installation.remains)
        }
        (Integration::Installed(mut installation), event) => {
            change(&mut installation, event);
            Integration::Installed(installation)
        }
        (Integration::Uninstalled(mut remains), IntegrationEvent::CredentialErased(event)) => {
            remains.erase(event.credential, &event.versions);
            Integration::Uninstalled(remains)
        }
        (state, _) => state,
    }
}

fn change(installation: &mut Installation, event: &IntegrationEvent) {
    match event {
        IntegrationEvent::CredentialConnected(event) => connected(installation, event),
        IntegrationEvent::CredentialRotated(event) => {
            if let Some(credential) = find(installation, &event.connection, event.credential) {
                rotated(credential, event);
            }
        }
        IntegrationEvent::CredentialTested(event) => {
            if let Some(credential) = find(installation, &event.connection, event.credential) {
                tested(credential, event);
            }
        }
        IntegrationEvent::CredentialRetired(event) => retired(installation, event),
        IntegrationEvent::CredentialDisconnected(event) => disconnected(installation, event),
        IntegrationEvent::CredentialErased(event) => installation.remains.erase(event.credential, &event.versions),
        IntegrationEvent::IntegrationInstalled(_) | IntegrationEvent::IntegrationUninstalled(_) => {}
    }
}

fn find<'a>(
    installation: &'a mut Installation,
    connection: &ConnectionName,
    credential: CredentialId,
) -> Option<&'a mut Credential> {
    match installation.connections.get_mut(connection) {
        Some(Connection::Keyed(found)) if found.id == credential => Some(found),
        _ => None,
    }
}

fn connected(installation: &mut Installation, event: &CredentialConnected) {
    let first = Version::new(event.version, event.sealed.clone());
    let credential = Credential::new(event.credential, first);
    installation
        .connections
        .insert(event.connection.clone(), Connection::Keyed(Box::new(credential)));
}

fn rotated(credential: &mut Credential, event: &CredentialRotated) {
    let version = Version::new(event.version, event.sealed.clone());
    credential.newest = credential.newest.max(event.version);
    credential.drop_candidate();
    match &event.standing {
        Standing::Current { supersedes } => {
            credential.replace_current(version, supersedes.as_ref().and_then(|superseded| superseded.retire_at));
        }
        Standing::Candidate => {
            credential.candidate = Some(Candidate {
                version,
                overlap_seconds: event.overlap_seconds,
            });
        }
    }
}

fn tested(credential: &mut Credential, event: &CredentialTested) {
    if let Some(promotes_over) = &event.promotes_over
        && let Some(candidate) = credential.candidate.take_if(|c| c.version.number == event.version)
    {
        let mut version = candidate.version;
        version.status = version.status.after(&event.outcome);
        credential.replace_current(version, promotes_over.retire_at);
        return;
    }
    let candidate = credential.candidate.as_mut().map(|candidate| &mut candidate.version);
    let tested = [Some(&mut credential.current), candidate].into_iter().flatten();
    for version in tested.filter(|version| version.number == event.version) {
        version.status = version.status.after(&event.outcome);
    }
}

fn retired(installation: &mut Installation, event: &CredentialRetired) {
    let was_retiring = find(installation, &event.connection, event.credential)
        .is_some_and(|credential| credential.retiring.remove(&event.version).is_some());
    if was_retiring {
        installation
            .remains
            .add(&event.connection, event.credential, &[event.version]);
    }
}

fn disconnected(installation: &mut Installation, event: &CredentialDisconnected) {
    let Some(credential) = find(installation, &event.connection, event.credential) else {
        return;
    };
    let versions = credential.versions();
    installation.remains.add(&event.connection, event.credential, &versions);
    installation.connections.remove(&event.connection);
    installation
        .connections
        .entry(ConnectionName::default())
        .or_insert(Connection::Disconnected);
}
