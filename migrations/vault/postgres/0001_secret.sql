-- The envelopes. The schema is there already; `migrations/vault/sqlite` has a sibling that says the same.

-- The same random id stands in the keystore: the two schemas belong together, and neither is opened beside another one.
CREATE TABLE vault.pair (
    one smallint PRIMARY KEY CHECK (one = 1),
    id  bytea NOT NULL CHECK (length(id) = 16)
);

-- The sealed secrets. Several attempts to save one credential version may stand side by side until an event names one of
-- them by its key. Nothing here can be read without the keystore and the key ring.
CREATE TABLE vault.secret (
    credential bytea       NOT NULL CHECK (length(credential) = 16),
    version    bigint      NOT NULL CHECK (version BETWEEN 0 AND 4294967295),
    account    text        COLLATE "C" NOT NULL CHECK (account <> ''),
    provider   text        COLLATE "C" NOT NULL,
    dek        bytea       NOT NULL UNIQUE CHECK (length(dek) = 16),
    envelope   bytea       NOT NULL,
    sha256     bytea       NOT NULL CHECK (length(sha256) = 32),
    -- pending: no event is known to name it yet; live: an event does.
    state      text        COLLATE "C" NOT NULL CHECK (state IN ('pending', 'live')),
    -- Milliseconds since 1970-01-01 UTC, by the clock of the node that sealed it.
    created_at bigint      NOT NULL,
    -- By the clock of this database.
    stored_at  timestamptz NOT NULL DEFAULT now(),
    -- JSON objects of texts, for display: hints of the secret fields, values of the public ones.
    masked     text        NOT NULL,
    public     text        NOT NULL,
    PRIMARY KEY (credential, version, dek)
);

-- Random bytes do not compress.
ALTER TABLE vault.secret ALTER COLUMN envelope SET STORAGE EXTERNAL;

CREATE UNIQUE INDEX secret_live ON vault.secret (credential, version) WHERE state = 'live';
CREATE INDEX secret_by_account ON vault.secret (account, credential, version);
CREATE INDEX secret_pending ON vault.secret (created_at) WHERE state = 'pending';

-- A transaction says whose secrets it is about: an account, or `*`, which is no account's name, for all. When it says
-- nothing it sees nothing. After a transaction that said something the setting is empty in that session, not gone.
ALTER TABLE vault.secret ENABLE ROW LEVEL SECURITY;
ALTER TABLE vault.secret FORCE ROW LEVEL SECURITY;

CREATE POLICY by_account ON vault.secret
    USING (
        account = nullif(current_setting('soconnective.account', true), '')
        OR current_setting('soconnective.account', true) = '*'
    );
