//! What may be shown of a secret.

use domain::recipe::{masked, public};
use proptest::prelude::*;

use crate::{accepted, row, shape, stored};

const PLAIN: &str = "
key: acme
name: Acme
category: Test
auth: bearer
credential: { label: Key }
";

fn mask(secret: &str) -> String {
    masked(&row(PLAIN), &stored(&[("api_key", secret)]))
        .remove("api_key")
        .unwrap()
}

#[test]
fn a_long_secret_shows_its_end_and_what_every_key_of_the_provider_starts_with() {
    assert_eq!(mask("abcdefghijklmnop"), "…mnop");
    let values = accepted(
        &shape("anthropic"),
        &[("api_key", "sk-ant-api03-AAAAAAAAAAAAAAAAAAAA9f2c")],
    );
    assert_eq!(masked(&shape("anthropic"), &values)["api_key"], "sk-ant-…9f2c");
    let values = accepted(&shape("stripe"), &[("secret_key", "rk_live_4eC39HqLyjWDarjtT1zdp7dc")]);
    assert_eq!(masked(&shape("stripe"), &values)["secret_key"], "rk_live_…p7dc");
}

#[test]
fn a_short_secret_shows_nothing() {
    assert_eq!(mask("abcdefghijklmno"), "…");
    assert_eq!(mask(""), "…");
    assert_eq!(mask("ünïcödéünïcödé"), "…");
}

#[test]
fn public_values_are_shown_and_secrets_are_not() {
    let row = shape("twilio");
    let values = stored(&[
        ("account_sid", "AC1"),
        ("auth_token", "t"),
        ("gone", "from an older row"),
    ]);
    assert_eq!(
        public(&row, &values).into_iter().collect::<Vec<_>>(),
        [("account_sid".to_owned(), "AC1".to_owned())]
    );
    assert_eq!(
        masked(&row, &values).into_iter().collect::<Vec<_>>(),
        [("auth_token".to_owned(), "…".to_owned())]
    );
}

proptest! {
    #[test]
    fn a_mask_never_shows_more_than_four_characters_and_a_quarter(secret in "\\PC{0,80}") {
        let shown = mask(&secret);
        let end = shown.strip_prefix('…').expect("without a pattern nothing stands before it");
        let count = end.chars().count();
        prop_assert!(count == 0 || count == 4);
        prop_assert!(count * 4 <= secret.chars().count());
        prop_assert!(secret.ends_with(end));
    }

    #[test]
    fn a_class_of_characters_is_never_a_prefix(secret in "[0-9a-f]{16,64}") {
        let row = row(&format!(
            "{}\nrecipe: {{ fields: [ {{ name: api_key, secret: true, pattern: '^[0-9a-f][0-9]*[0-9a-f]+$' }} ] }}",
            PLAIN.replace("credential: { label: Key }", "")
        ));
        let shown = masked(&row, &stored(&[("api_key", &secret)])).remove("api_key").unwrap();
        prop_assert_eq!(shown.chars().count(), 5);
    }
}
