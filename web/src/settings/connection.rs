use std::collections::{BTreeMap, HashMap};

use domain::integration::{ConnectionStatus, TestOutcome};
use domain::provider::ProviderRow;
use domain::recipe::{self, FieldSpec};
use domain::{AccountId, ConnectionName, CredentialId, ProviderKey};
use projections::{ConnectionView, IntegrationView, LastTest, RetiringView};

use super::place;
use crate::backstage::Hints;
use crate::error::Failure;
use crate::icons::Logo;
use crate::markdown::rendered;
use crate::site::Site;
use crate::status::Badge;
use crate::time::Moment;
use crate::verdict::Words;

/// An integration as the settings show it.
pub(super) struct Integration {
    pub(super) view: IntegrationView,
    /// Its provider's row; none while the catalog has not heard of it.
    pub(super) row: Option<ProviderRow>,
    /// `default` first.
    pub(super) connections: Vec<Connection>,
}

/// One connection of it.
pub(super) struct Connection {
    pub(super) name: ConnectionName,
    pub(super) status: ConnectionStatus,
    /// The version in use; none without a key.
    pub(super) key: Option<Key>,
    pub(super) identity: Option<String>,
    pub(super) connected_at: Option<Moment>,
    /// The version that waits for a test that accepts it.
    pub(super) candidate: Option<Key>,
    pub(super) retiring: Vec<(u32, Moment)>,
}

/// A version of a key.
pub(super) struct Key {
    pub(super) version: u32,
    pub(super) saved_at: Option<Moment>,
    pub(super) shown: Vec<Shown>,
    pub(super) test: Option<Tested>,
}

/// What may be shown of one field.
pub(super) struct Shown {
    pub(super) label: String,
    pub(super) value: String,
    pub(super) secret: bool,
}

/// The last test of a version.
pub(super) struct Tested {
    pub(super) words: Words,
    pub(super) at: Moment,
}

type HintsByVersion = HashMap<(CredentialId, u32), Hints>;

impl Integration {
    /// One integration of an account.
    ///
    /// # Errors
    /// [`Failure::NotFound`] when it is not on the account's list, whoever else has it.
    pub(super) async fn find(site: &Site, account: &AccountId, provider: &ProviderKey) -> Result<Self, Failure> {
        let view = site.projections.integrations().get(account, provider).await?;
        let view = view.ok_or(Failure::NotFound)?;
        let found = Self::joined(site, account, vec![view]).await?.pop();
        found.ok_or(Failure::NotFound)
    }

    /// All integrations of an account, by name.
    ///
    /// # Errors
    /// [`Failure::Unavailable`].
    pub(super) async fn all(site: &Site, account: &AccountId) -> Result<Vec<Self>, Failure> {
        let views = site.projections.integrations().list(account).await?;
        Self::joined(site, account, views).await
    }

    /// With the hints of their keys, which the vault keeps, and the words of their rows.
    async fn joined(site: &Site, account: &AccountId, views: Vec<IntegrationView>) -> Result<Vec<Self>, Failure> {
        let versions: Vec<_> = views.iter().flat_map(IntegrationView::secrets).collect();
        let hints = site.backstage.hints(account, &versions).await?;
        let mut joined = Vec::with_capacity(views.len());
        for view in views {
            let found = site.projections.catalog().provider(&view.provider).await?;
            joined.push(Self::new(view, found.map(|found| found.row), &hints));
        }
        Ok(joined)
    }

    fn new(mut view: IntegrationView, row: Option<ProviderRow>, hints: &HintsByVersion) -> Self {
        let form = row.as_ref().map(recipe::form).unwrap_or_default();
        let mut views = std::mem::take(&mut view.connections);
        // Stable: the others stay in the order of their names.
        views.sort_by_key(|connection| connection.name != ConnectionName::default());
        let connections = views.into_iter();
        Self {
            connections: connections
                .map(|connection| Connection::new(connection, &view.name, &form, hints))
                .collect(),
            view,
            row,
        }
    }

