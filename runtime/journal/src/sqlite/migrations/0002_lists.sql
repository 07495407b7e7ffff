-- Format 2: lists by version, alias and Map Run; redrives; the order in which executions ended.

-- The ARNs of all that executions are listed under, each once.
ALTER TABLE state_machines RENAME TO arns;

-- From here on `status` is 8 more for an execution that was redriven, so that one index
-- serves both filters: 0 RUNNING, 8 RUNNING again, 2 FAILED, 10 FAILED again.
ALTER TABLE executions ADD COLUMN version INTEGER;
ALTER TABLE executions ADD COLUMN alias INTEGER;
ALTER TABLE executions ADD COLUMN map_run INTEGER;
ALTER TABLE executions ADD COLUMN item_count INTEGER;
ALTER TABLE executions ADD COLUMN redrive_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE executions ADD COLUMN redriven_at INTEGER;

-- An execution that was started plainly costs these three nothing.
CREATE INDEX executions_of_version ON executions (version, status, started_at)
    WHERE version IS NOT NULL;
CREATE INDEX executions_of_alias ON executions (alias, status, started_at)
    WHERE alias IS NOT NULL;
CREATE INDEX executions_of_map_run ON executions (map_run, status, started_at)
    WHERE map_run IS NOT NULL;

-- What retention deletes, oldest first.
CREATE INDEX executions_ended ON executions (stopped_at) WHERE stopped_at IS NOT NULL;
