use domain::{Actor, ActorKind, CommandId, CorrelationId, EventId, Metadata, StreamId};
use uuid::Uuid;
use uuid::fmt::Hyphenated;

use crate::envelope::Envelope;

/// Reads an envelope that stands exactly as [`crate::envelope::complete`] writes it: the same fields in the same order,
/// without spaces and without escapes. None for any other, which is read as JSON like any JSON. It takes a third of
/// the time, and reading envelopes is a good part of reading a log.
pub(crate) fn read(envelope: &str) -> Option<Envelope<'_>> {
    let mut text = Text(envelope);
    let position = text.number(r#"{"position":"#)?;
    let stream: StreamId = text.string(r#","stream":""#)?.parse().ok()?;
    let revision = text.number(r#","revision":"#)?;
    let id = EventId::new(text.uuid(r#","id":""#)?);
    let kind = text.string(r#","kind":""#)?;
    let schema = text.number(r#","schema":"#)?.try_into().ok()?;
    let recorded_at = text.number(r#","recorded_at":"#)?.try_into().ok()?;
    let actor = Actor {
        kind: actor_kind(text.string(r#","metadata":{"actor":{"kind":""#)?)?,
        id: text.string(r#","id":""#)?.to_owned(),
    };
    text.skip("}")?;
    let account = text.string(r#","account":""#).map(|account| match &stream {
        StreamId::Account(id) | StreamId::Access(id) | StreamId::Integration(id, _) if id.as_str() == account => {
            Some(id.clone())
        }
        _ => account.parse().ok(),
    });
    let account = match account {
        Some(account) => Some(account?),
        None => None,
    };
    let metadata = Metadata {
        actor,
        account,
        command_id: CommandId::new(text.uuid(r#","command_id":""#)?),
        correlation_id: CorrelationId::new(text.uuid(r#","correlation_id":""#)?),
        request: match text.string(r#","request":""#) {
            Some(request) => Some(request.parse().ok()?),
            None => None,
        },
    };
    text.skip("}}")?;
    text.0.is_empty().then_some(Envelope {
        position,
        stream,
        revision,
        id,
        kind,
        schema,
        recorded_at,
        metadata,
    })
}

fn actor_kind(text: &str) -> Option<ActorKind> {
    [ActorKind::User, ActorKind::Service, ActorKind::Ai, ActorKind::System]
        .into_iter()
        .find(|kind| kind.as_str() == text)
}

/// The bytes at which a string of JSON ends, or is not simply its own text: quotation mark, backslash, control characters.
const ENDS: [bool; 256] = {
    let mut ends = [false; 256];
    let mut byte = 0;
    while byte < 32 {
        ends[byte] = true;
        byte += 1;
    }
    ends[b'"' as usize] = true;
    ends[b'\\' as usize] = true;
    ends
};

/// What is left of a text.
struct Text<'a>(&'a str);

impl<'a> Text<'a> {
    fn skip(&mut self, what: &str) -> Option<()> {
        self.0 = self.0.strip_prefix(what)?;
        Some(())
    }

    /// What stands between `before`, which ends in a quotation mark, and the next one. Without it nothing is passed by.
    fn string(&mut self, before: &str) -> Option<&'a str> {
        let rest = self.0.strip_prefix(before)?;
        let end = rest.bytes().position(|b| ENDS[usize::from(b)])?;
        self.0 = rest[end..].strip_prefix('"')?;
        Some(&rest[..end])
    }

    /// The same for a UUID, in the form of RFC 9562.
    fn uuid(&mut self, before: &str) -> Option<Uuid> {
        let rest = self.0.strip_prefix(before)?;
        let (uuid, rest) = rest.split_at_checked(Hyphenated::LENGTH)?;
        self.0 = rest.strip_prefix('"')?;
        Uuid::try_parse(uuid).ok()
    }

    /// A whole number as JSON has it: without zeros before it.
    fn number(&mut self, before: &str) -> Option<u64> {
        let rest = self.0.strip_prefix(before)?;
        let end = rest.bytes().position(|b| !b.is_ascii_digit())?;
        let digits = &rest[..end];
        if digits.len() > 1 && digits.starts_with('0') {
            return None;
        }
        self.0 = &rest[end..];
        digits.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use domain::{AccountId, RequestDigest};

    use super::*;
    use crate::NewEvent;
    use crate::envelope::{complete, prepare};

    fn event(account: Option<&str>, actor: &str, request: bool) -> NewEvent {
        let command = CommandId::of("scope", "key");
        NewEvent {
            id: EventId::of(command, 0),
            kind: "CredentialTested".to_owned(),
            schema: 1,
            recorded_at: DateTime::from_timestamp_micros(1_700_000_000_123_456).unwrap(),
            metadata: Metadata {
                actor: Actor {
                    kind: ActorKind::Ai,
                    id: actor.to_owned(),
                },
                account: account.map(|account| account.parse::<AccountId>().unwrap()),
                command_id: command,
                correlation_id: CorrelationId::new(command.step("outside").uuid()),
                request: request.then(|| RequestDigest::new([7; 16])),
            },
            data: "{}".to_owned(),
        }
    }

    fn written(event: &NewEvent, stream: &str) -> String {
        complete(&prepare(event).unwrap(), event.id, stream, 3, 42)
    }

    #[test]
    fn what_is_written_is_read_as_json_would_be() {
        for (account, stream) in [
            (Some("acme"), "integration-acme.stripe"),
            (Some("acme"), "access-acme"),
            (Some("agency"), "account-acme"),
            (None, "provider-stripe"),
            (None, "keyring"),
        ] {
            for request in [true, false] {
                let envelope = written(&event(account, "sub|Zoë", request), stream);
                assert_eq!(read(&envelope).unwrap(), serde_json::from_str(&envelope).unwrap());
            }
        }
    }

    #[test]
    fn any_other_text_is_left_to_json() {
        let envelope = written(&event(Some("acme"), "a \"quoted\" name", true), "access-acme");
        assert!(read(&envelope).is_none(), "an escape");
        let plain = written(&event(Some("acme"), "somebody", true), "access-acme");
        assert!(read(&plain).is_some());
        for (what, other) in [
            ("a space", plain.replacen(':', ": ", 1)),
            (
                "a zero before a number",
                plain.replace("\"revision\":3", "\"revision\":03"),
            ),
            ("a number too large", plain.replace("\"schema\":1", "\"schema\":65536")),
            ("no stream", plain.replace("access-acme", "acme")),
            ("no account", plain.replace("\"acme\"", "\"a b\"")),
            ("no id", plain.replace("\"id\":\"", "\"id\":\"x")),
            ("another actor", plain.replace("\"ai\"", "\"robot\"")),
            ("more behind it", format!("{plain}}}")),
            ("less", plain[..plain.len() - 1].to_owned()),
            ("nothing", String::new()),
        ] {
            assert!(read(&other).is_none(), "{what}");
        }
    }
}
