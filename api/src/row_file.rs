//! A provider row as it is sent or kept in a file.

use anyhow::{Context, Result, bail};
use domain::ProviderKey;
use domain::provider::{AuthType, CredentialLabel, Help, ProviderRow};
use domain::recipe::Recipe;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{logo, schema};

/// A row to add to the catalog. Key, name, category and auth are enough; the recipe makes it testable.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "key": "mailchimp",
    "name": "Mailchimp",
    "category": "Email",
    "description": "Email marketing and audiences.",
    "auth": "basic",
    "credential": {"label": "API Key", "hint": "Ends with a data centre, such as -us19"},
    "help": {"url": "https://mailchimp.com/help/about-api-keys/", "instructions": "Profile → Extras → API keys."}
}))]
pub(crate) struct NewProvider {
    /// The identity by which the system resolves the credential. It never changes and is never used again.
    #[schema(value_type = String, pattern = "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]
    pub key: ProviderKey,
    /// The name that people read.
    pub name: String,
    /// The shelf of the marketplace.
    pub category: String,
    /// One or two sentences.
    #[serde(default)]
    pub description: String,
    /// How the provider authenticates its callers.
    #[schema(value_type = schema::AuthType)]
    pub auth: AuthType,
    /// Shorthand for one secret field named `api_key`; not together with the recipe's own fields.
    #[serde(default)]
    #[schema(value_type = Option<schema::CredentialLabel>)]
    pub credential: Option<CredentialLabel>,
    /// Where a person finds the key.
    #[serde(default)]
    #[schema(value_type = schema::Help)]
    pub help: Help,
    /// What to ask, how to call, how to test.
    #[serde(default)]
    #[schema(value_type = schema::Recipe)]
    pub recipe: Recipe,
    /// The logo as a data URL of a PNG, JPEG or WebP image of 512 KiB at most, such as `data:image/png;base64,…`.
    #[serde(default)]
    pub logo: Option<String>,
    /// Whether it is in the marketplace at once; `false` keeps a draft.
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub publish: bool,
}

const fn yes() -> bool {
    true
}

impl NewProvider {
    /// The row, its logo as it was written, and whether to publish it.
    #[must_use]
    pub(crate) fn into_parts(self) -> (ProviderRow, Option<String>, bool) {
        let row = ProviderRow {
            key: self.key,
            name: self.name,
            category: self.category,
            description: self.description,
            auth: self.auth,
            credential: self.credential,
            help: self.help,
            recipe: self.recipe,
        };
        (row, self.logo, self.publish)
    }
}

/// A file with several rows.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Several {
    providers: Vec<NewProvider>,
}

/// What stands at the top of a file: by this a list of rows is told from one row.
#[derive(Deserialize)]
struct Top {
    #[serde(default)]
    providers: Option<IgnoredAny>,
}

/// A row of a file.
pub(crate) struct FileRow {
    /// The row.
    pub(crate) row: ProviderRow,
    /// Why its logo cannot be used, if it has one that cannot.
    pub(crate) logo: Option<String>,
}

/// Reads the rows of a file in YAML or JSON: one row, or a list of them under `providers`.
///
/// # Errors
/// When the text is neither; the message says where.
pub(crate) fn read(text: &str) -> Result<Vec<FileRow>> {
    if text.trim().is_empty() {
        bail!("the file is empty");
    }
    let several = serde_saphyr::from_str::<Top>(text).is_ok_and(|top| top.providers.is_some());
    let rows = if several {
        serde_saphyr::from_str::<Several>(text)
            .context("it holds no rows of the expected form")?
            .providers
    } else {
        vec![serde_saphyr::from_str::<NewProvider>(text).context("it holds no row of the expected form")?]
    };
    Ok(rows.into_iter().map(row_of).collect())
}

/// The row, its logo decoded as it will be when the row is saved.
fn row_of(row: NewProvider) -> FileRow {
    let (row, logo, _) = row.into_parts();
    let refused = logo.as_deref().and_then(|logo| logo::from_data_url(logo).err());
    FileRow {
        row,
        logo: refused.map(|error| format!("the logo cannot be used: {error} ({})", error.code())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_holds_one_row_or_several_in_yaml_or_json() {
        let one = "key: a\nname: A\ncategory: Email\nauth: bearer\n";
        assert_eq!(read(one).unwrap().len(), 1);
        assert_eq!(
            read(&format!("providers:\n  - {}", one.trim().replace('\n', "\n    ")))
                .unwrap()
                .len(),
            1
        );
        assert_eq!(
            read(r#"{"key": "a", "name": "A", "category": "Email", "auth": "bearer"}"#)
                .unwrap()
                .len(),
            1
        );
        let tricky = r#"{"key": "a", "name": "providers", "category": "providers", "auth": "bearer"}"#;
        assert_eq!(read(tricky).unwrap().len(), 1);
        let tricky = "key: a\nname: A\ncategory: Email\nauth: bearer\ndescription: |\n  Of all\n  providers:\n";
        assert_eq!(read(tricky).unwrap().len(), 1);
        let list = r#"{ "providers" : [{"key": "a", "name": "A", "category": "Email", "auth": "bearer"}]}"#;
        assert_eq!(read(list).unwrap().len(), 1);
        assert!(read("key: a\nnmae: A\n").is_err());
        assert!(read(" \n").is_err());
    }

    #[test]
    fn a_logo_is_decoded_as_when_the_row_is_saved() {
        let row = "key: a\nname: A\ncategory: Email\nauth: bearer\nlogo: 'data:image/svg+xml;base64,PHN2Zy8+'\n";
        let refused = read(row).unwrap().remove(0).logo.unwrap();
        assert!(refused.contains("(svg)"), "{refused}");
    }
}
