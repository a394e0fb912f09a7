//! The answer of `ai-config` as JSON, written in one go.
//!
//! It is the answer that is given most often, and its texts are a good part of its cost: almost all of them need no
//! escape, which is seen faster for a whole text than for each byte on the way. The others are left to `serde_json`.

use secrecy::ExposeSecret;

use super::ai_config::AiConfig;

/// More than an answer has beside its texts, in bytes.
const FRAME: usize = 384;

/// More than stands around a name and its value: quotes, colon and comma.
const AROUND: usize = 6;

impl AiConfig<'_> {
    /// The answer. This is the one place of the API where a secret is exposed.
    ///
    /// # Errors
    /// None that is known: a text that cannot be escaped.
    pub(super) fn json(&self) -> Result<Vec<u8>, serde_json::Error> {
        // Room for all of it: a buffer that grows leaves copies of the key behind in freed memory.
        let mut to = Vec::with_capacity(self.room());
        member(&mut to, r#"{"account":"#, self.account.as_str())?;
        member(&mut to, r#","provider":"#, self.provider.as_str())?;
        member(&mut to, r#","connection":"#, self.connection.as_str())?;
        to.extend_from_slice(br#","credential_version":"#);
        serde_json::to_writer(&mut to, &self.credential_version)?;
        member(&mut to, r#","source":"#, self.source)?;
        to.extend_from_slice(br#","status":"#);
        serde_json::to_writer(&mut to, &self.status)?;
        to.extend_from_slice(br#","request":"#);
        if let Some(request) = &self.request {
            member(&mut to, r#"{"base_url":"#, request.base_url)?;
            members(&mut to, r#","headers":{"#, request.headers)?;
            members(&mut to, r#","query":{"#, request.query)?;
            to.push(b'}');
        } else {
            to.extend_from_slice(b"null");
        }
        let fields = self.fields.iter();
        members(
            &mut to,
            r#","fields":{"#,
            fields.map(|(name, value)| (name, value.expose_secret())),
        )?;
        match self.model {
            Some(model) => member(&mut to, r#","model":"#, model)?,
            None => to.extend_from_slice(br#","model":null"#),
        }
        to.extend_from_slice(br#","position":"#);
        serde_json::to_writer(&mut to, &self.position)?;
        to.push(b'}');
        Ok(to)
    }

    /// How long the answer is at most, unless texts of it are escaped.
    fn room(&self) -> usize {
        let ids = self.account.as_str().len() + self.provider.as_str().len() + self.connection.as_str().len();
        let fields = self.fields.iter();
        let values: usize = fields
            .map(|(name, value)| name.len() + value.expose_secret().len() + AROUND)
            .sum();
        let request = self.request.as_ref().map_or(0, |parts| {
            let pairs = parts.headers.iter().chain(parts.query);
            let pairs: usize = pairs.map(|(name, value)| name.len() + value.len() + AROUND).sum();
            parts.base_url.len() + pairs
        });
        FRAME + ids + self.source.len() + self.model.map_or(0, str::len) + values + request
    }
}

/// The members of an object, whose brace is opened by `start`.
fn members<N, V>(to: &mut Vec<u8>, start: &str, all: impl IntoIterator<Item = (N, V)>) -> serde_json::Result<()>
where
    N: AsRef<str>,
    V: AsRef<str>,
{
    to.extend_from_slice(start.as_bytes());
    let mut before = "";
    for (name, value) in all {
        to.extend_from_slice(before.as_bytes());
        text(to, name.as_ref())?;
        member(to, ":", value.as_ref())?;
        before = ",";
    }
    to.push(b'}');
    Ok(())
}

/// What stands before a value, and the value.
fn member(to: &mut Vec<u8>, before: &str, value: &str) -> serde_json::Result<()> {
    to.extend_from_slice(before.as_bytes());
    text(to, value)
}

/// A JSON string (RFC 8259, section 7).
fn text(to: &mut Vec<u8>, text: &str) -> serde_json::Result<()> {
    let escaped = |byte: u8| byte < b' ' || byte == b'"' || byte == b'\\';
    // Every byte is looked at, without leaving early: so the compiler looks at many at once.
    if text.bytes().fold(false, |any, byte| any | escaped(byte)) {
        return serde_json::to_writer(to, text);
    }
    to.push(b'"');
    to.extend_from_slice(text.as_bytes());
    to.push(b'"');
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use domain::Position;
    use domain::integration::ConnectionStatus;
    use domain::recipe::{FieldValues, Pairs};
    use secrecy::SecretString;
    use serde_json::{Value, json};

    use super::super::ai_config::RequestParts;
    use super::*;

    const TEXTS: [&str; 5] = [
        "",
        "plain",
        "ü🔑\u{2028}\u{7f}",
        "a \"quoted\" \\ text",
        "\n\t\u{0}\u{1f}",
    ];

    fn written(config: &AiConfig<'_>) -> (Value, usize) {
        let bytes = config.json().unwrap();
        (serde_json::from_slice(&bytes).unwrap(), bytes.len())
    }

    #[test]
    fn every_text_is_read_as_it_was_written() {
        let pairs: BTreeMap<String, String> = (0..)
            .zip(TEXTS)
            .map(|(n, t)| (format!("{t}{n}"), t.to_owned()))
            .collect();
        let secrets = pairs
            .iter()
            .map(|(name, value)| (name.clone(), SecretString::from(value.as_str())));
        let fields = FieldValues::from_pairs(secrets);
        let parts: Pairs = pairs
            .iter()
            .map(|(name, value)| (name.clone(), value.clone().into()))
            .collect();
        let (account, provider) = ("acme".parse().unwrap(), "mailer".parse().unwrap());
        let connection = "default".parse().unwrap();
        for text in TEXTS {
            let config = AiConfig {
                account: &account,
                provider: &provider,
                connection: &connection,
                credential_version: 12,
                source: text,
                status: ConnectionStatus::Connected,
                request: Some(RequestParts {
                    base_url: text,
                    headers: &parts,
                    query: &parts,
                }),
                fields: &fields,
                model: Some(text),
                position: Position::from_stored(u64::MAX),
            };
            let expected = json!({
                "account": "acme", "provider": "mailer", "connection": "default", "credential_version": 12,
                "source": text, "status": "connected",
                "request": {"base_url": text, "headers": pairs, "query": pairs},
                "fields": pairs, "model": text, "position": "18446744073709551615",
            });
            assert_eq!(written(&config).0, expected);
        }
    }

    #[test]
    fn what_there_is_not_is_null_or_empty_and_the_room_suffices() {
        let (account, provider) = ("acme".parse().unwrap(), "mailer".parse().unwrap());
        let connection = "default".parse().unwrap();
        let (none, fields) = (Pairs::new(), FieldValues::default());
        let mut config = AiConfig {
            account: &account,
            provider: &provider,
            connection: &connection,
            credential_version: u32::MAX,
            source: "account",
            status: ConnectionStatus::Unverified,
            request: None,
            fields: &fields,
            model: None,
            position: Position::START,
        };
        let (value, _) = written(&config);
        assert_eq!((&value["request"], &value["model"]), (&Value::Null, &Value::Null));
        assert_eq!(value["fields"], json!({}));
        let long = "x".repeat(5000);
        config.request = Some(RequestParts {
            base_url: &long,
            headers: &none,
            query: &none,
        });
        config.position = Position::from_stored(u64::MAX);
        let (value, length) = written(&config);
        assert_eq!(value["request"]["headers"], json!({}));
        assert!(length <= config.room());
    }
}
