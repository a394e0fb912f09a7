use anyhow::Result;
use chrono::{DateTime, Utc};
use domain::access::CredentialReleased;
use domain::account::AccountOpened;
use domain::integration::{
    CredentialConnected, CredentialTested, IntegrationEvent, IntegrationInstalled, SealedSecret, TestOutcome, Verdict,
};
use domain::{
    AccountId, Actor, ActorKind, CommandId, ConnectionName, CorrelationId, CredentialId, DekId, Event, EventId,
    Fingerprint, Metadata, ProviderKey, RequestDigest, Sha256Digest, StreamId,
};
use eventlog::{EventLog, Expected, NewEvent};
use futures::{StreamExt, TryStreamExt};
use uuid::Uuid;

/// How many providers each account uses.
const PROVIDERS: usize = 6;

/// One append of a history: a stream and what is added to it.
pub(crate) type Append = (StreamId, Vec<NewEvent>);

/// A history as the product writes it: accounts open, connect [`PROVIDERS`] providers each, test and use the keys. It is
/// the same at each call and never ends.
pub(crate) fn history() -> impl Iterator<Item = Result<Append>> {
    (0..).flat_map(|account| (0..=PROVIDERS * 3).map(move |step| append(account, step)))
}

/// Appends the first `count` events of the [`history`].
pub(crate) async fn fill(log: &impl EventLog, count: usize) -> Result<()> {
    let mut left = count;
    let appends = history().map_while(|append| {
        let (stream, mut events) = match append {
            Ok(append) => append,
            Err(error) => return Some(Err(error)),
        };
        events.truncate(left);
        left -= events.len();
        (!events.is_empty()).then_some(Ok((stream, events)))
    });
    futures::stream::iter(appends)
        .map(|append| async {
            let (stream, events) = append?;
            log.append(&stream, Expected::Any, events).await?;
            Ok(())
        })
        .buffered(512)
        .try_collect()
        .await
}

/// A stream for one writer of a measurement.
pub(crate) fn own_stream(name: &str) -> Result<StreamId> {
    Ok(StreamId::Integration(name.parse()?, "stripe".parse()?))
}

/// An event as most are; `name` makes its id.
pub(crate) fn one_event(name: &str) -> Result<NewEvent> {
    let command = CommandId::of("one event", name);
    let (_, events) = connect(&"acme".parse()?, command, 1, DateTime::default())?;
    let metadata = metadata("acme".parse()?, command, 0)?;
    Ok(NewEvent::new(
        EventId::of(command, 0),
        &events[0],
        DateTime::default(),
        metadata,
    )?)
}

fn append(account: usize, step: usize) -> Result<Append> {
    let id: AccountId = format!("account-{account:06}").parse()?;
    let command = CommandId::of(&format!("{account}"), &format!("{step}"));
    let recorded_at = DateTime::from_timestamp_micros(1_700_000_000_000_000 + i64::try_from(account * 1000 + step)?)
        .unwrap_or_default();
    let (stream, events) = if step == 0 {
        let opened = AccountOpened {
            name: format!("Account number {account}"),
            parent: None,
        };
        (StreamId::Account(id.clone()), vec![Event::Account(opened.into())])
    } else {
        connect(&id, command, step - 1, recorded_at)?
    };
    let metadata = metadata(id, command, account)?;
    let events = (0..)
        .zip(&events)
        .map(|(index, event)| NewEvent::new(EventId::of(command, index), event, recorded_at, metadata.clone()))
        .collect::<Result<_, _>>()?;
    Ok((stream, events))
}

fn metadata(account: AccountId, command: CommandId, number: usize) -> Result<Metadata> {
    Ok(Metadata {
        actor: Actor {
            kind: ActorKind::Service,
            id: Uuid::new_v5(&Uuid::NAMESPACE_OID, b"actor").to_string(),
        },
        account: Some(account),
        command_id: command,
        correlation_id: CorrelationId::new(command.step("request").uuid()),
        request: Some(RequestDigest::new([u8::try_from(number % 251)?; 16])),
    })
}

/// One of the three appends by which an account connects and uses a provider.
fn connect(account: &AccountId, command: CommandId, step: usize, now: DateTime<Utc>) -> Result<(StreamId, Vec<Event>)> {
    let provider: ProviderKey = format!("provider-{}", step / 3).parse()?;
    let connection: ConnectionName = "default".parse()?;
    let credential = CredentialId::new(Uuid::new_v5(
        &Uuid::NAMESPACE_OID,
        format!("{account}.{provider}").as_bytes(),
    ));
    let stream = StreamId::Integration(account.clone(), provider.clone());
    let integration = |event: IntegrationEvent| Event::Integration(event);
    Ok(match step % 3 {
        0 => {
            let digest = Sha256Digest::of(command.to_string().as_bytes());
            let sealed = SealedSecret {
                dek: DekId::new(command.uuid()),
                envelope_sha256: digest,
                fingerprint: Fingerprint::new(*digest.as_bytes()),
            };
            let connected = CredentialConnected {
                connection,
                credential,
                version: 1,
                sealed,
            };
            (
                stream,
                vec![
                    integration(IntegrationInstalled {}.into()),
                    integration(connected.into()),
                ],
            )
        }
        1 => {
            let outcome = TestOutcome {
                verdict: Verdict::Accepted,
                code: None,
                identity: Some(format!("acct_{account}")),
            };
            let tested = CredentialTested {
                connection,
                credential,
                version: 1,
                outcome,
                promotes_over: None,
            };
            (stream, vec![integration(tested.into())])
        }
        _ => {
            let released = CredentialReleased {
                provider,
                connection,
                credential,
                version: 1,
                principal: credential.to_string(),
                purpose: Some("campaign drafts".to_owned()),
                on_behalf_of: None,
                lease_until: now,
            };
            (StreamId::Access(account.clone()), vec![Event::Access(released.into())])
        }
    })
}
