use super::{
    AuthType, CredentialLabel, Help, Logo, ProviderDescribed, ProviderEvent, ProviderRecipeChanged, ProviderRow,
};
use crate::recipe::Recipe;

/// What can be asked of a row of the catalog.
#[derive(Debug, Clone, PartialEq)]
pub enum ProviderCommand {
    /// Add it. The linter has passed it.
    Add {
        /// The row.
        row: ProviderRow,
        /// Its logo, if one came with it.
        logo: Option<Logo>,
        /// Whether it is live at once, or a draft.
        publish: bool,
    },
    /// Change what people read about it or how the provider is called. The linter has passed the outcome.
    Revise(Revision),
    /// Set, replace or remove the logo.
    SetLogo(Option<Logo>),
    /// Make a draft live.
    Publish,
    /// Take it out of the marketplace.
    Retire,
    /// Bring it back.
    Reinstate,
}

/// A change to a row: what is none stays as it is. The key has no place here, since it never changes.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Revision {
    /// The new name.
    pub name: Option<String>,
    /// The new category.
    pub category: Option<String>,
    /// The new description.
    pub description: Option<String>,
    /// The new help.
    pub help: Option<Help>,
    /// The new auth type.
    pub auth: Option<AuthType>,
    /// The new shorthand; the inner none takes it away.
    pub credential: Option<Option<CredentialLabel>>,
    /// The new recipe.
    pub recipe: Option<Recipe>,
}

impl Revision {
    /// The revision that turns any row into `row`.
    #[must_use]
    pub fn to(row: ProviderRow) -> Self {
        Self {
            name: Some(row.name),
            category: Some(row.category),
            description: Some(row.description),
            help: Some(row.help),
            auth: Some(row.auth),
            credential: Some(row.credential),
            recipe: Some(row.recipe),
        }
    }

    /// `row` with this change made.
    #[must_use]
    pub fn applied_to(self, row: &ProviderRow) -> ProviderRow {
        ProviderRow {
            key: row.key.clone(),
            name: self.name.unwrap_or_else(|| row.name.clone()),
            category: self.category.unwrap_or_else(|| row.category.clone()),
            description: self.description.unwrap_or_else(|| row.description.clone()),
            auth: self.auth.unwrap_or(row.auth),
            credential: self.credential.unwrap_or_else(|| row.credential.clone()),
            help: self.help.unwrap_or_else(|| row.help.clone()),
            recipe: self.recipe.unwrap_or_else(|| row.recipe.clone()),
        }
    }
}

/// What happened between two forms of one row: an event for each part that differs, none when nothing does.
pub(super) fn difference(old: &ProviderRow, new: ProviderRow) -> Vec<ProviderEvent> {
    let mut events = Vec::new();
    let described = (&old.name, &old.category, &old.description, &old.help)
        != (&new.name, &new.category, &new.description, &new.help);
    if described {
        let event = ProviderDescribed {
            name: new.name,
            category: new.category,
            description: new.description,
            help: new.help,
        };
        events.push(event.into());
    }
    if (old.auth, &old.credential, &old.recipe) != (new.auth, &new.credential, &new.recipe) {
        let event = ProviderRecipeChanged {
            auth: new.auth,
            credential: new.credential,
            recipe: Box::new(new.recipe),
        };
        events.push(event.into());
    }
    events
}
