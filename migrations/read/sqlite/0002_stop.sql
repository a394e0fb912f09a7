-- Commits that changed a row of the model; a checkpoint moves more often than that.
ALTER TABLE projection ADD COLUMN changes INTEGER NOT NULL DEFAULT 0;

-- Projections that stand still before an event that they cannot apply. Whoever removes the row has them try again.
CREATE TABLE projection_stop (
    name     TEXT    NOT NULL,
    version  INTEGER NOT NULL,
    position INTEGER NOT NULL,
    reason   TEXT    NOT NULL,
    PRIMARY KEY (name, version)
) STRICT;

-- Events that a projection passes by, because somebody decided so after it had stopped there. They are no part of the model
-- from then on, whenever it is built.
CREATE TABLE projection_skip (
    name     TEXT    NOT NULL,
    log_id   BLOB    NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (name, log_id, position)
) STRICT;
