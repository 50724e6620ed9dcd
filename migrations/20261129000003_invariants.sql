-- Reopens what is completed above open tasks already, as a plan would: in the owner's order, each with a number
-- and a change of its own, from the top down. Clients that follow the log so get it like any other change.
DO $$
DECLARE
    this_owner text;
    own owners;
    above record;
    new tasks;
BEGIN
    -- In one order, and each owner only if there is something to do.
    FOR this_owner IN
        SELECT DISTINCT t.owner_id
        FROM tasks t JOIN tasks p ON p.owner_id = t.owner_id AND p.id = t.parent_id
        WHERE NOT t.completed AND p.completed ORDER BY 1
    LOOP
        SELECT * INTO own FROM owners o WHERE o.owner_id = this_owner FOR NO KEY UPDATE;
        FOR above IN
            WITH RECURSIVE up AS (
                SELECT parent_id AS id FROM tasks t
                WHERE t.owner_id = this_owner AND NOT t.completed AND t.parent_id IS NOT NULL
                UNION
                SELECT t.parent_id FROM tasks t JOIN up USING (id)
                WHERE t.owner_id = this_owner AND t.parent_id IS NOT NULL
            ), levels AS (
                SELECT id, parent_id, 1 AS level FROM tasks t WHERE t.owner_id = this_owner AND t.parent_id IS NULL
                UNION ALL
                SELECT t.id, t.parent_id, l.level + 1 FROM tasks t JOIN levels l ON l.id = t.parent_id
                WHERE t.owner_id = this_owner
            )
            SELECT id FROM up JOIN levels USING (id) ORDER BY level, id
        LOOP
            SELECT * INTO new FROM tasks t WHERE t.owner_id = this_owner AND t.id = above.id;
            CONTINUE WHEN NOT new.completed;
            own.last_seq := own.last_seq + 1;
            own.last_at := taskwire_next_time(own.last_at);
            -- The last occurrence of a recurring task that had ended is open again, so its completion goes.
            IF new.recurrence IS NOT NULL THEN
                DELETE FROM task_occurrences o
                WHERE o.owner_id = this_owner AND o.task_id = new.id
                  AND o.occurrence = new.due_date + COALESCE(new.due_time, '00:00')
                  AND o.completed_at = (SELECT max(l.completed_at) FROM task_occurrences l
                                        WHERE l.owner_id = this_owner AND l.task_id = new.id);
            END IF;
            UPDATE tasks t SET completed = false, completed_at = NULL, updated_at = own.last_at, version = own.last_seq
            WHERE t.owner_id = this_owner AND t.id = new.id
            RETURNING * INTO new;
            INSERT INTO changes (owner_id, seq, kind, subject_id, changed_at, created_at, completed_at, project_id,
                                 parent_id, due_date, priority, completed, title, rank, description, labels, due_time,
                                 due_time_zone, recurrence)
            VALUES (this_owner, own.last_seq, 'task.updated', new.id, own.last_at, new.created_at, new.completed_at,
                    new.project_id, new.parent_id, new.due_date, new.priority, new.completed, new.title, new.rank,
                    new.description, NULLIF(new.labels, '{}'), new.due_time, new.due_time_zone, new.recurrence);
        END LOOP;
        UPDATE owners o SET last_seq = own.last_seq, last_at = own.last_at WHERE o.owner_id = this_owner;
    END LOOP;
END $$;

-- Labels that differ only in how their characters are composed are one label, and a search ignores characters
-- that are ignorable.
-- The labels as they are compared: without case, and however their characters are composed. Each key contains the
-- owner, so the index over all keys leads only to the owner's tasks. NULL for the many tasks without labels.
CREATE OR REPLACE FUNCTION taskwire_label_keys(owner_id text, labels text[]) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    -- Most tasks have none, and to see that takes no query.
    IF labels = '{}' THEN
        RETURN NULL;
    END IF;
    RETURN (SELECT array_agg(owner_id || E'\x1f' || normalize(lower(normalize(label, NFC) COLLATE "und-x-icu"), NFC))
            FROM unnest(labels) AS label);
END $$;

