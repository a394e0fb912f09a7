-- The log of events, and nothing else: it has a schema of its own, which is the search path of whoever runs this. It is
-- only ever appended to.

-- Who this log is, made once: a checkpoint that was taken on another log is worth nothing.
CREATE TABLE log_meta (
    one    integer PRIMARY KEY CHECK (one = 1),
    log_id uuid    NOT NULL
);

INSERT INTO log_meta (one, log_id) VALUES (1, gen_random_uuid());

-- The position of the newest event. Whoever appends locks this row first and holds it until the commit, so that
-- positions become visible in their order, and none is missing.
CREATE TABLE log_head (
    one      integer PRIMARY KEY CHECK (one = 1),
    position bigint  NOT NULL CHECK (position >= 0)
);

INSERT INTO log_head (one, position) VALUES (1, 0);

-- All that is known of an event besides what happened is in `envelope`, as one JSON object: the same two texts as in the
-- log in a SQLite file. `stream`, `revision` and `id` stand beside it for the indexes alone. They are texts and not
-- `jsonb`, which refuses characters that JSON allows, and would give back another text than it was given.
CREATE TABLE events (
    position bigint PRIMARY KEY,
    stream   text   COLLATE "C" NOT NULL,
    revision bigint NOT NULL CHECK (revision > 0),
    id       uuid   NOT NULL,
    envelope text   NOT NULL,
    data     text   NOT NULL
);

-- Appends are idempotent by it.
CREATE UNIQUE INDEX events_by_id ON events (id);
CREATE UNIQUE INDEX events_by_stream ON events (stream, revision);

-- For people with a database shell.
CREATE VIEW readable_events AS
SELECT position,
       to_timestamp((envelope::json ->> 'recorded_at')::double precision / 1000000) AS recorded_at,
       stream,
       revision,
       envelope::json ->> 'kind' AS kind,
       data
  FROM events;

-- Only the next event of a stream can come, and only right behind the newest of all: positions and revisions have no
-- gaps, which readers rely on. Readers are told, as a hint.
CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    first  bigint;
    last   bigint;
    amount bigint;
BEGIN
    SELECT min(position), max(position), count(*) INTO first, last, amount FROM added;
    IF amount = 0 THEN
        RETURN NULL;
    END IF;
    UPDATE log_head SET position = last WHERE position = first - 1 AND last - first + 1 = amount;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'an event comes right behind all others';
    END IF;
    IF EXISTS (
        SELECT FROM added
         WHERE revision > 1
           AND NOT EXISTS (SELECT FROM events AS before
                            WHERE before.stream = added.stream
                              AND before.revision = added.revision - 1
                              AND before.position < added.position)
    ) THEN
        RAISE EXCEPTION 'an event comes as the next of its stream';
    END IF;
    PERFORM pg_notify('soconnective_log', last::text);
    RETURN NULL;
END
$$;

CREATE TRIGGER events_are_only_appended AFTER INSERT ON events
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION append_only();

CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', TG_ARGV[0];
END
$$;

CREATE TRIGGER events_are_never_updated BEFORE UPDATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse('an event never changes');

CREATE TRIGGER events_are_never_deleted BEFORE DELETE OR TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse('an event is never deleted');

CREATE TRIGGER log_meta_never_changes BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON log_meta
    FOR EACH STATEMENT EXECUTE FUNCTION refuse('a log keeps its identity');

CREATE TRIGGER log_head_never_falls BEFORE UPDATE ON log_head
    FOR EACH ROW WHEN (NEW.position < OLD.position) EXECUTE FUNCTION refuse('positions only rise');

CREATE TRIGGER log_head_is_never_deleted BEFORE INSERT OR DELETE OR TRUNCATE ON log_head
    FOR EACH STATEMENT EXECUTE FUNCTION refuse('a log has one head');
