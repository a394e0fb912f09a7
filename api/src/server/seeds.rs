use anyhow::{Context, Result, bail};
use domain::provider::{Logo, ProviderRow};
use serde::Deserialize;

use crate::logo;
use crate::row_file::NewProvider;

/// The rows of a new installation.
const ROWS: &str = include_str!("../../seeds/providers.yaml");

/// Their logos, drawn for this project.
const LOGOS: [(&str, &[u8]); 6] = [
    ("logos/anthropic.png", include_bytes!("../../seeds/logos/anthropic.png")),
    ("logos/meta-ads.png", include_bytes!("../../seeds/logos/meta-ads.png")),
    ("logos/openai.png", include_bytes!("../../seeds/logos/openai.png")),
    ("logos/sendgrid.png", include_bytes!("../../seeds/logos/sendgrid.png")),
    ("logos/stripe.png", include_bytes!("../../seeds/logos/stripe.png")),
    ("logos/twilio.png", include_bytes!("../../seeds/logos/twilio.png")),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SeedFile {
    providers: Vec<NewProvider>,
}

/// The rows and logos of the catalog that a new installation starts with.
///
/// # Errors
/// When a row cannot be read or a logo is missing: a defect of this build, which a test catches.
pub fn seeds() -> Result<Vec<(ProviderRow, Option<Logo>)>> {
    let file: SeedFile = serde_saphyr::from_str(ROWS).context("the seeded rows cannot be read")?;
    file.providers
        .into_iter()
        .map(|seed| {
            let key = seed.key.clone();
            let (row, name, _) = seed.into_parts();
            let image = name.map(|name| match LOGOS.iter().find(|(known, _)| *known == name) {
                Some((_, file)) => logo::from_file(file).with_context(|| format!("the logo of {key}")),
                None => bail!("the logo {name} of {key} is not among the seeds"),
            });
            Ok((row, image.transpose()?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use domain::recipe::{LintPolicy, lint};

    use super::*;

    #[test]
    fn every_seeded_row_has_a_logo_and_passes_the_linter() {
        let seeds = seeds().unwrap();
        let keys: Vec<_> = seeds.iter().map(|(row, _)| row.key.as_str()).collect();
        assert_eq!(
            keys,
            ["anthropic", "openai", "stripe", "twilio", "sendgrid", "meta-ads"]
        );
        for (row, logo) in seeds {
            assert!(logo.is_some(), "{}", row.key);
            assert_eq!(lint(&row, &LintPolicy { allowed: Vec::new() }), [], "{}", row.key);
        }
    }
}
