-- Format 5: an execution may forget its first rows; those before `first_row` are gone.
ALTER TABLE executions ADD COLUMN first_row INTEGER NOT NULL DEFAULT 0;