    pub(super) fn logo(&self) -> Logo<'_> {
        Logo {
            url: self.view.logo.as_ref().map(|logo| logo.url.as_str()),
            name: &self.view.name,
        }
    }

    /// Whether there is a test for its keys.
    pub(super) fn is_testable(&self) -> bool {
        self.row.as_ref().is_some_and(recipe::has_test)
    }

    pub(super) fn installed_at(&self) -> Moment {
        Moment(self.view.installed_at)
    }

    /// Where it is looked after.
    pub(super) fn place(&self) -> String {
        place(&self.view.provider)
    }

    pub(super) fn name(&self) -> &str {
        &self.view.name
    }

    /// The page of the provider that says where the key is.
    pub(super) fn help_url(&self) -> Option<&str> {
        self.row.as_ref()?.help.url.as_deref()
    }

    /// The way to the key, as HTML that can be shown as it is; empty when the row says nothing.
    pub(super) fn instructions(&self) -> String {
        let row = self.row.as_ref();
        row.map(|row| rendered(&row.help.instructions)).unwrap_or_default()
    }

    pub(super) fn has_help(&self) -> bool {
        self.help_url().is_some() || !self.instructions().is_empty()
    }

    /// One of its connections.
    pub(super) fn connection(&self, name: &ConnectionName) -> Option<&Connection> {
        self.connections.iter().find(|connection| connection.name == *name)
    }

    /// How many of its connections hold a key.
    pub(super) fn keyed(&self) -> usize {
        let keyed = self.connections.iter();
        keyed.filter(|connection| connection.key.is_some()).count()
    }
}

impl Connection {
    fn new(view: ConnectionView, provider: &str, form: &[FieldSpec], hints: &HintsByVersion) -> Self {
        let key = |version, saved_at, test: Option<LastTest>| Key {
            version,
            saved_at,
            shown: view
                .credential
                .and_then(|credential| hints.get(&(credential, version)))
                .map(|hints| shown(hints, form))
                .unwrap_or_default(),
            test: test.map(|test| Tested::new(provider, test)),
        };
        Self {
            key: view
                .version
                .map(|version| key(version, view.saved_at.map(Moment), view.last_test.clone())),
            candidate: view.candidate.as_ref().map(|waiting| {
                key(
                    waiting.version,
                    Some(Moment(waiting.saved_at)),
                    waiting.last_test.clone(),
                )
            }),
            retiring: view
                .retiring
                .iter()
                .map(|RetiringView { version, retire_at }| (*version, Moment(*retire_at)))
                .collect(),
            connected_at: view.connected_at.map(Moment),
            identity: view.identity,
            status: view.status,
            name: view.name,
        }
    }

    pub(super) fn badge(&self) -> Badge {
        self.status.into()
    }

    pub(super) fn is_default(&self) -> bool {
        self.name == ConnectionName::default()
    }
}

impl Tested {
    fn new(provider: &str, test: LastTest) -> Self {
        let outcome = TestOutcome {
            verdict: test.verdict,
            code: test.code,
            // It stands beside it.
            identity: None,
        };
        Self {
            words: Words::of_test(provider, &outcome),
            at: Moment(test.at),
        }
    }
}

/// The fields of a key in the order of the form, with what may be shown of each. A field that the row does not ask for any
/// more comes last, by its name.
fn shown(hints: &Hints, form: &[FieldSpec]) -> Vec<Shown> {
    let place = |name: &str| form.iter().position(|field| field.name == name);
    let of = |values: &BTreeMap<String, String>, secret: bool| -> Vec<(usize, Shown)> {
        let with_place = values.iter().map(|(name, value)| {
            let found = place(name);
            let field = found.map(|index| &form[index]);
            let label = field.map_or_else(|| name.clone(), |field| field.label.clone());
            let value = field.map_or(value.as_str(), |field| words(field, value)).to_owned();
            (found.unwrap_or(form.len()), Shown { label, value, secret })
        });
        with_place.collect()
    };
    let mut all = of(&hints.masked, true);
    all.extend(of(&hints.public, false));
    all.sort_by_key(|(place, _)| *place);
    all.into_iter().map(|(_, shown)| shown).collect()
}

/// What people read of a value: a choice has words of its own.
fn words<'a>(field: &'a FieldSpec, value: &'a str) -> &'a str {
    let choice = field.options.iter().find(|option| option.value == value);
    choice.and_then(|option| option.label.as_deref()).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_stand_in_the_order_of_the_form_with_its_words_and_unknown_ones_last() {
        let row = serde_json::json!({
            "key": "a", "name": "A", "category": "C", "auth": "bearer",
            "recipe": {"fields": [
                {"name": "region", "label": "Region", "type": "enum", "options": [{"value": "eu", "label": "Europe"}]},
                {"name": "key", "label": "API key", "secret": true}
            ]}
        });
        let row: ProviderRow = serde_json::from_value(row).unwrap();
        let pairs = |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let hints = Hints {
            masked: pairs(&[("key", "ab…yz")]),
            public: pairs(&[("former", "x"), ("region", "eu")]),
        };
        let all = shown(&hints, &recipe::form(&row));
        let read: Vec<_> = all
            .iter()
            .map(|shown| (shown.label.as_str(), shown.value.as_str(), shown.secret))
            .collect();
        assert_eq!(
            read,
            [
                ("Region", "Europe", false),
                ("API key", "ab…yz", true),
                ("former", "x", false)
            ]
        );
    }
}
