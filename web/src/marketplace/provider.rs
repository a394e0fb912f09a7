use axum::extract::{Path, State};
use commands::CommandError;
use domain::integration::ConnectionStatus;
use domain::recipe;
use domain::{AccountId, ConnectionName, ProviderKey, Sha256Digest};
use projections::{IntegrationView, ProviderStatus, ProviderView};

use super::card::{Action, states};
use crate::error::Failure;
use crate::fields::FormField;
use crate::icons::Logo;
use crate::live::edition;
use crate::markdown::rendered;
use crate::page::{Page, html};
use crate::session::Viewer;
use crate::shell::{Here, Shell};
use crate::site::Site;
use crate::status::Badge;

/// A provider that the marketplace shows.
pub(super) struct Provider(ProviderView);

impl Provider {
    /// The provider of an address. A draft and a retired one are not there.
    pub(super) async fn find(site: &Site, key: &str) -> Result<Self, Failure> {
        let key: ProviderKey = key.parse().map_err(|_| Failure::NotFound)?;
        let found = site.projections.catalog().provider(&key).await?;
        let published = found.filter(|view| view.status == ProviderStatus::Published);
        published.map(Self).ok_or(Failure::NotFound)
    }

    /// The provider that a form is for. It may have been taken out of the marketplace while the form was open.
    pub(super) async fn still_offered(site: &Site, key: &str) -> Result<Self, Failure> {
        let gone = match Self::find(site, key).await {
            Err(Failure::NotFound) => Failure::NotFound,
            found => return found,
        };
        let Ok(key) = key.parse::<ProviderKey>() else {
            return Err(gone);
        };
        let found = site.projections.catalog().provider(&key).await?;
        let retired = found.filter(|view| view.status == ProviderStatus::Retired);
        Err(retired.map_or(gone, |view| {
            let name = view.row.name;
            Failure::Refused(CommandError::Rejected {
                code: "provider-retired",
                message: format!(
                    "{name} has just left the marketplace, and nothing was saved. Ask a platform admin why"
                ),
            })
        }))
    }

    /// What the account has of it.
    pub(super) async fn installed(&self, site: &Site, account: &AccountId) -> Result<Option<IntegrationView>, Failure> {
        Ok(site.projections.integrations().get(account, self.key()).await?)
    }

    pub(super) const fn key(&self) -> &ProviderKey {
        &self.0.row.key
    }

    pub(super) fn name(&self) -> &str {
        &self.0.row.name
    }

    pub(super) fn category(&self) -> &str {
        &self.0.row.category
    }

    pub(super) fn description(&self) -> &str {
        &self.0.row.description
    }

    pub(super) fn logo(&self) -> Logo<'_> {
        Logo {
            url: self.0.logo.as_ref().map(|logo| logo.url.as_str()),
            name: self.name(),
        }
    }

    /// The page of the provider that says where the key is.
    pub(super) fn help_url(&self) -> Option<&str> {
        self.0.row.help.url.as_deref()
    }

    /// The way to the key, as HTML that can be shown as it is; empty when the row says nothing.
    pub(super) fn instructions(&self) -> String {
        rendered(&self.0.row.help.instructions)
    }

    pub(super) fn has_help(&self) -> bool {
        self.help_url().is_some() || !self.0.row.help.instructions.trim().is_empty()
    }

    pub(super) fn has_test(&self) -> bool {
        recipe::has_test(&self.0.row)
    }

    pub(super) const fn is_for_ai(&self) -> bool {
        self.0.row.recipe.ai.is_some()
    }

    /// What it asks an account for.
    pub(super) fn fields(&self) -> Vec<FormField> {
        FormField::of_row(&self.0.row, "connect-")
    }
}

/// The state of an integration's `default` connection.
pub(super) fn status(integration: &IntegrationView) -> ConnectionStatus {
    let default = ConnectionName::default();
    let found = integration.connections.iter().find(|one| one.name == default);
    found.map_or(ConnectionStatus::Disconnected, |connection| connection.status)
}

/// A provider's page.
#[derive(askama::Template)]
#[template(path = "provider.html")]
struct ProviderPage {
    shell: Shell,
    /// Which state of the catalog it shows.
    edition: Sha256Digest,
    provider: Provider,
    fields: Vec<FormField>,
    state: Option<Badge>,
    action: Action,
    /// Whether the viewer belongs to an account.
    is_member: bool,
}

impl ProviderPage {
    /// Whether there is nothing here for the viewer to do.
    fn is_for_others(&self) -> bool {
        self.action == Action::None
    }
}

pub(super) async fn page(State(site): State<Site>, viewer: Viewer, Path(key): Path<String>) -> Result<Page, Failure> {
    let edition = edition(&site, &viewer).await?;
    let provider = Provider::find(&site, &key).await?;
    let installed = match viewer.account().filter(|_| viewer.is_member()) {
        Some(account) => provider.installed(&site, account).await?,
        None => None,
    };
    let state = states(installed.into_iter().collect()).remove(provider.key());
    Ok(html(&ProviderPage {
        shell: Shell::new(provider.name(), Here::Marketplace, &site, &viewer),
        edition,
        fields: provider.fields(),
        action: Action::new(state.is_some(), viewer.may_connect()),
        state: state.map(Badge::from),
        is_member: viewer.is_member(),
        provider,
    }))
}
