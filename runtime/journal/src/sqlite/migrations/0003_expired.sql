-- Format 3: executions that retention deleted, while they still have rows in the archive.
CREATE TABLE expired (id INTEGER PRIMARY KEY) STRICT;
