-- Format 4: the log holds rows by the chunk, so that a page costs one insertion and not twenty.
-- A chunk is rows in arrival order, each with a head of 20 bytes, big end first: execution (8),
-- sequence (8), length (4); then its records.
CREATE TABLE chunks (
    position INTEGER PRIMARY KEY,
    rows BLOB NOT NULL
) STRICT;

INSERT INTO chunks (position, rows)
    SELECT position,
        CAST(unhex(printf('%016x%016x%08x', execution, sequence, length(records))) || records
             AS BLOB)
    FROM log ORDER BY position;
DROP TABLE log;
ALTER TABLE chunks RENAME TO log;
