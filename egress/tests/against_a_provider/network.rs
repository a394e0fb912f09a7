//! Where a call goes and where it never goes.

use std::net::SocketAddr;
use std::process::Command;

use domain::recipe::{self, HostPort, LintPolicy};
use egress::EgressConfig;
use secrecy::SecretString;
use tokio::net::TcpListener;

use crate::provider::{Answer, Provider};
use crate::setup::{HOST, KEY, Names, acme, egress, key_of, line, probe, probe_at, reaching, row, test};

#[tokio::test]
async fn a_good_key_is_accepted_over_tls_under_the_provider_s_own_name() {
    let provider = Provider::start(HOST).await;
    let egress = egress(reaching(&[&provider]));
    assert_eq!(line(&test(&egress, &probe()).await), "accepted -");
    let [request] = provider.take_received().try_into().unwrap();
    assert_eq!(request.sni.as_deref(), Some(HOST));
    assert_eq!(request.headers["host"], HOST);
    assert_eq!(request.headers["authorization"], format!("Bearer {KEY}"));
    let names: Vec<_> = request.headers.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        ["accept", "authorization", "host", "user-agent"],
        "no cookie, encoding, referer or proxy"
    );
}

#[tokio::test]
async fn a_certificate_that_nobody_trusts_ends_the_call_before_the_key_is_sent() {
    let provider = Provider::start(HOST).await;
    let egress = egress(EgressConfig {
        extra_roots: Vec::new(),
        ..reaching(&[&provider])
    });
    assert_eq!(line(&test(&egress, &probe()).await), "unreachable tls");
    assert_eq!(provider.connections(), 1);
    assert!(provider.take_received().is_empty());
}

#[tokio::test]
async fn a_certificate_of_another_host_ends_the_call_before_the_key_is_sent() {
    let provider = Provider::start_as(HOST, "api.other-provider.com").await;
    let egress = egress(reaching(&[&provider]));
    assert_eq!(line(&test(&egress, &probe()).await), "unreachable tls");
    assert!(provider.take_received().is_empty());
}

#[tokio::test]
async fn a_server_without_tls_is_unreachable() {
    let plain = Provider::start_plain().await;
    let egress = egress(EgressConfig {
        allow: vec![format!("{HOST}:443").parse().unwrap()],
        lookup: Names::of(&[(HOST, &[plain.address()])]),
        ..EgressConfig::default()
    });
    assert_eq!(line(&test(&egress, &probe()).await), "unreachable tls");
    assert!(plain.take_received().is_empty());
}

#[tokio::test]
async fn a_port_where_nobody_listens_is_unreachable() {
    let vacated = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let egress = egress(EgressConfig {
        allow: vec![format!("{HOST}:443").parse().unwrap()],
        lookup: Names::of(&[(HOST, &[vacated])]),
        ..EgressConfig::default()
    });
    assert_eq!(line(&test(&egress, &probe()).await), "unreachable connect");
}

#[tokio::test]
async fn a_name_without_an_address_is_unreachable() {
    for lookup in [Names::of(&[]), Names::of(&[(HOST, &[])])] {
        let egress = egress(EgressConfig {
            lookup,
            ..EgressConfig::default()
        });
        assert_eq!(line(&test(&egress, &probe()).await), "unreachable dns");
    }
}

#[tokio::test]
async fn a_name_that_leads_inside_is_not_called() {
    let provider = Provider::start(HOST).await;
    let inside = provider.address();
    let public: SocketAddr = "93.184.215.14:0".parse().unwrap();
    let metadata: SocketAddr = "169.254.169.254:0".parse().unwrap();
    for answers in [&[inside][..], &[public, inside], &[inside, public], &[metadata]] {
        let names = Names::of(&[(HOST, answers)]);
        let egress = egress(EgressConfig {
            allow: Vec::new(),
            lookup: names.clone(),
            ..reaching(&[&provider])
        });
        assert_eq!(
            line(&test(&egress, &probe()).await),
            "misconfigured address_not_allowed"
        );
        assert_eq!(names.asked(), [format!("{HOST}.")]);
    }
    assert_eq!(provider.connections(), 0);
}

#[tokio::test]
async fn each_call_looks_its_name_up_once_and_connects_for_itself() {
    let provider = Provider::start(HOST).await;
    let names = Names::of(&[(HOST, &[provider.address()])]);
    let egress = egress(EgressConfig {
        lookup: names.clone(),
        ..reaching(&[&provider])
    });
    let row = probe();
    egress.test(&acme(), &row, &key_of(&row)).await;
    egress.test(&"globex".parse().unwrap(), &row, &key_of(&row)).await;
    assert_eq!(names.asked(), [HOST, HOST]);
    assert_eq!(
        provider.connections(),
        2,
        "no account speaks over another one's connection"
    );
}

