-- The event at the checkpoint, as JSON, by which the log is recognised: one that was set back has another there by and by. None
-- where it is not known: at the start, and where a program that knows nothing of it moved the checkpoint.
ALTER TABLE projection ADD COLUMN landmark TEXT;
