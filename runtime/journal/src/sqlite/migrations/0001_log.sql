-- Format 1: a log of rows in arrival order, and what is found by key beside it.

CREATE TABLE state_machines (
    id INTEGER PRIMARY KEY,
    arn TEXT NOT NULL UNIQUE
) STRICT;

-- One row for each execution ever opened, by arrival. `row_count` is written when the
-- execution ends: until then the log is the count, so that an append touches no page but
-- the log's last. Status: 0 RUNNING, 1 SUCCEEDED, 2 FAILED, 3 TIMED_OUT, 4 ABORTED.
-- Times are milliseconds since the Unix epoch.
CREATE TABLE executions (
    id INTEGER PRIMARY KEY,
    arn TEXT NOT NULL UNIQUE,
    state_machine INTEGER NOT NULL,
    name TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    status INTEGER NOT NULL,
    stopped_at INTEGER,
    row_count INTEGER
) STRICT;

-- Lists are newest first; the id, which ends every index, breaks ties. A list of all
-- statuses merges one walk for each of the five.
CREATE INDEX executions_of_machine ON executions (state_machine, status, started_at);
CREATE INDEX executions_by_status ON executions (status, started_at);

-- The rows of open executions, and of ended ones until they are folded.
CREATE TABLE log (
    position INTEGER PRIMARY KEY,
    execution INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    records BLOB NOT NULL
) STRICT;

-- The rows of ended executions, a segment of consecutive ones in each.
-- id = execution << 24 | sequence of the segment's first row.
CREATE TABLE archive (
    id INTEGER PRIMARY KEY,
    row_count INTEGER NOT NULL,
    -- For each row its length, four bytes, little end first; then its records.
    rows BLOB NOT NULL
) STRICT;

CREATE TABLE entries (
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    revision INTEGER NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (kind, key)
) STRICT, WITHOUT ROWID;
