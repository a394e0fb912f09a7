//! The bounds of a call: time, size, and how often.

use std::time::Duration;

use domain::integration::Verdict;
use egress::{EgressConfig, Quota};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::provider::{Answer, AnswerBody, Provider};
use crate::setup::{HOST, Names, acme, egress, hurried, key_of, line, probe, probe_at, reaching, test};

#[tokio::test]
async fn a_provider_that_does_not_answer_in_ten_seconds_is_unreachable() {
    let provider = Provider::start(HOST).await;
    let egress = egress(reaching(&[&provider]));
    for body in [AnswerBody::Never, AnswerBody::Stalled] {
        provider.answers(Answer::with_body(200, body));
        let (outcome, took) = hurried(test(&egress, &probe()), provider.arrivals()).await;
        assert_eq!(line(&outcome), "unreachable timeout");
        assert!((10..11).contains(&took.as_secs()), "{took:?}");
    }
}

#[tokio::test]
async fn a_server_that_does_not_finish_the_handshake_in_three_seconds_is_unreachable() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let egress = egress(EgressConfig {
        allow: vec![format!("{HOST}:443").parse().unwrap()],
        lookup: Names::of(&[(HOST, &[silent.local_addr().unwrap()])]),
        ..EgressConfig::default()
    });
    let (connected, arrivals) = watch::channel(());
    let server = tokio::spawn(async move {
        let stream = silent.accept().await.unwrap();
        connected.send_replace(());
        // Held open until the test ends.
        let _stream = stream;
        std::future::pending::<()>().await;
    });
    let (outcome, took) = hurried(test(&egress, &probe()), arrivals).await;
    assert_eq!(line(&outcome), "unreachable timeout");
    assert!((3..4).contains(&took.as_secs()), "{took:?}");
    server.abort();
}

#[tokio::test]
async fn a_body_is_read_up_to_its_limit_and_no_further() {
    let provider = Provider::start(HOST).await;
    let egress = egress(reaching(&[&provider]));
    for (answer, expected) in [
        (Answer::new(200, vec![b' '; 64 * 1024]), "accepted -"),
        (
            Answer::new(200, vec![b' '; 64 * 1024 + 1]),
            "misconfigured body_too_large",
        ),
        (
            Answer::with_body(200, AnswerBody::Endless),
            "misconfigured body_too_large",
        ),
        (
            Answer::with_body(401, AnswerBody::Endless),
            "misconfigured body_too_large",
        ),
    ] {
        provider.answers(answer);
        assert_eq!(line(&test(&egress, &probe()).await), expected);
    }
}

#[tokio::test]
async fn an_outage_is_an_outage_however_long_its_page_is() {
    let provider = Provider::start(HOST).await;
    let egress = egress(reaching(&[&provider]));
    for (status, verdict) in [
        (500, Verdict::Unreachable),
        (503, Verdict::Unreachable),
        (429, Verdict::RateLimited),
    ] {
        provider.answers(Answer::with_body(status, AnswerBody::Endless));
        assert_eq!(test(&egress, &probe()).await.verdict, verdict, "{status}");
    }
}

#[tokio::test]
async fn an_answer_that_is_not_http_is_a_broken_one() {
    for garbage in [
        &b""[..],
        b"\0\0\0\0",
        b"220 mail.provider.com ESMTP\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nshort",
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.readable().await.unwrap();
            stream.write_all(garbage).await.unwrap();
        });
        let egress = egress(EgressConfig {
            allow: vec![address.to_string().parse().unwrap()],
            ..EgressConfig::default()
        });
        let outcome = test(&egress, &probe_at(&format!("http://{address}"))).await;
        assert_eq!(line(&outcome), "unreachable broken_answer");
        server.await.unwrap();
    }
}

#[tokio::test]
async fn an_account_that_tests_too_often_is_told_so_without_a_call() {
    let provider = Provider::start(HOST).await;
    let egress = egress(EgressConfig {
        account_quota: Quota::new(2, 1),
        ..reaching(&[&provider])
    });
    let row = probe();
    for expected in [
        "accepted -",
        "accepted -",
        "rate_limited too_many_tests",
        "rate_limited too_many_tests",
    ] {
        assert_eq!(line(&test(&egress, &row).await), expected);
    }
    let other = egress.test(&"globex".parse().unwrap(), &row, &key_of(&row)).await;
    assert_eq!(line(&other), "accepted -", "others go on");
    assert_eq!(provider.take_received().len(), 3);
}

#[tokio::test]
async fn a_provider_that_is_tested_too_often_is_spared() {
    let provider = Provider::start(HOST).await;
    let egress = egress(EgressConfig {
        provider_quota: Quota::new(1, 1),
        ..reaching(&[&provider])
    });
    assert_eq!(line(&test(&egress, &probe()).await), "accepted -");
    assert_eq!(line(&test(&egress, &probe()).await), "rate_limited too_many_tests");
    assert_eq!(provider.take_received().len(), 1);
}

#[tokio::test]
async fn only_so_many_calls_are_made_at_a_time() {
    let provider = Provider::start(HOST).await;
    provider.answers(Answer::with_body(200, AnswerBody::Never));
    let egress = egress(EgressConfig {
        max_calls: 1,
        ..reaching(&[&provider])
    });
    let row = probe();
    let both = async { tokio::join!(test(&egress, &row), test(&egress, &row)) };
    let ((first, second), _) = hurried(both, provider.arrivals()).await;
    assert_eq!(line(&first), "unreachable timeout");
    assert_eq!(line(&second), "rate_limited too_many_tests");
    provider.answers(Answer::default());
    assert_eq!(line(&test(&egress, &row).await), "accepted -");
}

#[tokio::test]
async fn a_provider_that_is_down_is_left_alone_and_tried_again() {
    let provider = Provider::start(HOST).await;
    provider.answers(Answer::new(500, "down"));
    let egress = egress(EgressConfig {
        breaker_failures: 2,
        breaker_pause: Duration::ZERO,
        ..reaching(&[&provider])
    });
    let row = probe();
    for _ in 0..4 {
        assert_eq!(test(&egress, &row).await.verdict, Verdict::Unreachable);
    }
    assert_eq!(
        provider.take_received().len(),
        4,
        "without a pause every call is a trial"
    );
    provider.answers(Answer::default());
    assert_eq!(line(&test(&egress, &row).await), "accepted -");
}

#[tokio::test]
async fn an_open_circuit_makes_no_call() {
    let provider = Provider::start(HOST).await;
    provider.answers(Answer::new(500, "down"));
    let egress = egress(EgressConfig {
        breaker_failures: 2,
        ..reaching(&[&provider])
    });
    let row = probe();
    for _ in 0..2 {
        assert_eq!(test(&egress, &row).await.verdict, Verdict::Unreachable);
    }
    provider.answers(Answer::default());
    assert_eq!(line(&test(&egress, &row).await), "unreachable circuit_open");
    assert_eq!(provider.take_received().len(), 2);
}

#[tokio::test]
async fn a_rejected_key_says_nothing_against_the_provider() {
    let provider = Provider::start(HOST).await;
    provider.answers(Answer::new(401, "{}"));
    let egress = egress(EgressConfig {
        breaker_failures: 1,
        ..reaching(&[&provider])
    });
    let row = probe();
    for _ in 0..3 {
        assert_eq!(
            egress.test(&acme(), &row, &key_of(&row)).await.verdict,
            Verdict::Rejected
        );
    }
}
