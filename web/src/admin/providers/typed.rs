use domain::provider::{AuthType, CredentialLabel, Help, ProviderRow};
use domain::recipe::{Problem, Recipe};
use domain::{InvalidId, ProviderKey};

use super::guided::Guided;
use super::yaml;
use crate::error::Failure;
use crate::form::Form;

/// The choices of the auth type, as they are stored and as people read them.
pub(super) const AUTH_TYPES: [(AuthType, &str, &str); 5] = [
    (
        AuthType::ApiKey,
        "api_key",
        "API key, in a header, the query or the body",
    ),
    (AuthType::Bearer, "bearer", "Bearer token"),
    (AuthType::Basic, "basic", "Basic authentication: user name and password"),
    (AuthType::Oauth2, "oauth2", "OAuth 2.0, with a token that is pasted"),
    (AuthType::None, "none", "None: there is no credential"),
];

/// In place of a key that cannot be read, so that the rest of a row can be looked at.
const NO_KEY: &str = "preview";

/// A row as somebody typed it: any text, right or wrong.
#[derive(Debug, Clone)]
pub(super) struct Typed {
    pub(super) key: String,
    pub(super) name: String,
    pub(super) category: String,
    pub(super) description: String,
    pub(super) auth: String,
    pub(super) label: String,
    pub(super) hint: String,
    pub(super) help_url: String,
    pub(super) instructions: String,
    /// Which of the two ways to write the recipe counts.
    pub(super) by: By,
    /// None when the recipe says more than a form can.
    pub(super) guided: Option<Guided>,
    pub(super) yaml: String,
}

/// A way to write a recipe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    Guided,
    Yaml,
}

/// What was understood of it.
pub(super) struct Reading {
    /// The row, as far as it could be read.
    pub(super) row: ProviderRow,
    /// What could not be read. Such a row is not saved.
    pub(super) problems: Vec<Problem>,
    /// The recipe, where it could be read.
    recipe: Option<Recipe>,
}

impl Typed {
    /// Before anything is typed.
    pub(super) fn empty() -> Self {
        Self {
            key: String::new(),
            name: String::new(),
            category: String::new(),
            description: String::new(),
            auth: "api_key".to_owned(),
            label: "API key".to_owned(),
            hint: String::new(),
            help_url: String::new(),
            instructions: String::new(),
            by: By::Guided,
            guided: Some(Guided::default()),
            yaml: String::new(),
        }
    }

    /// A row, to be edited.
    pub(super) fn of_row(row: &ProviderRow) -> Self {
        let guided = Guided::of_recipe(&row.recipe);
        let auth = AUTH_TYPES.iter().find(|(auth, ..)| *auth == row.auth);
        Self {
            key: row.key.to_string(),
            name: row.name.clone(),
            category: row.category.clone(),
            description: row.description.clone(),
            auth: auth.map_or("", |(_, text, _)| text).to_owned(),
            label: row
                .credential
                .as_ref()
                .map(|credential| credential.label.clone())
                .unwrap_or_default(),
            hint: row
                .credential
                .as_ref()
                .map(|credential| credential.hint.clone())
                .unwrap_or_default(),
            help_url: row.help.url.clone().unwrap_or_default(),
            instructions: row.help.instructions.clone(),
            by: if guided.is_some() { By::Guided } else { By::Yaml },
            guided,
            yaml: yaml::write(&row.recipe),
        }
    }

    /// What a form sent. It counts as guided only where the guided form was on the page.
    pub(super) fn of_form(form: &Form) -> Self {
        let line = |name: &str| form.text(name).to_owned();
        let text = |name: &str| form.text(name).replace("\r\n", "\n");
        let guided = form.has("base_url").then(|| Guided::of_form(form));
        let by = if guided.is_some() && form.text("by") != "yaml" {
            By::Guided
        } else {
            By::Yaml
        };
        Self {
            key: line("key"),
            name: line("name"),
            category: line("category"),
            description: text("description"),
            auth: line("auth"),
            label: line("label"),
            hint: line("hint"),
            help_url: line("help_url"),
            instructions: text("instructions"),
            by,
            guided,
            yaml: form.untrimmed("yaml").replace("\r\n", "\n"),
        }
    }

    /// Reads it as a row; `known` is the key of a row that is there already. The other way to write the recipe then says
    /// the same as the one that counts.
    ///
    /// # Errors
    /// [`Failure::Internal`].
    pub(super) fn read(&mut self, known: Option<&ProviderKey>) -> Result<Reading, Failure> {
        let mut problems = Vec::new();
        let key = self.read_key(known, &mut problems)?;
        let auth = self.read_auth(&mut problems);
        let recipe = self.read_recipe().map_err(|found| problems.extend(found)).ok();
        if let Some(recipe) = &recipe {
            match self.by {
                By::Guided => self.yaml = yaml::write(recipe),
                By::Yaml => self.guided = Guided::of_recipe(recipe),
            }
        }
        let credential = (!self.label.is_empty() || !self.hint.is_empty()).then(|| CredentialLabel {
            label: self.label.clone(),
            hint: self.hint.clone(),
        });
        let row = ProviderRow {
            key,
            name: self.name.clone(),
            category: self.category.clone(),
            description: self.description.clone(),
            auth,
            credential,
            help: Help {
                url: Some(self.help_url.clone()).filter(|url| !url.is_empty()),
                instructions: self.instructions.clone(),
            },
            recipe: recipe.clone().unwrap_or_default(),
        };
        Ok(Reading { row, problems, recipe })
    }

    fn read_key(&mut self, known: Option<&ProviderKey>, problems: &mut Vec<Problem>) -> Result<ProviderKey, Failure> {
        if let Some(known) = known {
            self.key = known.to_string();
            return Ok(known.clone());
        }
        self.key.parse().or_else(|_| {
            let message = "Choose 1 to 63 of a-z, 0-9 and -, neither starting nor ending with -.";
            problems.push(Problem::new("/key", "not_a_key", message));
            NO_KEY.parse().map_err(|error: InvalidId| Failure::internal(&error))
        })
    }

    fn read_auth(&self, problems: &mut Vec<Problem>) -> AuthType {
        let chosen = AUTH_TYPES.iter().find(|(_, text, _)| *text == self.auth);
        if let Some((auth, ..)) = chosen {
            return *auth;
        }
        problems.push(Problem::new("/auth", "not_an_auth_type", "Choose one of the list."));
        AuthType::ApiKey
    }

    fn read_recipe(&self) -> Result<Recipe, Vec<Problem>> {
        match (&self.guided, self.by) {
            (Some(guided), By::Guided) => guided.recipe(),
            _ => yaml::read(&self.yaml).map_err(|problem| vec![problem]),
        }
    }
}

impl Reading {
    /// With what the linter says of the row; of a recipe that could not be read it says nothing.
    pub(super) fn with(mut self, lint: Vec<Problem>) -> Vec<Problem> {
        let is_about_recipe =
            |problem: &Problem| problem.pointer.starts_with("/recipe") || problem.pointer == "/credential";
        let is_read = self.recipe.is_some();
        self.problems
            .extend(lint.into_iter().filter(|problem| is_read || !is_about_recipe(problem)));
        self.problems
    }
}
