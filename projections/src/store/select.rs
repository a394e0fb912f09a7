use domain::{AccountId, CredentialId, Position, ProviderKey};

/// Which documents of a model are read, in the order of their keys.
#[derive(Debug, Clone, Copy)]
pub(crate) enum DocumentSelect<'a> {
    /// The one with this key.
    Key(&'a str),
    /// Those whose key starts with `prefix`: at most `limit` after the key `after`.
    Range {
        prefix: &'a str,
        after: &'a str,
        limit: u32,
    },
    /// Those that are found by `lookup`: at most `limit` after the key `after`.
    Lookup {
        lookup: &'a str,
        after: &'a str,
        limit: u32,
    },
}

/// Which events of the history are read, in the order of the log. Conditions that are none hold for every event.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct EventSelect<'a> {
    pub(crate) after: Position,
    /// Up to this one, and no further.
    pub(crate) until: Option<Position>,
    /// So many that fit are left out first.
    pub(crate) skip: u32,
    pub(crate) limit: Option<u32>,
    pub(crate) account: Option<&'a AccountId>,
    pub(crate) provider: Option<&'a ProviderKey>,
    pub(crate) kind: Option<&'a str>,
    pub(crate) actor: Option<&'a str>,
    pub(crate) credential: Option<CredentialId>,
}

impl EventSelect<'_> {
    /// The conditions on texts: the column and its value.
    pub(super) fn texts(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            ("account", self.account.map(AccountId::as_str)),
            ("provider", self.provider.map(ProviderKey::as_str)),
            ("kind", self.kind),
            ("actor", self.actor),
        ]
        .into_iter()
        .filter_map(|(column, value)| Some((column, value?)))
    }
}

/// The smallest text after all that start with `prefix`, which ends in an ASCII character.
pub(super) fn after_all_with(prefix: &str) -> String {
    let mut end = prefix.to_owned();
    if let Some(last) = end.pop() {
        end.extend(char::from_u32(last as u32 + 1));
    } else {
        end.push(char::MAX);
    }
    end
}
