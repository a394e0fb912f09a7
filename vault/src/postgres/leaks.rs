//! No table holds what opens without the key ring.

use servers::Postgres;

use super::tenancy::world;
use crate::expose;
use crate::keystore::Keystore;
use crate::keystore::postgres::PostgresKeystore;

/// Every row of every table that somebody made in the database, as text.
fn dump(database: &str) -> String {
    let tables = "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables \
                  WHERE schemaname NOT IN ('pg_catalog', 'information_schema')";
    let tables = Postgres::shared().sql(database, &[tables]);
    let queries: Vec<String> = tables
        .lines()
        .map(|table| format!("SELECT row_to_json(t) FROM {table} t"))
        .collect();
    let queries: Vec<&str> = queries.iter().map(String::as_str).collect();
    Postgres::shared().sql(database, &queries)
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

#[tokio::test]
async fn no_table_holds_a_secret_or_a_key_in_clear() {
    let canary = "sk-canary-5c1e0b7d9a";
    let world = world(canary).await;
    let (acme, dek) = (&world.contexts[0].account, world.deks[0].uuid());
    let keystore = PostgresKeystore::new(&world.url);
    let wrapped = keystore.key(acme, dek).await.unwrap().unwrap();
    let key = world.vault.unwrap::<64>(&wrapped).await.unwrap();
    let fingerprint = keystore.fingerprint_key(acme).await.unwrap().unwrap();
    let fingerprint = world.vault.unwrap::<32>(&fingerprint).await.unwrap();

    let rows = dump(&world.name);
    // The dump is one: what is meant to be there is found.
    assert!(rows.contains(&hex(&wrapped.wrapped)) && rows.contains(&hex(dek.as_bytes())) && rows.contains("…f2c"));
    let key = expose::key_bytes(&key).to_vec();
    let secrets = [
        canary.as_bytes(),
        &key[..32],
        &key[32..],
        expose::key_bytes(&fingerprint),
    ];
    let leaked = |rows: &str, secret: &[u8]| {
        rows.contains(&hex(secret)) || std::str::from_utf8(secret).is_ok_and(|text| rows.contains(text))
    };
    for secret in secrets {
        assert!(!leaked(&rows, secret));
    }

    // A planted leak of each is found.
    for secret in secrets {
        let plant = format!(
            "CREATE TABLE vault.planted AS SELECT '\\x{}'::bytea AS oops",
            hex(secret)
        );
        Postgres::shared().sql(&world.name, &[&plant]);
        assert!(leaked(&dump(&world.name), secret));
        Postgres::shared().sql(&world.name, &["DROP TABLE vault.planted"]);
    }
    let plant = format!("UPDATE vault.secret SET public = '{{\"host\": \"{canary}\"}}'");
    Postgres::shared().sql(&world.name, &[&plant]);
    assert!(leaked(&dump(&world.name), canary.as_bytes()));
}