-- Words as they are compared: without case, accents, vowel points, compatibility forms and characters that Unicode
-- calls default ignorable (such as soft hyphens and joiners), with single spaces between them. In scripts that write
-- no spaces between words (Han, Kana, Thai, Lao, Burmese, Khmer), each character is a word. It depends neither on the
-- database's locale nor on what the parser of text search takes for a path or an address. It names only what Postgres
-- finds without a search path, because a restored dump calls it so.
CREATE OR REPLACE FUNCTION taskwire_folded(words text) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT AS $$
BEGIN
    RETURN regexp_replace(regexp_replace(replace(replace(replace(translate(
        normalize(regexp_replace(
            normalize(lower(words COLLATE "und-x-icu"), NFKD),
            '[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed'
            -- Default ignorable characters.
            '\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f'
            '\ufe00-\ufe0f\ufeff\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]+',
            '', 'g'), NFC),
        'ıøłđħŧς', 'ioldhtσ'), 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'),
        '([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff])', ' \1 ', 'g'),
        -- Vowel signs of Indic scripts are no letters, but parts of words.
        '[^[:alnum:]\u0900-\u0963\u0966-\u0dff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]+', ' ', 'g');
END $$;

-- A task that has a label twice now keeps the first. That is a change, in the owner's order, as above.
DO $$
DECLARE
    this_owner text;
    own owners;
    doubled record;
    new tasks;
BEGIN
    FOR this_owner IN
        SELECT DISTINCT t.owner_id FROM tasks t
        WHERE (SELECT count(*) > count(DISTINCT key) FROM unnest(taskwire_label_keys(t.owner_id, t.labels)) AS key) ORDER BY 1
    LOOP
        SELECT * INTO own FROM owners o WHERE o.owner_id = this_owner FOR NO KEY UPDATE;
        FOR doubled IN
            SELECT t.id FROM tasks t
            WHERE t.owner_id = this_owner
              AND (SELECT count(*) > count(DISTINCT key) FROM unnest(taskwire_label_keys(t.owner_id, t.labels)) AS key) ORDER BY t.id
        LOOP
            own.last_seq := own.last_seq + 1;
            own.last_at := taskwire_next_time(own.last_at);
            UPDATE tasks t
            SET labels = (SELECT array_agg(label ORDER BY place)
                          FROM (SELECT DISTINCT ON (key) label, place
                                FROM (SELECT label, place, normalize(lower(normalize(label, NFC) COLLATE "und-x-icu"), NFC) AS key
                                      FROM unnest(t.labels) WITH ORDINALITY AS l (label, place)) keys
                                ORDER BY key, place) kept),
                updated_at = own.last_at, version = own.last_seq
            WHERE t.owner_id = this_owner AND t.id = doubled.id
            RETURNING * INTO new;
            INSERT INTO changes (owner_id, seq, kind, subject_id, changed_at, created_at, completed_at, project_id,
                                 parent_id, due_date, priority, completed, title, rank, description, labels, due_time,
                                 due_time_zone, recurrence)
            VALUES (this_owner, own.last_seq, 'task.updated', new.id, own.last_at, new.created_at, new.completed_at,
                    new.project_id, new.parent_id, new.due_date, new.priority, new.completed, new.title, new.rank,
                    new.description, NULLIF(new.labels, '{}'), new.due_time, new.due_time_zone, new.recurrence);
        END LOOP;
        UPDATE owners o SET last_seq = own.last_seq, last_at = own.last_at WHERE o.owner_id = this_owner;
    END LOOP;
END $$;

-- Also in the trash, from which such a task could not be restored.
UPDATE trash t
SET task = jsonb_set(task, '{labels}', (
    SELECT jsonb_agg(label ORDER BY place)
    FROM (SELECT DISTINCT ON (key) label, place
          FROM (SELECT label, place, normalize(lower(normalize(label, NFC) COLLATE "und-x-icu"), NFC) AS key
                FROM jsonb_array_elements_text(t.task -> 'labels') WITH ORDINALITY AS l (label, place)) keys
          ORDER BY key, place) kept))
WHERE jsonb_array_length(task -> 'labels') > 1
  AND (SELECT count(*) > count(DISTINCT key)
       FROM unnest(taskwire_label_keys(owner_id, ARRAY(SELECT jsonb_array_elements_text(task -> 'labels')))) AS key);

-- The keys and words of the tasks, which nobody sees.
UPDATE tasks SET label_keys = taskwire_label_keys(owner_id, labels)
WHERE labels <> '{}' AND EXISTS (SELECT FROM unnest(labels) AS label WHERE label IS NOT NFC NORMALIZED);
UPDATE tasks SET search = taskwire_searchable(title, description)
WHERE concat(title, ' ', description) ~ '[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]';

-- Titles sort by the value of the numbers in them: `task 2` comes before `task 10`.
CREATE COLLATION taskwire_natural (provider = icu, locale = 'und-u-kn-true');
DROP INDEX tasks_by_title;
CREATE INDEX tasks_by_title ON tasks (owner_id, completed, title COLLATE taskwire_natural, id);
