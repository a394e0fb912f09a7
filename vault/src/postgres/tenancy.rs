//! Row-level security by itself: what is left when a statement forgets to name the account.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::recipe::FieldValues;
use domain::{AccountId, CredentialId, DekId};
use secrecy::SecretString;
use servers::Postgres;
use sqlx::{ConnectOptions, PgConnection};
use tempfile::TempDir;
use uuid::Uuid;

use super::prepare::unforced;
use super::{PostgresUrl, Scope, Server};
use crate::keyring::KeyringFile;
use crate::keystore::postgres::PostgresKeystore;
use crate::keystore::{KeyChange, Keystore};
use crate::rows::postgres::PostgresRows;
use crate::rows::{RowChange, Rows};
use crate::{SecretContext, Vault, VaultError, VaultPlace};

/// A vault with a secret of `acme` and one of `other`.
pub(super) struct World {
    pub(super) url: PostgresUrl,
    pub(super) name: String,
    pub(super) vault: Vault,
    pub(super) place: VaultPlace,
    pub(super) folder: TempDir,
    pub(super) contexts: [SecretContext; 2],
    pub(super) deks: [DekId; 2],
}

pub(super) async fn world(secret: &str) -> World {
    let (url, folder) = (Postgres::shared().database(), tempfile::tempdir().unwrap());
    let place = VaultPlace::postgres(&url, None).unwrap();
    let ring = Arc::new(KeyringFile::new(folder.path().join("keyring")));
    let vault = Vault::connect(&place, ring).await.unwrap();
    let contexts = ["acme", "other"].map(|account| SecretContext {
        account: account.parse().unwrap(),
        credential: CredentialId::new(Uuid::from_u128(account.len() as u128)),
        version: 1,
        provider: "mailchimp".parse().unwrap(),
    });
    let mut deks = Vec::new();
    for ctx in &contexts {
        let fields = FieldValues::from_pairs([("api_key".to_owned(), SecretString::from(secret))]);
        let masked = BTreeMap::from([("api_key".to_owned(), "…f2c".to_owned())]);
        let now = "2026-01-02T12:00:00Z".parse().unwrap();
        let sealed = vault.seal(ctx, &fields, masked, BTreeMap::new(), now).await.unwrap();
        deks.push(sealed.dek);
    }
    World {
        name: url.rsplit('/').next().unwrap().to_owned(),
        url: PostgresUrl::parse(&url).unwrap(),
        vault,
        place,
        folder,
        contexts,
        deks: deks.try_into().unwrap(),
    }
}

/// A connection as the vault's own role has it, outside the vault.
async fn connection(url: &PostgresUrl) -> PgConnection {
    url.options().connect().await.unwrap()
}

async fn count(connection: &mut PgConnection, query: &'static str) -> i64 {
    sqlx::query_scalar(query).fetch_one(connection).await.unwrap()
}

#[tokio::test]
async fn statements_that_forget_the_account_reach_no_other_accounts_envelopes() {
    let world = world("secret").await;
    let rows = PostgresRows::by_policy_alone(&world.url);
    let [mine, foreign] = &world.contexts;
    let (acme, [own, other]) = (&mine.account, world.deks);
    let ids = [(mine.credential, 1), (foreign.credential, 1)];

    assert!(rows.sealed(acme, own).await.unwrap().is_some());
    assert!(rows.sealed(acme, other).await.unwrap().is_none());
    assert_eq!(rows.hints(acme, &ids).await.unwrap().len(), 1);
    assert_eq!(rows.of_account(acme).await.unwrap(), std::slice::from_ref(mine));
    for change in [
        RowChange::MakeLive(acme.clone(), other),
        RowChange::Discard(acme.clone(), other),
        RowChange::Remove(vec![(acme.clone(), other)]),
    ] {
        assert_eq!(*rows.change(change).await.unwrap().outcome(), 0);
    }
    assert_eq!(
        rows.page(None, 10).await.unwrap().len(),
        2,
        "all are there, for those who say so"
    );

    // The same without row-level security: the conditions are gone indeed.
    let off = "ALTER TABLE vault.secret DISABLE ROW LEVEL SECURITY";
    Postgres::shared().sql(&world.name, &[off]);
    assert!(rows.sealed(acme, other).await.unwrap().is_some());
    assert_eq!(rows.hints(acme, &ids).await.unwrap().len(), 2);
    assert_eq!(rows.of_account(acme).await.unwrap().len(), 2);
    let change = RowChange::Discard(acme.clone(), other);
    assert_eq!(*rows.change(change).await.unwrap().outcome(), 1);
}

