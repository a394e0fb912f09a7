use domain::access::AccessEvent;
use domain::integration::IntegrationEvent;
use domain::{ConnectionName, CredentialId, Event, ProviderKey, StreamId};

/// What an event concerns, besides an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Subject<'a> {
    pub(crate) provider: Option<&'a ProviderKey>,
    pub(crate) connection: Option<&'a ConnectionName>,
    pub(crate) credential: Option<CredentialId>,
}

impl<'a> Subject<'a> {
    pub(crate) fn of(stream: &'a StreamId, event: &'a Event) -> Self {
        let provider = match stream {
            StreamId::Provider(provider) | StreamId::Integration(_, provider) => Some(provider),
            StreamId::Account(_)
            | StreamId::Access(_)
            | StreamId::Token(_)
            | StreamId::Keyring
            | StreamId::Operations => None,
        };
        match event {
            Event::Integration(event) => match connection(event) {
                Some((connection, credential)) => Self {
                    provider,
                    connection: Some(connection),
                    credential: Some(credential),
                },
                None => Self {
                    provider,
                    ..Self::default()
                },
            },
            Event::Access(AccessEvent::CredentialReleased(event)) => Self {
                provider: Some(&event.provider),
                connection: Some(&event.connection),
                credential: Some(event.credential),
            },
            Event::Provider(_) | Event::Account(_) | Event::Token(_) | Event::Keyring(_) | Event::Operation(_) => {
                Self {
                    provider,
                    ..Self::default()
                }
            }
        }
    }
}

fn connection(event: &IntegrationEvent) -> Option<(&ConnectionName, CredentialId)> {
    Some(match event {
        IntegrationEvent::CredentialConnected(event) => (&event.connection, event.credential),
        IntegrationEvent::CredentialRotated(event) => (&event.connection, event.credential),
        IntegrationEvent::CredentialTested(event) => (&event.connection, event.credential),
        IntegrationEvent::CredentialRetired(event) => (&event.connection, event.credential),
        IntegrationEvent::CredentialDisconnected(event) => (&event.connection, event.credential),
        IntegrationEvent::CredentialErased(event) => (&event.connection, event.credential),
        IntegrationEvent::IntegrationInstalled(_) | IntegrationEvent::IntegrationUninstalled(_) => return None,
    })
}
