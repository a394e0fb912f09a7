//! The eleven shapes that a row must express with no code: each lints clean, renders one exact request, and reads the
//! answers of its provider.

mod ai;
mod business;
mod messaging;

use domain::integration::{TestOutcome, Verdict};
use domain::provider::ProviderRow;
use domain::recipe::{HostRule, HttpRequest, LintPolicy, judge, lint, render_test};

use crate::{accepted, answer, shape};

const HEX: &str = "0123456789abcdef0123456789abcdef";

/// What a request must look like. Headers are all there are.
struct Expected {
    method: &'static str,
    url: String,
    headers: Vec<(&'static str, String)>,
    body: Option<&'static str>,
    host: &'static str,
}

fn assert_request(request: &HttpRequest, expected: &Expected) {
    assert_eq!(request.method().as_str(), expected.method);
    assert_eq!(request.url(), expected.url);
    let headers: Vec<(&str, String)> = request.headers().iter().map(|(n, v)| (n.as_str(), v.clone())).collect();
    assert_eq!(headers, expected.headers);
    assert_eq!(
        request.body().map(|body| std::str::from_utf8(body).unwrap()),
        expected.body
    );
    assert_eq!(request.host_rule(), &HostRule::Fixed(expected.host.to_owned()));
}

/// An answer of the provider, and the verdict, code and identity that it means.
type Answer<'a> = (u16, &'a str, Verdict, Option<&'a str>, Option<&'a str>);

/// Lints a row, renders its test with `pasted` and checks it, and judges each answer.
fn assert_shape(name: &str, pasted: &[(&str, &str)], expected: &Expected, answers: &[Answer<'_>]) -> ProviderRow {
    let row = shape(name);
    assert_eq!(lint(&row, &LintPolicy::default()), []);
    let json = serde_json::to_string(&row).unwrap();
    assert_eq!(
        serde_json::from_str::<ProviderRow>(&json).unwrap(),
        row,
        "it stands in an event as JSON"
    );
    let values = accepted(&row, pasted);
    assert_request(&render_test(&row, &values).unwrap(), expected);
    for (status, body, verdict, code, identity) in answers {
        let outcome = judge(&row, &values, &answer(*status, body));
        let expected = TestOutcome {
            verdict: *verdict,
            code: code.map(str::to_owned),
            identity: identity.map(str::to_owned),
        };
        assert_eq!(outcome, expected, "{name} {status} {body}");
    }
    // What every provider's outage looks like.
    for (status, verdict) in [
        (500, Verdict::Unreachable),
        (503, Verdict::Unreachable),
        (302, Verdict::Misconfigured),
    ] {
        assert_eq!(
            judge(&row, &values, &answer(status, "")).verdict,
            verdict,
            "{name} {status}"
        );
    }
    assert_eq!(
        judge(&row, &values, &answer(429, "{}")).verdict,
        Verdict::RateLimited,
        "{name}"
    );
    row
}

fn json() -> (&'static str, String) {
    ("content-type", "application/json".to_owned())
}

fn get(url: &str, headers: Vec<(&'static str, String)>, host: &'static str) -> Expected {
    Expected {
        method: "GET",
        url: url.to_owned(),
        headers,
        body: None,
        host,
    }
}
