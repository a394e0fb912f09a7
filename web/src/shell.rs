use domain::token::AccountScope;

pub(crate) use crate::page::html;

use crate::assets;
use crate::error::role_name;
use crate::session::{Holder, Notice, Viewer};
use crate::site::Site;

/// What stands around every page: the title, who is there, where else one may go, and what was just done.
pub(crate) struct Shell {
    pub(crate) title: String,
    pub(crate) assets: String,
    pub(crate) links: Vec<Link>,
    pub(crate) who: Option<Who>,
    pub(crate) notice: Option<Notice>,
}

/// A group of pages.
pub(crate) struct Link {
    pub(crate) name: &'static str,
    pub(crate) path: &'static str,
    pub(crate) here: bool,
}

/// Who has signed in, and with what else.
pub(crate) struct Who {
    /// What stands before the name.
    pub(crate) by: &'static str,
    pub(crate) name: String,
    pub(crate) role: &'static str,
    pub(crate) scope: String,
    pub(crate) others: Vec<Other>,
}

/// Another token or membership of the session.
pub(crate) struct Other {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) role: &'static str,
    pub(crate) scope: String,
}

/// In which group of pages one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Here {
    Marketplace,
    Settings,
    Ai,
    Providers,
    Accounts,
    Tokens,
    Audit,
    Nowhere,
}

impl Shell {
    /// Around a page of a viewer; it says what was left to say.
    pub(crate) fn new(title: &str, here: Here, site: &Site, viewer: &Viewer) -> Self {
        Self {
            notice: Some(viewer.session)
                .filter(|_| viewer.navigates)
                .and_then(|session| site.sessions().take_notice(session)),
            ..Self::bare(title, here, Some(viewer.clone()))
        }
    }

    /// Around a page that says nothing but itself.
    pub(crate) fn bare(title: &str, here: Here, viewer: Option<Viewer>) -> Self {
        Self {
            title: title.to_owned(),
            assets: assets::path(""),
            links: viewer.as_ref().map(|viewer| links(viewer, here)).unwrap_or_default(),
            who: viewer.map(|viewer| Who::new(&viewer)),
            notice: None,
        }
    }
}

/// The groups of pages that a viewer may see.
fn links(viewer: &Viewer, here: Here) -> Vec<Link> {
    use domain::token::Role::{Auditor, PlatformAdmin};
    let admin = viewer.is(&[PlatformAdmin]);
    let member = viewer.is_member();
    [
        (true, Here::Marketplace, "Marketplace", "/marketplace"),
        (member, Here::Settings, "Integrations", "/settings/integrations"),
        (member, Here::Ai, "AI settings", "/settings/ai"),
        (admin, Here::Providers, "Providers", "/admin/providers"),
        (admin, Here::Accounts, "Accounts", "/admin/accounts"),
        (admin, Here::Tokens, "Tokens", "/admin/tokens"),
        (viewer.is(&[Auditor]), Here::Audit, "Audit", "/audit"),
    ]
    .into_iter()
    .filter(|(shown, ..)| *shown)
    .map(|(_, place, name, path)| Link {
        name,
        path,
        here: place == here,
    })
    .collect()
}

impl Who {
    fn new(viewer: &Viewer) -> Self {
        Self {
            by: match viewer.holder {
                Holder::Token(..) => "Signed in with the token",
                Holder::Member(..) => "Signed in as",
            },
            name: viewer.holder.name().to_owned(),
            role: role_name(viewer.holder.role()),
            scope: scope(viewer.holder.accounts()),
            others: viewer.others.iter().map(Other::new).collect(),
        }
    }
}

impl Other {
    fn new(holder: &Holder) -> Self {
        Self {
            id: holder.id(),
            name: holder.name().to_owned(),
            role: role_name(holder.role()),
            scope: scope(holder.accounts()),
        }
    }
}

/// For which accounts, in few words.
pub(crate) fn scope(accounts: &AccountScope) -> String {
    match accounts {
        AccountScope::All => "all accounts".to_owned(),
        AccountScope::Only(accounts) => match accounts.iter().next() {
            Some(only) if accounts.len() == 1 => only.to_string(),
            _ => format!("{} accounts", accounts.len()),
        },
    }
}
