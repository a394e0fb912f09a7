//! The recipe language as the OpenAPI document describes it.
//!
//! `domain` knows nothing of OpenAPI, so its types are described here once more. Nothing is ever made of these types;
//! a test holds them against what `domain` reads.

mod field;
mod recipe;
mod row;
mod rule;
mod secret;

pub use field::FormField;
pub use recipe::Recipe;
pub use row::{AuthType, CredentialLabel, Help};
pub use secret::SecretFields;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use domain::{provider, recipe as language};
    use serde::de::DeserializeOwned;
    use utoipa::PartialSchema;

    /// The names that `T` reads, out of its complaint about a name that nothing has.
    fn read_by<T: DeserializeOwned>() -> BTreeSet<String> {
        let complaint = serde_json::from_str::<T>(r#"{"\u0001": 0}"#).err().unwrap().to_string();
        let (_, expected) = complaint.split_once("expected ").unwrap();
        expected.split('`').skip(1).step_by(2).map(str::to_owned).collect()
    }

    fn described_by<S: PartialSchema>() -> BTreeSet<String> {
        let schema = serde_json::to_value(S::schema()).unwrap();
        let one_of = schema["oneOf"].as_array().into_iter().flatten();
        let objects = std::iter::once(&schema).chain(one_of);
        objects
            .flat_map(|object| {
                let properties = object["properties"]
                    .as_object()
                    .into_iter()
                    .flat_map(|map| map.keys().cloned());
                let names = object["enum"].as_array().into_iter().flatten();
                properties
                    .chain(names.filter_map(|name| name.as_str().map(str::to_owned)))
                    .collect::<Vec<_>>()
            })
            .collect()
    }

    #[test]
    fn the_document_describes_exactly_what_is_read() {
        assert_eq!(described_by::<super::Recipe>(), read_by::<language::Recipe>());
        assert_eq!(described_by::<super::recipe::Derive>(), read_by::<language::Derive>());
        assert_eq!(described_by::<super::recipe::Request>(), read_by::<language::Request>());
        assert_eq!(described_by::<super::recipe::Auth>(), read_by::<language::Auth>());
        assert_eq!(
            described_by::<super::recipe::UserPassword>(),
            read_by::<language::UserPassword>()
        );
        assert_eq!(
            described_by::<super::recipe::NamedValue>(),
            read_by::<language::NamedValue>()
        );
        assert_eq!(described_by::<super::recipe::Test>(), read_by::<language::Test>());
        assert_eq!(described_by::<super::recipe::Body>(), read_by::<language::Body>());
        assert_eq!(
            described_by::<super::recipe::Identity>(),
            read_by::<language::Identity>()
        );
        assert_eq!(described_by::<super::recipe::Ai>(), read_by::<language::Ai>());
        assert_eq!(described_by::<super::rule::Rule>(), read_by::<language::Rule>());
        assert_eq!(
            described_by::<super::rule::BodyMatch>(),
            read_by::<language::BodyMatch>()
        );
        assert_eq!(
            described_by::<super::rule::HeaderMatch>(),
            read_by::<language::HeaderMatch>()
        );
        assert_eq!(described_by::<super::field::Field>(), read_by::<language::Field>());
        assert_eq!(
            described_by::<super::field::EnumOption>(),
            read_by::<language::EnumOption>()
        );
        assert_eq!(described_by::<super::field::Refusal>(), read_by::<language::Refusal>());
        assert_eq!(
            described_by::<super::field::VisibleWhen>(),
            read_by::<language::VisibleWhen>()
        );
        assert_eq!(
            described_by::<super::CredentialLabel>(),
            read_by::<provider::CredentialLabel>()
        );
        assert_eq!(described_by::<super::Help>(), read_by::<provider::Help>());
    }
}
