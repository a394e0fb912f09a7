use domain::provider::ProviderRow;
use domain::recipe::{Problem, Recipe};
use serde::{Deserialize, Serialize};

/// A recipe under its name, as it stands in a row.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    recipe: Recipe,
}

/// A recipe as YAML; nothing for an empty one.
pub(super) fn write(recipe: &Recipe) -> String {
    if *recipe == Recipe::default() {
        return String::new();
    }
    text(recipe)
}

/// A whole row as YAML.
pub(super) fn write_row(row: &ProviderRow) -> String {
    text(row)
}

fn text(value: &impl Serialize) -> String {
    // Rows are maps, lists and texts: there is nothing in them that YAML cannot say.
    serde_saphyr::to_string(value).unwrap_or_default()
}

/// Reads a recipe; also one that was copied out of a row with its name.
///
/// # Errors
/// What cannot be read, with the line.
pub(super) fn read(yaml: &str) -> Result<Recipe, Problem> {
    if yaml
        .lines()
        .all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'))
    {
        return Ok(Recipe::default());
    }
    let recipe = if yaml.trim_start().starts_with("recipe:") {
        serde_saphyr::from_str::<Named>(yaml).map(|named| named.recipe)
    } else {
        serde_saphyr::from_str(yaml)
    };
    recipe.map_err(|error| {
        let text = error.without_snippet().to_string();
        Problem::new("/recipe", "not_a_recipe", crate::error::sentence(text.trim()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPES: &[&str] = &[
        include_str!("../../../../domain/tests/shapes/anthropic.yaml"),
        include_str!("../../../../domain/tests/shapes/azure-openai.yaml"),
        include_str!("../../../../domain/tests/shapes/datadog.yaml"),
        include_str!("../../../../domain/tests/shapes/mailchimp.yaml"),
        include_str!("../../../../domain/tests/shapes/meta-ads.yaml"),
        include_str!("../../../../domain/tests/shapes/openai.yaml"),
        include_str!("../../../../domain/tests/shapes/sendgrid.yaml"),
        include_str!("../../../../domain/tests/shapes/shopify.yaml"),
        include_str!("../../../../domain/tests/shapes/slack.yaml"),
        include_str!("../../../../domain/tests/shapes/stripe.yaml"),
        include_str!("../../../../domain/tests/shapes/twilio.yaml"),
    ];

    #[test]
    fn what_is_written_is_read_back_as_it_was() {
        for shape in SHAPES {
            let row: ProviderRow = serde_saphyr::from_str(shape).unwrap();
            let written = write(&row.recipe);
            assert_eq!(read(&written), Ok(row.recipe.clone()), "{written}");
            assert_eq!(serde_saphyr::from_str::<ProviderRow>(&write_row(&row)).unwrap(), row);
        }
    }

    #[test]
    fn nothing_and_remarks_are_an_empty_recipe() {
        for text in ["", " \n", "# later\n"] {
            assert_eq!(read(text), Ok(Recipe::default()));
        }
        assert_eq!(write(&Recipe::default()), "");
    }

    #[test]
    fn a_recipe_may_stand_under_its_name() {
        let named = read("recipe:\n  request:\n    base_url: https://api.example.com\n").unwrap();
        assert_eq!(named.request.unwrap().base_url, "https://api.example.com");
    }

    #[test]
    fn what_is_no_recipe_is_refused_with_its_line() {
        let refused = read("request:\n  base_ulr: https://api.example.com\n").unwrap_err();
        assert_eq!(refused.pointer, "/recipe");
        assert!(
            refused.message.contains("base_ulr") && refused.message.contains('2'),
            "{}",
            refused.message
        );
    }
}
