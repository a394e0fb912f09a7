-- The log of events, and nothing else: it has a file of its own. It is only ever appended to.

-- Who this log is, made once: a checkpoint that was taken on another log is worth nothing.
CREATE TABLE log_meta (
    one    INTEGER PRIMARY KEY CHECK (one = 1),
    log_id BLOB NOT NULL CHECK (length(log_id) = 16)
) STRICT;

INSERT INTO log_meta (one, log_id) VALUES (1, randomblob(16));

-- All that is known of an event besides what happened is in `envelope`, as one JSON object: reading a million events is
-- three times as fast with two texts a row as with a column for each part. `stream`, `revision` and `id` stand beside it
-- for the indexes alone; `kind` and `recorded_at` are there for people with a database shell, and take no room.
CREATE TABLE events (
    position    INTEGER PRIMARY KEY,
    stream      TEXT    NOT NULL,
    revision    INTEGER NOT NULL,
    id          BLOB    NOT NULL CHECK (length(id) = 16),
    envelope    TEXT    NOT NULL,
    data        TEXT    NOT NULL,
    kind        TEXT    AS (envelope ->> 'kind') VIRTUAL,
    recorded_at TEXT    AS (strftime('%FT%TZ', (envelope ->> 'recorded_at') / 1000000, 'unixepoch')) VIRTUAL
) STRICT;

-- Appends are idempotent by it.
CREATE UNIQUE INDEX events_by_id ON events (id);
CREATE UNIQUE INDEX events_by_stream ON events (stream, revision);

-- Only the next event of a stream can come, and only right behind the newest of all: positions and revisions have no
-- gaps, which readers rely on. This also stops `INSERT OR REPLACE`, which would delete a row without asking the triggers
-- below.
CREATE TRIGGER events_are_only_appended BEFORE INSERT ON events
WHEN NEW.position <> (SELECT coalesce(max(position), 0) + 1 FROM events)
  OR NEW.revision <> (SELECT coalesce(max(revision), 0) + 1 FROM events WHERE stream = NEW.stream)
  OR EXISTS (SELECT 1 FROM events WHERE id = NEW.id)
BEGIN
    SELECT raise(ABORT, 'an event comes right behind all others, as the next of its stream');
END;

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
