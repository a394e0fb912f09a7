-- The wrapped keys. The schema is there already; so is this table's sibling in `migrations/keystore/sqlite`, which says the
-- same.

-- The same random id stands in the vault: the two schemas belong together, and neither is opened beside another one.
CREATE TABLE keystore.pair (
    one smallint PRIMARY KEY CHECK (one = 1),
    id  bytea NOT NULL CHECK (length(id) = 16)
);

-- The key-encryption keys that this keystore knows: never the keys themselves, only how to recognise each.
CREATE TABLE keystore.kek (
    id          bigint  PRIMARY KEY CHECK (id BETWEEN 1 AND 4294967295),
    check_value bytea   NOT NULL CHECK (length(check_value) = 32),
    -- The one that wraps new keys.
    current     boolean NOT NULL
);

CREATE UNIQUE INDEX kek_current ON keystore.kek (current) WHERE current;

-- Keys wrapped by a key-encryption key.
CREATE TABLE keystore.wrapped_key (
    id         bytea       PRIMARY KEY CHECK (length(id) = 16),
    -- credential: opens one envelope; fingerprint: one for each account; request-digest: one in all.
    purpose    text        NOT NULL CHECK (purpose IN ('credential', 'fingerprint', 'request-digest')),
    -- Whose key it is; empty for the request-digest key.
    account    text        COLLATE "C" NOT NULL,
    kek        bigint      NOT NULL REFERENCES keystore.kek (id),
    wrapped    bytea       NOT NULL,
    -- Whether the envelope of a credential's key is known to be written. One that never was, and is old, is the remainder
    -- of a crash.
    placed     boolean     NOT NULL,
    -- By the clock of this database.
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX wrapped_key_by_kek ON keystore.wrapped_key (kek, id);
CREATE INDEX wrapped_key_by_account ON keystore.wrapped_key (account);
CREATE INDEX wrapped_key_unplaced ON keystore.wrapped_key (id) WHERE NOT placed;
CREATE UNIQUE INDEX wrapped_key_fingerprint ON keystore.wrapped_key (account) WHERE purpose = 'fingerprint';
CREATE UNIQUE INDEX wrapped_key_request_digest ON keystore.wrapped_key (purpose) WHERE purpose = 'request-digest';

-- A transaction says whose keys it is about: an account, or `*`, which is no account's name, for all. When it says nothing
-- it sees nothing. After a transaction that said something the setting is empty in that session, not gone.
ALTER TABLE keystore.wrapped_key ENABLE ROW LEVEL SECURITY;
ALTER TABLE keystore.wrapped_key FORCE ROW LEVEL SECURITY;

CREATE POLICY by_account ON keystore.wrapped_key
    USING (
        account = nullif(current_setting('soconnective.account', true), '')
        OR current_setting('soconnective.account', true) = '*'
    );
