-- A journal as the program of format 1 left it, killed with -9: one execution that waits, one
-- that was redriven (its first rows in the archive), a failed and a whole one that are folded,
-- and an aborted one that is not. Not to be edited.
PRAGMA application_id = 1398034519;
PRAGMA user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE archive (
    id INTEGER PRIMARY KEY,
    row_count INTEGER NOT NULL,
    -- For each row its length, four bytes, little end first; then its records.
    rows BLOB NOT NULL
) STRICT;
INSERT INTO "archive" VALUES(33554432,2,X'0A000000726564726976656E23300A000000726564726976656E2331');
INSERT INTO "archive" VALUES(50331648,3,X'080000006661696C65642330080000006661696C65642331080000006661696C65642332');
INSERT INTO "archive" VALUES(67108864,1,X'0700000077686F6C652330');
CREATE TABLE entries (
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    revision INTEGER NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (kind, key)
) STRICT, WITHOUT ROWID;
INSERT INTO "entries" VALUES('task-module','charge',2,'{"two":2}');
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
INSERT INTO "executions" VALUES(1,'arn:aws:states:us-east-1:123456789012:execution:orders:waits',1,'waits',1000,0,NULL,NULL);
INSERT INTO "executions" VALUES(2,'arn:aws:states:us-east-1:123456789012:execution:orders:redriven',1,'redriven',2000,0,NULL,NULL);
INSERT INTO "executions" VALUES(3,'arn:aws:states:us-east-1:123456789012:execution:orders:failed',1,'failed',3000,2,3100,3);
INSERT INTO "executions" VALUES(4,'arn:aws:states:us-east-1:123456789012:execution:payments:whole',2,'whole',4000,1,4001,1);
INSERT INTO "executions" VALUES(5,'arn:aws:states:us-east-1:123456789012:execution:payments:aborted',2,'aborted',5000,4,5100,2);
CREATE TABLE log (
    position INTEGER PRIMARY KEY,
    execution INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    records BLOB NOT NULL
) STRICT;
INSERT INTO "log" VALUES(1,1,0,X'77616974732330');
INSERT INTO "log" VALUES(2,1,1,X'77616974732331');
INSERT INTO "log" VALUES(8,2,2,X'726564726976656E2332');
INSERT INTO "log" VALUES(9,2,3,X'726564726976656E2333');
INSERT INTO "log" VALUES(10,5,0,X'61626F727465642330');
INSERT INTO "log" VALUES(11,5,1,X'61626F727465642331');
CREATE TABLE state_machines (
    id INTEGER PRIMARY KEY,
    arn TEXT NOT NULL UNIQUE
) STRICT;
INSERT INTO "state_machines" VALUES(1,'arn:aws:states:us-east-1:123456789012:stateMachine:orders');
INSERT INTO "state_machines" VALUES(2,'arn:aws:states:us-east-1:123456789012:stateMachine:payments');
CREATE INDEX executions_of_machine ON executions (state_machine, status, started_at);
CREATE INDEX executions_by_status ON executions (status, started_at);
COMMIT;
