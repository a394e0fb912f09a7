//! No value of a placeholder can change the structure of a request: scheme, host, port, path, headers, JSON.

use std::sync::LazyLock;

use domain::provider::ProviderRow;
use domain::recipe::{FieldValues, HostRule, LintPolicy, accept, render_request, render_test};
use proptest::prelude::*;
use secrecy::SecretString;
use url::Url;

use crate::{row, stored};

static ROW: LazyLock<ProviderRow> = LazyLock::new(|| row(TEXT));

const TEXT: &str = r#"
key: acme
name: Acme
category: Test
auth: api_key
recipe:
  fields:
    - { name: sub }
    - { name: seg }
    - { name: par, optional: true }
    - { name: head, optional: true }
    - { name: member, optional: true }
    - { name: key, secret: true }
  request:
    base_url: https://{sub}.api.example.com/base/{seg}
    auth: { basic: { username: "{member}", password: "{key}" } }
    headers: { X-Head: "a {head} b" }
    query: { q: "a{par}&b", fixed: "1" }
  test:
    method: POST
    path: /{seg}.json/end
    body: { json: { "m": [ "{member}", { "n": "x {member}\"" } ], "one": 1 } }
    accept: [ { status: 200 } ]
"#;

static OWN_SERVER: LazyLock<ProviderRow> = LazyLock::new(|| {
    row(r#"
key: acme
name: Acme
category: Test
auth: bearer
recipe:
  fields: [ { name: server, type: url }, { name: key, secret: true } ]
  request: { base_url: "{server}/api", auth: { bearer: "{key}" } }
  test: { path: /me, accept: [ { status: 200 } ] }
"#)
});

/// Texts that an attacker would try, and any others.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "\\PC{0,24}",
        2 => "[a-z0-9-]{1,12}",
        2 => proptest::collection::vec(
            prop_oneof![
                Just("\r\n"), Just("/"), Just("\\"), Just(".."), Just("."), Just("?"), Just("#"), Just("@"), Just(":"),
                Just("&"), Just("="), Just("%"), Just("%2f"), Just("%2e"), Just("\""), Just("}"), Just("{key}"), Just("\0"),
                Just("evil.com"), Just("a"), Just("\u{202e}"), Just("\t"), Just(" "), Just("[::1]"), Just(";"), Just("é"),
            ],
            0..6,
        ).prop_map(|parts| parts.concat()),
    ]
}

fn fields(values: &[String; 6]) -> FieldValues {
    let [sub, seg, par, head, member, key] = values;
    stored(&[
        ("sub", sub),
        ("seg", seg),
        ("par", par),
        ("head", head),
        ("member", member),
        ("key", key),
    ])
}

fn assert_structure(row: &ProviderRow, values: &[String; 6]) -> Result<bool, TestCaseError> {
    let [sub, seg, par, head, member, key] = values;
    let Ok(request) = render_test(row, &fields(values)) else {
        return Ok(false);
    };
    let url = Url::parse(request.url()).unwrap();
    prop_assert_eq!(url.scheme(), "https");
    prop_assert_eq!(url.port(), None);
    prop_assert_eq!(url.username(), "");
    prop_assert_eq!(url.fragment(), None);
    let host = format!("{}.api.example.com", sub.to_ascii_lowercase());
    prop_assert_eq!(url.host_str(), Some(host.as_str()));
    prop_assert_eq!(host.matches('.').count(), 3);
    prop_assert_eq!(request.host_rule(), &HostRule::Fixed("api.example.com".to_owned()));
    let segments: Vec<String> = url.path_segments().unwrap().map(decode).collect();
    prop_assert_eq!(
        segments,
        ["base".to_owned(), seg.clone(), format!("{seg}.json"), "end".to_owned()]
    );
    let query: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let mut expected = vec![("fixed".to_owned(), "1".to_owned())];
    if !par.is_empty() {
        expected.push(("q".to_owned(), format!("a{par}&b")));
    }
    prop_assert_eq!(query, expected);

    let names: Vec<&str> = request.headers().iter().map(|(name, _)| name.as_str()).collect();
    let mut expected = vec!["authorization", "content-type"];
    if !head.is_empty() {
        expected.push("x-head");
        prop_assert_eq!(&request.headers()[2].1, &format!("a {head} b"));
    }
    prop_assert_eq!(names, expected);
    for (_, value) in request.headers() {
        prop_assert!(value.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
    }
    prop_assert!(!member.contains(':'));

    let body: serde_json::Value = serde_json::from_slice(request.body().unwrap()).unwrap();
    let expected = serde_json::json!({ "m": [member, { "n": format!("x {member}\"") }], "one": 1 });
    prop_assert_eq!(body, expected);
    prop_assert!(
        !request.url().contains(key.as_str()) || key.len() < 8,
        "the secret stands in the header alone"
    );
    prop_assert!(render_request(row, &fields(values)).is_ok());
    Ok(true)
}

/// Percent-decoding of one segment.
fn decode(segment: &str) -> String {
    let pair = format!("x={}", segment.replace('+', "%2B"));
    url::form_urlencoded::parse(pair.as_bytes())
        .next()
        .unwrap()
        .1
        .into_owned()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_value_changes_the_structure(values in [value(), value(), value(), value(), value(), value()]) {
        assert_structure(&ROW, &values)?;
    }

    #[test]
    fn a_harmless_host_and_path_render_with_anything_elsewhere(par in value(), member in "[^:\\pC]{0,20}") {
        let values = ["eu1", "seg", &par, "", &member, "key"].map(str::to_owned);
        prop_assert!(assert_structure(&ROW, &values)?);
    }

    #[test]
    fn what_is_accepted_renders(values in [value(), value(), value(), value(), value(), value()]) {
        let row = &*ROW;
        let names = ["sub", "seg", "par", "head", "member", "key"];
        let raw = names.iter().zip(&values).map(|(n, v)| ((*n).to_owned(), SecretString::from(v.as_str()))).collect();
        if let Ok(accepted) = accept(row, raw, &LintPolicy::default()) {
            prop_assert!(render_test(row, &accepted).is_ok());
            let again = accepted.iter().map(|(name, value)| (name.to_owned(), value.clone())).collect();
            prop_assert!(accept(row, again, &LintPolicy::default()).is_ok(), "what was normalised is accepted again");
        }
    }

    #[test]
    fn a_server_of_the_account_s_own_is_called_and_no_other(pasted in value(), own in "[a-z]{1,8}\\.example\\.(com|org)") {
        let row = &*OWN_SERVER;
        for text in [pasted.clone(), format!("https://{own}{pasted}"), format!("{pasted}{own}")] {
            let raw = [("server".to_owned(), SecretString::from(text)), ("key".to_owned(), SecretString::from("k"))];
            let Ok(accepted) = accept(row, raw.into_iter().collect(), &LintPolicy::default()) else { continue };
            let request = render_test(row, &accepted).unwrap();
            let url = Url::parse(request.url()).unwrap();
            let host = url.host_str().unwrap().to_owned();
            prop_assert_eq!(url.scheme(), "https");
            prop_assert!(matches!(url.host(), Some(url::Host::Domain(_))));
            prop_assert!(url.path().ends_with("/api/me") && url.query().is_none());
            prop_assert_eq!(request.host_rule(), &HostRule::Pinned(host));
        }
    }
}
