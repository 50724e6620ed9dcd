-- Retention looks for the oldest changes of all owners. The log grows in the order of time, so a
-- block range index finds them at next to no cost for writers.
CREATE INDEX task_changes_by_time ON task_changes USING brin (changed_at) WITH (pages_per_range = 32, autosummarize = on);
