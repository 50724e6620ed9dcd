-- The functions that run with each write, in PL/pgSQL now, which plans an expression once in a
-- session. A function in SQL that cannot be made part of its caller is read, parsed and planned
-- anew by each statement, and so is what a generated column is made part of: together that was a
-- third of what Postgres did for a write. What they return is what it was. They name nothing but
-- what Postgres brings along where a restored dump calls them, because it does so without a
-- search path.

-- Written out to depend neither on the database's locale nor on what the parser of text search
-- takes for a path or an address.
CREATE OR REPLACE FUNCTION taskwire_folded(words text) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT AS $$
BEGIN
    RETURN regexp_replace(regexp_replace(replace(replace(replace(translate(
        normalize(regexp_replace(
            normalize(lower(words COLLATE "und-x-icu"), NFKD),
            '[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed]+',
            '', 'g'), NFC),
        'ıøłđħŧς', 'ioldhtσ'), 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'),
        '([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff])', ' \1 ', 'g'),
        -- Vowel signs of Indic scripts are no letters, but parts of words.
        '[^[:alnum:]\u0900-\u0963\u0966-\u0dff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]+', ' ', 'g');
END $$;

CREATE OR REPLACE FUNCTION taskwire_label_keys(owner_id text, labels text[]) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    -- Most tasks have none, and to see that takes no query.
    IF labels = '{}' THEN
        RETURN NULL;
    END IF;
    RETURN (SELECT array_agg(owner_id || E'\x1f' || lower(label COLLATE "und-x-icu")) FROM unnest(labels) AS label);
END $$;

CREATE OR REPLACE FUNCTION taskwire_labels_valid(labels text[]) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN (SELECT COALESCE(bool_and(char_length(label) BETWEEN 1 AND 50 AND label = btrim(label) AND label !~ ','), true)
                   AND count(*) = count(DISTINCT lower(label COLLATE "und-x-icu"))
            FROM unnest(labels) AS label);
END $$;

-- VOLATILE as before, and for the same reason: it looks with a snapshot of its own.
CREATE OR REPLACE FUNCTION taskwire_has_open_subtasks(of_owner text, of_task uuid) RETURNS boolean
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    RETURN EXISTS (
        WITH RECURSIVE below AS (
            SELECT id, completed FROM tasks WHERE owner_id = of_owner AND parent_id = of_task
            UNION ALL
            SELECT t.id, t.completed FROM tasks t JOIN below ON t.parent_id = below.id WHERE t.owner_id = of_owner
        )
        SELECT FROM below WHERE NOT completed);
END $$;
