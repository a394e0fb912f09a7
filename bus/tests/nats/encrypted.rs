//! A server that speaks TLS, with a certificate that no machine trusts by itself.

use bus::NatsBus;
use servers::{Authority, Nats};
use uuid::Uuid;

use crate::connecting::{refusal, works};

const PASSWORD: &str = "s3cret@1";
const ENCODED: &str = "s3cret%401";

/// A server that is reached as 127.0.0.1, by a user with a password, over TLS alone.
fn guarded(authority: &Authority) -> Nats {
    let users = format!("authorization {{ user: ann, password: '{PASSWORD}' }}");
    Nats::start_encrypted(&authority.certify("127.0.0.1"), &users)
}

#[tokio::test]
async fn a_server_is_trusted_by_the_authority_that_the_url_names() {
    let authority = Authority::new();
    let nats = guarded(&authority);
    let (address, ca) = (nats.address(), authority.file().display().to_string());
    for url in [
        format!("tls://ann:{ENCODED}@{address}?ca={ca}"),
        format!("nats://ann:{ENCODED}@{address}?tls=true&ca={ca}"),
        // The server asks for it.
        format!("nats://ann:{ENCODED}@{address}?ca={ca}"),
    ] {
        works(&url).await;
    }
}

#[tokio::test]
async fn a_certificate_of_a_stranger_is_refused_with_what_to_change() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let nats = guarded(&authority);
    let address = nats.address();
    let ca = stranger.file().display().to_string();
    for url in [
        format!("tls://ann:{ENCODED}@{address}?ca={ca}"),
        format!("tls://ann:{ENCODED}@{address}"),
        format!("nats://ann:{ENCODED}@{address}"),
    ] {
        let said = refusal(&url).await;
        assert!(
            said.contains("name the PEM file of its authority with ca=FILE"),
            "{said}"
        );
        assert!(!said.contains(PASSWORD) && !said.contains(ENCODED), "{said}");
    }
}

#[tokio::test]
async fn a_certificate_for_another_host_is_refused() {
    let authority = Authority::new();
    let nats = Nats::start_encrypted(&authority.certify("nats.example"), "");
    let said = refusal(&format!("tls://{}?ca={}", nats.address(), authority.file().display())).await;
    assert!(said.contains("for another name"), "{said}");
}

#[tokio::test]
async fn nothing_is_sent_in_clear_where_tls_is_asked_for() {
    let nats = Nats::start();
    let url = format!("{}?tls=true", nats.url());
    let bus = NatsBus::connect(&url, Uuid::from_u128(1), "").await;
    let reached = match bus {
        Ok(bus) => bus::Bus::last(&bus).await.is_ok(),
        Err(_) => false,
    };
    assert!(!reached, "a server without TLS");
}
