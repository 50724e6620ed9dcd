-- Locks the owner's row, as every write does, and returns what a plan begins with: the history, the number of the
-- newest change, and the present time, but not earlier than that change. A distributed database runs one call of a
-- function where the owner's rows are, but not a join with a function.
CREATE FUNCTION taskwire_begin_plan(
    p_owner text, OUT epoch bigint, OUT generation bigint, OUT head bigint, OUT at timestamptz)
LANGUAGE plpgsql AS $$
DECLARE
    own owners := taskwire_lock_owner(p_owner);
BEGIN
    generation := own.generation;
    head := own.last_seq;
    at := GREATEST(clock_timestamp(), own.last_at);
    SELECT h.epoch INTO epoch FROM history h;
END $$;
