-- Locks the owner's row until the transaction ends, and creates it on the first write. Every write starts
-- here, so for each owner the numbers are in the order of the commits and have no gaps. Statements after this
-- one see what was committed while it waited.
CREATE FUNCTION taskwire_lock_owner(p_owner text) RETURNS owners
LANGUAGE plpgsql AS $$
DECLARE
    own owners;
BEGIN
    LOOP
        SELECT * INTO own FROM owners WHERE owner_id = p_owner FOR NO KEY UPDATE;
        EXIT WHEN FOUND;
        INSERT INTO owners (owner_id, last_seq, last_at) VALUES (p_owner, 0, clock_timestamp())
        ON CONFLICT DO NOTHING;
    END LOOP;
    RETURN own;
END $$;

-- The time of the owner's next change: now, but later than the owner's newest change. Call it with the
-- owner's row locked.
CREATE FUNCTION taskwire_next_time(last_at timestamptz) RETURNS timestamptz
LANGUAGE plpgsql AS $$
BEGIN
    RETURN GREATEST(clock_timestamp(), last_at + interval '1 microsecond');
END $$;

-- The same for the SET of a statement that locks the owner. It is not immutable, but said to be: a distributed
-- database refuses other functions there, and since its argument is a column, no planner computes it beforehand.
CREATE FUNCTION taskwire_time_after(last_at timestamptz) RETURNS timestamptz
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN GREATEST(clock_timestamp(), last_at + interval '1 microsecond');
END $$;

-- Rejects a new owner whose user was just deleted. A write that was admitted before the deletion waits for the
-- owner's lock, finds no owner, and would begin a new history. A user who can never return is rejected for
-- ever; another for some seconds, in which only such writes can arrive: no token from before is accepted.
CREATE FUNCTION taskwire_refuse_just_deleted() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM revocations r
               WHERE r.owner_id = NEW.owner_id AND r.kind = 'user'
                 AND (r.for_good OR r.revoked_at > clock_timestamp() - interval '15 seconds')) THEN
        -- The SQLSTATE is Taskwire's own; servers of the last release know the constraint.
        RAISE EXCEPTION 'the owner was deleted' USING ERRCODE = 'TW001', CONSTRAINT = 'owners_not_just_deleted';
    END IF;
    RETURN NULL;
END $$;
