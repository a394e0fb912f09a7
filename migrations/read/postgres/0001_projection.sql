-- The read models' own bookkeeping, in a schema of their own. The tables of the read models themselves are made by the program,
-- one set per version and generation, since they are disposable: any of them can be dropped and built again from the log.
CREATE TABLE projection (
    name        TEXT COLLATE "C" NOT NULL,
    version     BIGINT NOT NULL,
    -- Counts the times that this version was built. Generation n is built beside n - 1 and takes its place.
    generation  BIGINT NOT NULL,
    state       TEXT   NOT NULL CHECK (state IN ('building', 'live', 'retired')),
    -- The log that the checkpoint was taken on: on another one it is worth nothing.
    log_id      BYTEA  NOT NULL,
    -- The checkpoint: all events up to here are in the rows. Moved in the same transaction as the rows.
    position    BIGINT NOT NULL,
    -- When the event at the checkpoint was recorded, in microseconds since 1970.
    recorded_at BIGINT,
    -- Commits that changed a row of the model; a checkpoint moves more often than that. Those who only read compare it.
    changes     BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (name, version, generation)
) WITH (fillfactor = 50);

-- Readers of one projection never see two live models.
CREATE UNIQUE INDEX projection_live ON projection (name) WHERE state = 'live';

-- Who applies events to the models of one version of a projection. Only the clock of this database counts.
CREATE TABLE projection_lease (
    name       TEXT COLLATE "C" NOT NULL,
    version    BIGINT NOT NULL,
    -- One for each process that opened the database.
    owner      BYTEA  NOT NULL,
    -- Counts how often the lease was taken: who holds an older one changes nothing any more.
    epoch      BIGINT NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (name, version)
) WITH (fillfactor = 50);

-- Fails unless the lease is held, and keeps everybody else from taking it until the transaction ends.
CREATE FUNCTION hold(held_name TEXT, held_version BIGINT, held_owner BYTEA, held_epoch BIGINT) RETURNS VOID
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM projection_lease
    WHERE name = held_name AND version = held_version AND owner = held_owner AND epoch = held_epoch
      AND expires_at > clock_timestamp()
    FOR SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the lease of the projection % is not held any more', held_name USING ERRCODE = 'SC001';
    END IF;
END
$$;

-- Projections that stand still before an event that they cannot apply. Whoever removes the row has them try again.
CREATE TABLE projection_stop (
    name     TEXT COLLATE "C" NOT NULL,
    version  BIGINT NOT NULL,
    position BIGINT NOT NULL,
    reason   TEXT   NOT NULL,
    PRIMARY KEY (name, version)
);

-- Events that a projection passes by, because somebody decided so after it had stopped there. They are no part of the model
-- from then on, whenever it is built.
CREATE TABLE projection_skip (
    name     TEXT COLLATE "C" NOT NULL,
    log_id   BYTEA  NOT NULL,
    position BIGINT NOT NULL,
    PRIMARY KEY (name, log_id, position)
);
