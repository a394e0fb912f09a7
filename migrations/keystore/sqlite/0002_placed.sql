-- 1 when the envelope of a credential's key is known to be written, and for keys that have none. Only a key that never was
-- placed may be taken for the remainder of a crash: a placed one without its envelope says that an older vault.db was put
-- beside this file, and must be there when the right one is put back. The keys of before this column count as placed.
ALTER TABLE wrapped_key ADD COLUMN placed INTEGER NOT NULL DEFAULT 1 CHECK (placed IN (0, 1));

CREATE INDEX wrapped_key_unplaced ON wrapped_key (id) WHERE placed = 0;
