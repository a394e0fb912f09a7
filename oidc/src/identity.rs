use serde_json::Value;

use crate::config::Claim;
use crate::error::TokenError;

const LONGEST_SUBJECT: usize = 255;
const LONGEST_ADDRESS: usize = 254;
const LONGEST_NAME: usize = 100;

/// Who has signed in, as the issuer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// What the issuer knows the person by: never another one's, never changed.
    pub subject: String,
    /// The person's e-mail address, only if the issuer says that it has verified it; in lower case.
    pub email: Option<String>,
    /// What to call the person.
    pub name: String,
    /// The texts of the claim with the memberships.
    pub values: Vec<String>,
}

impl Identity {
    /// Reads it from checked claims.
    ///
    /// # Errors
    /// [`TokenError::Subject`] when the subject cannot be used as an id.
    pub(crate) fn of(claims: &Value, claim: &Claim) -> Result<Self, TokenError> {
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        let plain = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        let subject = text("sub").filter(|subject| plain(subject) && subject.len() <= LONGEST_SUBJECT);
        let subject = subject.ok_or(TokenError::Subject)?;
        let verified = match claims.get("email_verified") {
            Some(Value::Bool(verified)) => *verified,
            // As some issuers write it.
            Some(Value::String(verified)) => verified == "true",
            _ => false,
        };
        let email = text("email").filter(|address| verified && is_address(address));
        let email = email.map(str::to_ascii_lowercase);
        let name = ["name", "preferred_username"]
            .into_iter()
            .find_map(|claim| readable(text(claim)?));
        let name = name.or_else(|| email.clone()).unwrap_or_else(|| subject.to_owned());
        Ok(Self {
            subject: subject.to_owned(),
            email,
            name,
            values: claim.texts(claims),
        })
    }
}

/// A name without what cannot be seen, and not endless.
fn readable(name: &str) -> Option<String> {
    let seen = name.chars().filter(|char| !char.is_control()).take(LONGEST_NAME);
    let name = seen.collect::<String>().trim().to_owned();
    (!name.is_empty()).then_some(name)
}

/// Whether a text is an address of the common form: it becomes an id, so nothing may look like another one.
fn is_address(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.@".contains(&byte);
    let halves = text.split_once('@');
    text.len() <= LONGEST_ADDRESS
        && text.bytes().all(plain)
        && halves.is_some_and(|(local, host)| !local.is_empty() && !host.is_empty() && !host.contains('@'))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(claims: &Value) -> Result<Identity, TokenError> {
        Identity::of(claims, &Claim::from("groups".to_owned()))
    }

    #[test]
    fn an_address_counts_only_when_it_is_verified() {
        let email = |verified: Value, email: &str| {
            let claims = json!({"sub": "1", "email": email, "email_verified": verified});
            of(&claims).unwrap().email
        };
        assert_eq!(
            email(true.into(), "Ada@Example.com").as_deref(),
            Some("ada@example.com")
        );
        assert_eq!(
            email("true".into(), "ada@example.com").as_deref(),
            Some("ada@example.com")
        );
        for unverified in [json!(false), json!("false"), json!(1), Value::Null] {
            assert_eq!(email(unverified, "ada@example.com"), None);
        }
        for odd in ["ada", "@x", "a@", "a@b@c", "a b@c", "oidc:x@y", "ä@x"] {
            assert_eq!(email(true.into(), odd), None, "{odd}");
        }
    }

    #[test]
    fn a_person_is_called_by_what_is_known_best() {
        let name = |claims: Value| of(&claims).unwrap().name;
        assert_eq!(
            name(json!({"sub": "1", "name": " Ada\u{7} ", "preferred_username": "al"})),
            "Ada"
        );
        assert_eq!(name(json!({"sub": "1", "name": "", "preferred_username": "al"})), "al");
        assert_eq!(name(json!({"sub": "1", "email": "a@x", "email_verified": true})), "a@x");
        assert_eq!(name(json!({"sub": "1", "email": "a@x"})), "1");
    }

    #[test]
    fn a_subject_that_could_be_mistaken_is_refused() {
        let long = "x".repeat(256);
        for subject in [
            json!(""),
            json!("a b"),
            json!("a\n"),
            json!(7),
            json!(long),
            Value::Null,
        ] {
            assert_eq!(of(&json!({ "sub": subject })), Err(TokenError::Subject));
        }
    }
}
