-- The log of events, and nothing else: it has a file of its own. It is only ever appended to.

-- Who this log is, made once: a checkpoint that was taken on another log is worth nothing.
CREATE TABLE log_meta (
    one    INTEGER PRIMARY KEY CHECK (one = 1),
    log_id BLOB NOT NULL CHECK (length(log_id) = 16)
) STRICT;

INSERT INTO log_meta (one, log_id) VALUES (1, randomblob(16));

CREATE TABLE events (
    position    INTEGER PRIMARY KEY CHECK (position > 0),
    stream      TEXT    NOT NULL,
    revision    INTEGER NOT NULL CHECK (revision > 0),
    id          BLOB    NOT NULL CHECK (length(id) = 16),
    kind        TEXT    NOT NULL,
    schema      INTEGER NOT NULL CHECK (schema > 0),
    -- Microseconds since 1970-01-01T00:00:00Z.
    recorded_at INTEGER NOT NULL,
    -- JSON objects without raw control characters; the reader relies on that.
    metadata    TEXT    NOT NULL,
    data        TEXT    NOT NULL
) STRICT;

-- Appends are idempotent by it.
CREATE UNIQUE INDEX events_by_id ON events (id);
CREATE UNIQUE INDEX events_by_stream ON events (stream, revision);

CREATE TRIGGER events_are_never_updated BEFORE UPDATE ON events
BEGIN
    SELECT raise(ABORT, 'an event never changes');
END;

CREATE TRIGGER events_are_never_deleted BEFORE DELETE ON events
BEGIN
    SELECT raise(ABORT, 'an event is never deleted');
END;

CREATE TRIGGER log_meta_is_never_updated BEFORE UPDATE ON log_meta
BEGIN
    SELECT raise(ABORT, 'a log keeps its identity');
END;

CREATE TRIGGER log_meta_is_never_deleted BEFORE DELETE ON log_meta
BEGIN
    SELECT raise(ABORT, 'a log keeps its identity');
END;

-- Only the next event of a stream can come, and only behind all others. This also stops `INSERT OR REPLACE`, which would
-- delete a row without asking the trigger above.
CREATE TRIGGER events_are_only_appended BEFORE INSERT ON events
WHEN NEW.position <= (SELECT max(position) FROM events)
  OR NEW.revision <> (SELECT coalesce(max(revision), 0) + 1 FROM events WHERE stream = NEW.stream)
  OR EXISTS (SELECT 1 FROM events WHERE id = NEW.id)
BEGIN
    SELECT raise(ABORT, 'an event comes behind all others, as the next of its stream');
END;
