use std::collections::BTreeMap;
use std::fmt;

use commands::{CommandError, RawFields};
use domain::recipe::Problem;
use secrecy::{ExposeSecret, SecretString};
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use utoipa::openapi::schema::{AdditionalProperties, KnownFormat, Object, SchemaFormat, SchemaType, Type};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::auth::format;

/// More fields than any form has.
const MAX_FIELDS: usize = 64;

/// Pasted values by the names of their fields. They go in and never come back.
pub struct SecretFields(BTreeMap<String, SecretString>);

impl<'de> Deserialize<'de> for SecretFields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

impl SecretFields {
    /// The values.
    ///
    /// # Errors
    /// [`CommandError::Invalid`] where one of them is a token of this product: people keep both in one place, and what stands
    /// here is sent to somebody else. Which one it is is not said: people paste keys into names, too.
    pub fn keys(self) -> Result<RawFields, CommandError> {
        let own = |value: &SecretString| format::digest(value.expose_secret().trim()).is_some();
        if self.0.values().any(own) {
            let message = "This is an API token of this product, not a key of the provider. It was sent to nobody. Send the key \
                           that the provider gave you.";
            return Err(CommandError::Invalid(vec![Problem::new(
                "/fields",
                "own_token",
                message,
            )]));
        }
        Ok(self.0)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = SecretFields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with the fields of the connect form, at most 64, each a string")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<SecretFields, M::Error> {
        let mut fields = BTreeMap::new();
        while let Some(name) = map.next_key::<String>()? {
            // Straight into a wrapper that wipes it: no other owned copy of the value is made here.
            let value = SecretString::from(map.next_value::<String>()?);
            if fields.len() == MAX_FIELDS || fields.insert(name, value).is_some() {
                return Err(M::Error::custom(
                    "not a valid set of fields: each may stand there once, and 64 in all",
                ));
            }
        }
        Ok(SecretFields(fields))
    }
}

impl PartialSchema for SecretFields {
    fn schema() -> RefOr<Schema> {
        let value = ObjectBuilder::new()
            .schema_type(SchemaType::Type(Type::String))
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Password)))
            .write_only(true)
            .build();
        let fields: Object = ObjectBuilder::new()
            .schema_type(SchemaType::Type(Type::Object))
            .description(Some(
                "The values by the names of the connect form's fields (`GET /v1/catalog/{provider}`). White space at the \
                 ends is taken off. They go in and never come back.",
            ))
            .additional_properties(Some(AdditionalProperties::RefOr(RefOr::T(Schema::Object(value)))))
            .write_only(true)
            .examples([serde_json::json!({"api_key": "0123456789abcdef0123456789abcdef-us19"})])
            .build();
        RefOr::T(Schema::Object(fields))
    }
}

impl ToSchema for SecretFields {
    fn name() -> std::borrow::Cow<'static, str> {
        "SecretFields".into()
    }
}
