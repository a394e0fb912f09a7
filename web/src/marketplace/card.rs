use std::collections::HashMap;

use domain::ProviderKey;
use domain::integration::ConnectionStatus;
use projections::{Badge as Mark, CatalogItem, IntegrationView};

use crate::icons::Logo;
use crate::status::Badge;

/// A provider as the marketplace shows it to an account.
pub(super) struct Card {
    pub(super) item: CatalogItem,
    /// The state of the account's connection; none while it is not installed.
    pub(super) state: Option<Badge>,
    /// What the viewer may do with it.
    pub(super) action: Action,
}

/// What a viewer may do with a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// Install and connect it.
    Connect,
    /// Look after what is installed.
    Manage,
    /// Look.
    None,
}

impl Action {
    pub(super) const fn new(is_installed: bool, may_connect: bool) -> Self {
        match (is_installed, may_connect) {
            (true, _) => Self::Manage,
            (false, true) => Self::Connect,
            (false, false) => Self::None,
        }
    }
}

impl Card {
    /// `installed` is the state of what the account has; `may_connect` says whether the viewer may add to it.
    pub(super) fn new(
        item: CatalogItem,
        installed: &HashMap<ProviderKey, ConnectionStatus>,
        may_connect: bool,
    ) -> Self {
        let state = installed.get(&item.key).copied();
        Self {
            item,
            state: state.map(Badge::from),
            action: Action::new(state.is_some(), may_connect),
        }
    }

    pub(super) fn logo(&self) -> Logo<'_> {
        Logo {
            url: self.item.logo.as_ref().map(|logo| logo.url.as_str()),
            name: &self.item.name,
        }
    }

    pub(super) fn is_untested(&self) -> bool {
        self.item.badges.contains(&Mark::Untested)
    }

    pub(super) fn is_for_ai(&self) -> bool {
        self.item.badges.contains(&Mark::Ai)
    }
}

/// The state of each integration of an account: of its `default` connection, unless that has no key and another has.
pub(super) fn states(integrations: Vec<IntegrationView>) -> HashMap<ProviderKey, ConnectionStatus> {
    let state = |view: &IntegrationView| {
        let keyed = view
            .connections
            .iter()
            .filter(|connection| connection.credential.is_some());
        let first = keyed.clone().find(|connection| connection.name.as_str() == "default");
        let shown = first.or_else(|| keyed.clone().next());
        shown.map_or(ConnectionStatus::Disconnected, |connection| connection.status)
    };
    integrations
        .into_iter()
        .map(|view| (view.provider.clone(), state(&view)))
        .collect()
}
