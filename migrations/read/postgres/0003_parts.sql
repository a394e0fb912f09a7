-- A read model can be split by account: each part of it has a checkpoint, a lease and a standstill of its own.
ALTER TABLE projection
    -- Which part of the model this row is about, of how many. One that is being built is built whole, by part 0.
    ADD COLUMN part  BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN parts BIGINT NOT NULL DEFAULT 1,
    ADD CHECK (0 <= part AND part < parts),
    DROP CONSTRAINT projection_pkey,
    ADD PRIMARY KEY (name, version, generation, part);

DROP INDEX projection_live;
CREATE UNIQUE INDEX projection_live ON projection (name, part) WHERE state = 'live';

ALTER TABLE projection_lease
    ADD COLUMN part BIGINT NOT NULL DEFAULT 0,
    DROP CONSTRAINT projection_lease_pkey,
    ADD PRIMARY KEY (name, version, part);

ALTER TABLE projection_stop
    ADD COLUMN part BIGINT NOT NULL DEFAULT 0,
    DROP CONSTRAINT projection_stop_pkey,
    ADD PRIMARY KEY (name, version, part);

-- A program that knows of no parts must not write any more: it would apply the events of all of them.
DROP FUNCTION hold(TEXT, BIGINT, BYTEA, BIGINT);

-- Fails unless the lease is held, and keeps everybody else from taking it until the transaction ends.
CREATE FUNCTION hold(held_name TEXT, held_version BIGINT, held_part BIGINT, held_owner BYTEA, held_epoch BIGINT)
RETURNS VOID
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM projection_lease
    WHERE name = held_name AND version = held_version AND part = held_part AND owner = held_owner AND epoch = held_epoch
      AND expires_at > clock_timestamp()
    FOR SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the lease of the projection % is not held any more', held_name USING ERRCODE = 'SC001';
    END IF;
END
$$;

-- Which processes would apply the events of a version of a projection, so that they share its parts.
CREATE TABLE projection_node (
    name       TEXT COLLATE "C" NOT NULL,
    version    BIGINT NOT NULL,
    owner      BYTEA  NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (name, version, owner)
) WITH (fillfactor = 50);
