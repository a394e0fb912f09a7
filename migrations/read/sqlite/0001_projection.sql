-- The read models' own bookkeeping. The tables of the read models themselves are made by the program, one set per version
-- and generation, since they are disposable: any of them can be dropped and built again from the log.
CREATE TABLE projection (
    name        TEXT    NOT NULL,
    version     INTEGER NOT NULL,
    -- Counts the times that this version was built. Generation n is built beside n - 1 and takes its place.
    generation  INTEGER NOT NULL,
    state       TEXT    NOT NULL CHECK (state IN ('building', 'live', 'retired')),
    -- The log that the checkpoint was taken on: on another one it is worth nothing.
    log_id      BLOB    NOT NULL,
    -- The checkpoint: all events up to here are in the rows. Moved in the same transaction as the rows.
    position    INTEGER NOT NULL,
    -- When the event at the checkpoint was recorded, in microseconds since 1970.
    recorded_at INTEGER,
    PRIMARY KEY (name, version, generation)
) STRICT;

-- Readers of one projection never see two live models.
CREATE UNIQUE INDEX projection_live ON projection (name) WHERE state = 'live';
