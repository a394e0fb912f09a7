use crate::ProjectionName;

/// The only rows that anybody sees or writes are those of the account that the transaction says it is for, unless it says
/// that it is for all of them. Without a word there are none.
const POLICY: &str = "(SELECT current_setting('soconnective.account', true)) = '*'
    OR account = (SELECT current_setting('soconnective.account', true))";

/// Makes the table of a model, with row-level security where it holds anything of an account.
pub(super) fn ddl(name: ProjectionName, table: &str) -> String {
    if name == ProjectionName::History {
        return [events(table), security(table)].concat();
    }
    match account(name) {
        Some(account) => {
            let account = format!(", account TEXT COLLATE \"C\" GENERATED ALWAYS AS ({account}) STORED");
            [documents(table, &account), security(table)].concat()
        }
        None => documents(table, ""),
    }
}

/// Which account a document is of, as the database works it out from the key: no writer can say anything else. None for a
/// model that holds nothing of any account.
const fn account(name: ProjectionName) -> Option<&'static str> {
    match name {
        // The marketplace is the same for everybody, and events are no documents.
        ProjectionName::Catalog | ProjectionName::History => None,
        ProjectionName::Integrations => Some("split_part(key, '.', 1)"),
        ProjectionName::Accounts => Some("key"),
        // `account:<account>`, `integration:<account>.<provider>`; and `provider:<provider>`, which is nobody's.
        ProjectionName::AiConfig => Some(
            "CASE WHEN starts_with(key, 'provider:') THEN NULL ELSE split_part(split_part(key, ':', 2), '.', 1) END",
        ),
        // A token may be for several accounts, and is looked up before anybody knows for which: it is nobody's.
        ProjectionName::Tokens => Some("NULL"),
    }
}

/// A key, a second key to look it up by, and the document as JSON; texts are compared as bytes, as everywhere else.
fn documents(table: &str, account: &str) -> String {
    format!(
        "CREATE TABLE {table} (
             key TEXT COLLATE \"C\" NOT NULL PRIMARY KEY, lookup TEXT COLLATE \"C\", document TEXT COLLATE \"C\" NOT NULL{account}
         ) WITH (fillfactor = 90);
         CREATE INDEX {table}_lookup ON {table} (lookup, key) WHERE lookup IS NOT NULL;"
    )
}

fn events(table: &str) -> String {
    format!(
        "CREATE TABLE {table} (
             position BIGINT NOT NULL PRIMARY KEY, recorded_at BIGINT NOT NULL, account TEXT COLLATE \"C\",
             provider TEXT COLLATE \"C\", credential BYTEA, kind TEXT COLLATE \"C\" NOT NULL,
             actor TEXT COLLATE \"C\" NOT NULL, envelope TEXT COLLATE \"C\" NOT NULL, data TEXT COLLATE \"C\" NOT NULL
         );"
    )
}

fn security(table: &str) -> String {
    format!(
        "ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
         CREATE POLICY account ON {table} USING ({POLICY}) WITH CHECK ({POLICY});"
    )
}

/// The indexes of the history, made once the first catching up is over: sorting all rows once costs less than finding the
/// place of each of them.
pub(super) fn indexes(table: &str) -> String {
    format!(
        "CREATE INDEX IF NOT EXISTS {table}_account ON {table} (account, position);
         CREATE INDEX IF NOT EXISTS {table}_provider ON {table} (account, provider, position);
         CREATE INDEX IF NOT EXISTS {table}_credential ON {table} (credential, position) WHERE credential IS NOT NULL;"
    )
}