#[tokio::test]
async fn statements_that_forget_the_account_reach_no_other_accounts_keys() {
    let world = world("secret").await;
    let keystore = PostgresKeystore::by_policy_alone(&world.url);
    let (acme, [own, other]) = (&world.contexts[0].account, world.deks.map(DekId::uuid));

    assert!(keystore.key(acme, own).await.unwrap().is_some());
    assert!(keystore.key(acme, other).await.unwrap().is_none());
    let fingerprint = keystore.fingerprint_key(acme).await.unwrap().unwrap();
    assert_eq!(fingerprint.ctx.account.as_ref(), Some(acme));
    for change in [
        KeyChange::Unplace(acme.clone(), other),
        KeyChange::Place(vec![(acme.clone(), other)]),
        KeyChange::Sweep(vec![(acme.clone(), other)]),
        KeyChange::Remove(vec![(acme.clone(), other)]),
    ] {
        assert_eq!(keystore.change(change).await.unwrap().rows, 0);
    }
    // Without its condition it would destroy every key there is.
    let all = KeyChange::RemoveAccount(acme.clone());
    assert_eq!(keystore.change(all).await.unwrap().rows, 2);
    let foreign = &world.contexts[1].account;
    assert!(keystore.key(foreign, other).await.unwrap().is_some());
    assert!(keystore.request_digest_key().await.unwrap().is_some());

    let off = "ALTER TABLE keystore.wrapped_key DISABLE ROW LEVEL SECURITY";
    Postgres::shared().sql(&world.name, &[off]);
    assert!(keystore.key(acme, other).await.unwrap().is_some());
}

#[tokio::test]
async fn a_transaction_that_says_nothing_sees_nothing_and_none_writes_for_another_account() {
    let world = world("secret").await;
    let mut plain = connection(&world.url).await;
    for round in 0..2 {
        assert_eq!(
            count(&mut plain, "SELECT count(*) FROM vault.secret").await,
            0,
            "{round}"
        );
        assert_eq!(
            count(&mut plain, "SELECT count(*) FROM keystore.wrapped_key").await,
            0,
            "{round}"
        );
        // The second time the setting is empty in this session, which is no account's name either.
        let set = sqlx::query("SELECT set_config('soconnective.account', '*', true)");
        set.execute(&mut plain).await.unwrap();
    }

    let server = Server::new(&world.url, "vault");
    let acme: AccountId = "acme".parse().unwrap();
    for statement in [
        "INSERT INTO vault.secret SELECT credential, 7, 'other', provider, substr(sha256, 1, 16), envelope, sha256, \
         state, created_at, now(), masked, public FROM vault.secret",
        "UPDATE vault.secret SET account = 'other'",
    ] {
        let mut transaction = server.begin(Scope::Account(&acme)).await.unwrap();
        let error = sqlx::query(statement).execute(&mut *transaction).await.unwrap_err();
        assert!(error.to_string().contains("row-level security"), "{error}");
    }
}

#[tokio::test]
async fn every_table_with_an_account_keeps_accounts_apart_or_the_vault_stays_closed() {
    let world = world("secret").await;
    world.vault.close().await;
    let mut plain = connection(&world.url).await;
    let tables = "SELECT count(*) FROM information_schema.columns \
                  WHERE table_schema IN ('vault', 'keystore') AND column_name = 'account'";
    assert_eq!(count(&mut plain, tables).await, 2);
    for schema in ["vault", "keystore"] {
        assert_eq!(unforced(&mut plain, schema).await.unwrap(), Vec::<String>::new());
        for planted in [
            "CREATE TABLE planted (account text)",
            "ALTER TABLE planted ENABLE ROW LEVEL SECURITY",
            "ALTER TABLE planted FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY",
            "ALTER TABLE planted ENABLE ROW LEVEL SECURITY; CREATE POLICY open ON planted USING (true)",
        ] {
            let path = format!("SET search_path = {schema}");
            Postgres::shared().sql(&world.name, &[&path, planted]);
            let found = unforced(&mut plain, schema).await.unwrap();
            assert_eq!(found, [format!("{schema}.planted")], "{planted}");
        }
        let ring = Arc::new(KeyringFile::new(world.folder.path().join("keyring")));
        let error = Vault::connect(&world.place, ring).await.map(drop).unwrap_err();
        assert!(
            matches!(&error, VaultError::Unforced { table } if *table == format!("{schema}.planted")),
            "{error}"
        );
        let path = format!("SET search_path = {schema}");
        Postgres::shared().sql(&world.name, &[&path, "DROP POLICY open ON planted"]);
        assert_eq!(unforced(&mut plain, schema).await.unwrap(), Vec::<String>::new());
        Postgres::shared().sql(&world.name, &[&path, "DROP TABLE planted"]);
    }
}