#[tokio::test]
async fn an_address_is_called_only_where_the_operator_allowed_it() {
    let inside = Provider::start_plain().await;
    let base_url = format!("http://{}", inside.address());
    let row = probe_at(&base_url);
    let closed = egress(EgressConfig::default());
    assert_eq!(line(&test(&closed, &row).await), "misconfigured scheme_not_allowed");
    assert_eq!(inside.connections(), 0);

    let open = egress(EgressConfig {
        allow: vec![inside.address().to_string().parse().unwrap()],
        ..EgressConfig::default()
    });
    assert_eq!(
        recipe::lint(&row, &open.lint_policy()),
        [],
        "the linter knows the exception"
    );
    assert_eq!(line(&test(&open, &row).await), "accepted -");
    let [request] = inside.take_received().try_into().unwrap();
    assert_eq!(request.headers["host"], inside.address().to_string());
}

#[tokio::test]
async fn an_account_s_own_server_may_be_one_that_the_operator_allowed() {
    let inside = Provider::start_plain().await;
    let row = row(r#"
key: forge
name: Forge
category: Tests
auth: bearer
recipe:
  fields: [{ name: server, type: url }, { name: api_key, secret: true }]
  request: { base_url: "{server}/api", auth: { bearer: "{api_key}" } }
  test: { path: /me, accept: [{ status: 200 }] }
"#);
    let allow: Vec<HostPort> = vec![inside.address().to_string().parse().unwrap()];
    let server = format!("http://{}", inside.address());
    let pasted = [("server", server.as_str()), ("api_key", KEY)];
    let pasted = || {
        pasted
            .map(|(name, value)| (name.to_owned(), SecretString::from(value)))
            .into()
    };
    assert!(
        recipe::accept(&row, pasted(), &LintPolicy::default()).is_err(),
        "public servers alone"
    );

    let open = egress(EgressConfig {
        allow,
        ..EgressConfig::default()
    });
    let Ok(values) = recipe::accept(&row, pasted(), &open.lint_policy()) else {
        panic!("{server} is allowed")
    };
    assert_eq!(line(&open.test(&acme(), &row, &values).await), "accepted -");
    assert_eq!(inside.take_received()[0].target, "/api/me");
    let closed = egress(EgressConfig::default());
    let outcome = closed.test(&acme(), &row, &values).await;
    assert_eq!(
        line(&outcome),
        "misconfigured scheme_not_allowed",
        "the exception was taken back"
    );
}

#[tokio::test]
async fn a_name_of_the_operator_s_own_network_is_looked_up_by_the_system() {
    let inside = Provider::start_plain().await;
    let authority = format!("localhost:{}", inside.address().port());
    let egress = egress(EgressConfig {
        allow: vec![authority.parse().unwrap()],
        ..EgressConfig::default()
    });
    let outcome = test(&egress, &probe_at(&format!("http://{authority}"))).await;
    assert_eq!(line(&outcome), "accepted -");
}

#[tokio::test]
async fn addresses_in_disguise_are_not_called() {
    let egress = egress(EgressConfig::default());
    for (base_url, code) in [
        ("https://2130706433", "address_not_allowed"),
        ("https://0x7f000001", "address_not_allowed"),
        ("https://0177.0.0.1", "address_not_allowed"),
        ("https://127.1", "address_not_allowed"),
        ("https://[::1]", "address_not_allowed"),
        ("http://169.254.169.254", "scheme_not_allowed"),
    ] {
        let outcome = test(&egress, &probe_at(base_url)).await;
        assert_eq!(line(&outcome), format!("misconfigured {code}"), "{base_url}");
    }
}

#[tokio::test]
async fn a_redirect_is_never_followed() {
    let provider = Provider::start(HOST).await;
    let elsewhere = Provider::start("api.elsewhere-provider.com").await;
    let egress = egress(reaching(&[&provider, &elsewhere]));
    for location in [
        "https://api.elsewhere-provider.com/me",
        "https://api.probe-provider.com/me/",
        "/me/",
        "http://169.254.169.254/latest/meta-data/",
        "file:///etc/passwd",
    ] {
        for status in [301, 302, 303, 307, 308] {
            provider.answers(Answer {
                status,
                ..Answer::redirect(location)
            });
            assert_eq!(
                line(&test(&egress, &probe()).await),
                "misconfigured redirected",
                "{status} {location}"
            );
            assert_eq!(provider.take_received().len(), 1);
        }
    }
    assert_eq!(elsewhere.connections(), 0);
}

#[tokio::test]
async fn a_row_without_a_test_calls_nobody() {
    let names = Names::of(&[]);
    let egress = egress(EgressConfig {
        lookup: names.clone(),
        ..EgressConfig::default()
    });
    let row = row("{ key: plain, name: Plain, category: Tests, auth: api_key, credential: { label: API key } }");
    assert_eq!(line(&test(&egress, &row).await), "untestable -");
    assert!(names.asked().is_empty());
}

/// The environment is set in a process of its own: the tests of one process share theirs.
#[tokio::test]
async fn proxies_of_the_environment_are_ignored() {
    let proxy = Provider::start_plain().await;
    let url = format!("http://{}", proxy.address());
    let child = "network::a_good_key_is_accepted_over_tls_under_the_provider_s_own_name";
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", child]);
    for name in [
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "http_proxy",
        "https_proxy",
        "all_proxy",
    ] {
        command.env(name, &url);
    }
    command.env_remove("NO_PROXY").env_remove("no_proxy");
    let output = tokio::task::spawn_blocking(move || command.output())
        .await
        .unwrap()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    assert_eq!(proxy.connections(), 0);
}
