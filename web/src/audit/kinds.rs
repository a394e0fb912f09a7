use domain::access::AccessEvent;
use domain::account::AccountEvent;
use domain::integration::IntegrationEvent;
use domain::keyring::KeyringEvent;
use domain::operation::OperationEvent;
use domain::provider::ProviderEvent;
use domain::token::TokenEvent;

/// The types of event, in groups that people look for.
pub(super) const GROUPS: &[(&str, &[&str])] = &[
    ("Keys and integrations", IntegrationEvent::KINDS),
    ("Use of keys", AccessEvent::KINDS),
    ("Accounts", AccountEvent::KINDS),
    ("Tokens", TokenEvent::KINDS),
    ("Providers", ProviderEvent::KINDS),
    ("Key ring", KeyringEvent::KINDS),
    ("Operation", OperationEvent::KINDS),
];

/// The name of a type as words: `CredentialReleased` is "Credential released".
pub(super) fn words(kind: &str) -> String {
    let mut words = String::with_capacity(kind.len() + 4);
    for (index, c) in kind.chars().enumerate() {
        if index > 0 && c.is_uppercase() {
            words.push(' ');
            words.extend(c.to_lowercase());
        } else {
            words.push(c);
        }
    }
    match words.strip_prefix("Ai ") {
        Some(rest) => format!("AI {rest}"),
        None => words,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_named_as_words() {
        assert_eq!(words("CredentialReleased"), "Credential released");
        assert_eq!(words("AiSettingsChosen"), "AI settings chosen");
        assert_eq!(words(""), "");
    }
}
