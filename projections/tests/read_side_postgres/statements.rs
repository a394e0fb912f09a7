//! How large the statements are that write rows.

use std::sync::Arc;

use domain::provider::{Logo, ProviderEvent, ProviderLogoChanged};
use domain::{Sha256Digest, StreamId};

use crate::home::Home;
use crate::story::{added, row};
use crate::support::{Reading, Writer, provider};

/// So many events with a logo of so many bytes.
const LOGOS: usize = 300;
const LOGO: usize = 40_000;
/// More than one statement is to carry.
const MUCH: i64 = 5 << 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_of_events_with_logos_goes_into_the_history_in_statements_of_some_megabytes() {
    let home = Home::new();
    let mut writer = Writer::new();
    let log = Arc::clone(&writer.log);
    let stripe = provider("stripe");
    let stream = StreamId::Provider(stripe.clone());
    writer.append(&stream, added(row(&stripe))).await;
    let reading = Reading::start(&home, &log).await;
    reading.settle().await;
    reading.stop().await;
    home.tamper(
        "CREATE TABLE statement (bytes BIGINT);
         CREATE FUNCTION measure() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
             INSERT INTO soconnective_read.statement SELECT sum(octet_length(data)) FROM written; RETURN NULL;
         END $$;
         CREATE TRIGGER measure AFTER INSERT ON history_v1 REFERENCING NEW TABLE AS written
             FOR EACH STATEMENT EXECUTE FUNCTION measure()",
    )
    .await;
    for number in 0..LOGOS {
        let logo = Logo {
            sha256: Sha256Digest::of(&number.to_be_bytes()),
            png: "QUJD".repeat(LOGO / 4),
        };
        let changed = ProviderLogoChanged { logo: Some(logo) };
        writer.append(&stream, ProviderEvent::from(changed)).await;
    }
    // It has all of them at once to catch up with.
    let reading = Reading::start(&home, &log).await;
    reading.settle().await;
    assert_eq!(home.number("SELECT count(*) FROM history_v1").await, 301);
    let largest = home.number("SELECT max(bytes) FROM statement").await;
    assert!(largest < MUCH, "{largest} bytes in one statement");
    assert!(
        home.number("SELECT count(*) FROM statement").await < 20,
        "and not in one each"
    );
    reading.assert_verified().await;
    reading.stop().await;
}
