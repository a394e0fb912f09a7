use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use domain::{AccountId, CredentialId, DekId, ProviderKey};
use sqlx::Row;
use sqlx::postgres::PgRow;

use crate::postgres::{Scope, Server, account, malformed, number, uuid};
use crate::rows::{SealedRow, SecretId};
use crate::{Hints, PendingSecret, SecretContext};

const SEALED: &str = "SELECT credential, version, account, provider, envelope FROM vault.secret \
                      WHERE account = $1 AND dek = $2";
const ATTEMPTS: &str = "SELECT account, dek FROM vault.secret \
                        WHERE (credential, version) IN (SELECT * FROM unnest($1::bytea[], $2::bigint[]))";
// Where several attempts to save a version are pending beside a live one, the live one is shown: it comes last.
const HINTS: &str = "SELECT credential, version, masked, public FROM vault.secret \
                     WHERE account = $1 \
                     AND (credential, version) IN (SELECT * FROM unnest($2::bytea[], $3::bigint[])) \
                     ORDER BY state = 'live', created_at";
// Whoever is saving it on another node, whose clock may be behind, is done by then: the database's own clock says so too.
const PENDING: &str = "SELECT credential, version, account, provider, dek FROM vault.secret \
                       WHERE state = 'pending' AND created_at < $1 AND stored_at < now() - interval '4 minutes' \
                       ORDER BY created_at";
const OF_ACCOUNT: &str = "SELECT DISTINCT credential, version, account, provider FROM vault.secret \
                          WHERE account = $1 ORDER BY credential, version";
const PAGE: &str = "SELECT DISTINCT credential, version, account, provider FROM vault.secret \
                    WHERE (credential, version) > ($1, $2) ORDER BY credential, version LIMIT $3";
const PRESENT: &str = "SELECT dek FROM vault.secret WHERE dek = ANY($1)";
const COUNTS: &str = "SELECT (SELECT count(*) FROM vault.secret WHERE state = 'pending'), \
                      (SELECT count(*) FROM vault.secret)";

pub(super) async fn sealed(server: &Server, account: &AccountId, dek: DekId) -> Result<Option<SealedRow>, sqlx::Error> {
    let mut transaction = server.begin(Scope::Account(account)).await?;
    let query = sqlx::query(server.of_tenant(SEALED))
        .bind(account.as_str())
        .bind(dek.uuid().as_bytes().to_vec());
    let row = query.fetch_optional(&mut *transaction).await?;
    transaction.commit().await?;
    row.map(|row| {
        Ok(SealedRow {
            ctx: context(&row)?,
            envelope: row.try_get("envelope")?,
        })
    })
    .transpose()
}

pub(super) async fn attempts(server: &Server, ids: &[SecretId]) -> Result<Vec<(AccountId, DekId)>, sqlx::Error> {
    let mut transaction = server.begin(Scope::All).await?;
    let (credentials, versions) = columns(ids);
    let query = sqlx::query(ATTEMPTS).bind(credentials).bind(versions);
    let rows = query.fetch_all(&mut *transaction).await?;
    transaction.commit().await?;
    rows.iter().map(|row| Ok((account(row)?, dek(row)?))).collect()
}

pub(super) async fn hints(
    server: &Server,
    account: &AccountId,
    ids: &[SecretId],
) -> Result<HashMap<SecretId, Hints>, sqlx::Error> {
    let mut transaction = server.begin(Scope::Account(account)).await?;
    let (credentials, versions) = columns(ids);
    let query = sqlx::query(server.of_tenant(HINTS))
        .bind(account.as_str())
        .bind(credentials)
        .bind(versions);
    let rows = query.fetch_all(&mut *transaction).await?;
    transaction.commit().await?;
    let found = rows.iter().map(|row| {
        let id = (CredentialId::new(uuid(row, "credential")?), number(row, "version")?);
        let hints = Hints {
            masked: texts(row, "masked")?,
            public: texts(row, "public")?,
        };
        Ok((id, hints))
    });
    found.collect()
}

pub(super) async fn pending(server: &Server, older_than: DateTime<Utc>) -> Result<Vec<PendingSecret>, sqlx::Error> {
    let mut transaction = server.begin(Scope::All).await?;
    let query = sqlx::query(PENDING).bind(older_than.timestamp_millis());
    let rows = query.fetch_all(&mut *transaction).await?;
    transaction.commit().await?;
    let pending = rows.iter().map(|row| {
        Ok(PendingSecret {
            context: context(row)?,
            dek: dek(row)?,
        })
    });
    pending.collect()
}

pub(super) async fn of_account(server: &Server, account: &AccountId) -> Result<Vec<SecretContext>, sqlx::Error> {
    let mut transaction = server.begin(Scope::Account(account)).await?;
    let query = sqlx::query(server.of_tenant(OF_ACCOUNT)).bind(account.as_str());
    let rows = query.fetch_all(&mut *transaction).await?;
    transaction.commit().await?;
    rows.iter().map(context).collect()
}

pub(super) async fn page(
    server: &Server,
    after: Option<SecretId>,
    max: u32,
) -> Result<Vec<SecretContext>, sqlx::Error> {
    // Before the first: no bytes sort before every id.
    let (credential, version) = after.map_or((Vec::new(), 0), |(id, version)| {
        (id.uuid().as_bytes().to_vec(), version)
    });
    let mut transaction = server.begin(Scope::All).await?;
    let query = sqlx::query(PAGE)
        .bind(credential)
        .bind(i64::from(version))
        .bind(i64::from(max));
    let rows = query.fetch_all(&mut *transaction).await?;
    transaction.commit().await?;
    rows.iter().map(context).collect()
}

pub(super) async fn present(server: &Server, deks: &[DekId]) -> Result<Vec<DekId>, sqlx::Error> {
    let ids: Vec<Vec<u8>> = deks.iter().map(|dek| dek.uuid().as_bytes().to_vec()).collect();
    let mut transaction = server.begin(Scope::All).await?;
    let rows = sqlx::query(PRESENT).bind(ids).fetch_all(&mut *transaction).await?;
    transaction.commit().await?;
    rows.iter().map(dek).collect()
}

pub(super) async fn counts(server: &Server) -> Result<(u64, u64), sqlx::Error> {
    let mut transaction = server.begin(Scope::All).await?;
    let (pending, all): (i64, i64) = sqlx::query_as(COUNTS).fetch_one(&mut *transaction).await?;
    transaction.commit().await?;
    Ok((pending.unsigned_abs(), (all - pending).unsigned_abs()))
}

/// The ids as the two arrays that a query takes.
fn columns(ids: &[SecretId]) -> (Vec<Vec<u8>>, Vec<i64>) {
    ids.iter()
        .map(|(credential, version)| (credential.uuid().as_bytes().to_vec(), i64::from(*version)))
        .unzip()
}

pub(super) fn context(row: &PgRow) -> Result<SecretContext, sqlx::Error> {
    let provider: &str = row.try_get("provider")?;
    Ok(SecretContext {
        account: account(row)?,
        credential: CredentialId::new(uuid(row, "credential")?),
        version: number(row, "version")?,
        provider: provider
            .parse::<ProviderKey>()
            .map_err(|_| malformed("a provider key is not one"))?,
    })
}

pub(super) fn dek(row: &PgRow) -> Result<DekId, sqlx::Error> {
    uuid(row, "dek").map(DekId::new)
}

fn texts(row: &PgRow, column: &str) -> Result<BTreeMap<String, String>, sqlx::Error> {
    serde_json::from_str(row.try_get(column)?).map_err(|_| malformed("a hint is not a JSON object of texts"))
}
