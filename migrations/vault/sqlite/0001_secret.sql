-- The same random id stands in the keystore: the two files belong together, and neither is opened beside another one.
CREATE TABLE pair (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    id  BLOB NOT NULL CHECK (length(id) = 16)
) STRICT;

-- The sealed secrets. Several attempts to save one credential version may stand side by side until an event names one of
-- them by its key. Nothing here can be read without the keystore and the key ring.
CREATE TABLE secret (
    credential BLOB    NOT NULL CHECK (length(credential) = 16),
    version    INTEGER NOT NULL CHECK (version BETWEEN 0 AND 4294967295),
    account    TEXT    NOT NULL,
    provider   TEXT    NOT NULL,
    dek        BLOB    NOT NULL UNIQUE CHECK (length(dek) = 16),
    envelope   BLOB    NOT NULL,
    sha256     BLOB    NOT NULL CHECK (length(sha256) = 32),
    -- pending: no event is known to name it yet; live: an event does.
    state      TEXT    NOT NULL CHECK (state IN ('pending', 'live')),
    -- Milliseconds since 1970-01-01 UTC.
    created_at INTEGER NOT NULL,
    -- JSON objects of texts, for display: hints of the secret fields, values of the public ones.
    masked     TEXT    NOT NULL,
    public     TEXT    NOT NULL,
    PRIMARY KEY (credential, version, dek)
) STRICT;

CREATE UNIQUE INDEX secret_live ON secret (credential, version) WHERE state = 'live';
CREATE INDEX secret_by_account ON secret (account, credential, version);
CREATE INDEX secret_pending ON secret (created_at) WHERE state = 'pending';
