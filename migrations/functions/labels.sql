-- The labels as they are compared: without case, and however their characters are composed. Each key contains the
-- owner, so the index over all keys leads only to the owner's tasks. NULL for the many tasks without labels.
CREATE FUNCTION taskwire_label_keys(owner_id text, labels text[]) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    -- Most tasks have none, and to see that takes no query.
    IF labels = '{}' THEN
        RETURN NULL;
    END IF;
    RETURN (SELECT array_agg(owner_id || E'\x1f' || normalize(lower(normalize(label, NFC) COLLATE "und-x-icu"), NFC))
            FROM unnest(labels) AS label);
END $$;
