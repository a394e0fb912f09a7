-- The same random id stands in the vault: the two files belong together, and neither is opened beside another one.
CREATE TABLE pair (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    id  BLOB NOT NULL CHECK (length(id) = 16)
) STRICT;

-- The key-encryption keys that this keystore knows: never the keys themselves, only how to recognise each.
CREATE TABLE kek (
    id          INTEGER PRIMARY KEY CHECK (id BETWEEN 1 AND 4294967295),
    check_value BLOB    NOT NULL CHECK (length(check_value) = 32),
    -- 1 for the one that wraps new keys.
    current     INTEGER NOT NULL CHECK (current IN (0, 1))
) STRICT;

CREATE UNIQUE INDEX kek_current ON kek (current) WHERE current = 1;

-- Keys wrapped by a key-encryption key.
CREATE TABLE wrapped_key (
    id      BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    -- credential: opens one envelope; fingerprint: one for each account; request-digest: one in all.
    purpose TEXT    NOT NULL CHECK (purpose IN ('credential', 'fingerprint', 'request-digest')),
    -- Whose key it is; empty for the request-digest key.
    account TEXT    NOT NULL,
    kek     INTEGER NOT NULL REFERENCES kek (id),
    wrapped BLOB    NOT NULL
) STRICT;

CREATE INDEX wrapped_key_by_kek ON wrapped_key (kek, id);
CREATE INDEX wrapped_key_by_account ON wrapped_key (account);
CREATE UNIQUE INDEX wrapped_key_fingerprint ON wrapped_key (account) WHERE purpose = 'fingerprint';
CREATE UNIQUE INDEX wrapped_key_request_digest ON wrapped_key (purpose) WHERE purpose = 'request-digest';
