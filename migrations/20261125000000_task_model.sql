-- What people expect of a task beyond title and description: priority, due dates, labels,
-- projects, subtasks, an order of their own, recurrence, search and a trash. Everything has a
-- default, so tasks and logged changes from before are complete as they are.

-- Words as they are compared: without case, accents, vowel points and compatibility forms, with
-- nothing but single spaces between them. Scripts that write no spaces between words (Han, Kana,
-- Thai, Lao, Burmese, Khmer) are taken apart into characters. Written out to depend neither on the
-- database's locale nor on what the parser of text search takes for a path or an address.
CREATE FUNCTION taskwire_folded(words text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
RETURN regexp_replace(regexp_replace(replace(replace(replace(translate(
    normalize(regexp_replace(
        normalize(lower(words COLLATE "und-x-icu"), NFKD),
        '[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed]+',
        '', 'g'), NFC),
    'ıøłđħŧς', 'ioldhtσ'), 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'),
    '([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff])', ' \1 ', 'g'),
    -- Vowel signs of Indic scripts are no letters, but parts of words.
    '[^[:alnum:]\u0900-\u0963\u0966-\u0dff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]+', ' ', 'g');

-- Title words weigh more than those of the description.
CREATE FUNCTION taskwire_searchable(title text, description text) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN setweight(to_tsvector('pg_catalog.simple', taskwire_folded(title)), 'A')
    || setweight(to_tsvector('pg_catalog.simple', taskwire_folded(COALESCE(description, ''))), 'B');

-- What a search looks for: every word, each as the beginning of one. What was written as one word
-- and was taken apart stands together, in order. NULL when there is no word in it.
CREATE FUNCTION taskwire_search_query(words text) RETURNS tsquery
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
RETURN (
    SELECT string_agg(phrase, ' & ')::tsquery
    FROM (SELECT string_agg(quote_literal(lexeme) || CASE WHEN last THEN ':*' ELSE '' END, ' <-> ' ORDER BY position) AS phrase
          FROM (SELECT place, lexeme, position, position = max(position) OVER (PARTITION BY place) AS last
                FROM regexp_split_to_table(words COLLATE "und-x-icu", '\s+') WITH ORDINALITY AS word(text, place),
                     LATERAL unnest(to_tsvector('pg_catalog.simple', taskwire_folded(text))) AS part,
                     LATERAL unnest(positions) AS position) parts
          GROUP BY place) phrases);

-- Labels are compared without case. The owner is part of each key, so that the index over all
-- keys leads to nobody else's tasks. NULL, not an empty array, for the many tasks without labels.
CREATE FUNCTION taskwire_label_keys(owner_id text, labels text[]) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT array_agg(owner_id || E'\x1f' || lower(label COLLATE "und-x-icu")) FROM unnest(labels) AS label);

CREATE FUNCTION taskwire_labels_valid(labels text[]) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT COALESCE(bool_and(char_length(label) BETWEEN 1 AND 50 AND label = btrim(label) AND label !~ ','), true)
               AND count(*) = count(DISTINCT lower(label COLLATE "und-x-icu"))
        FROM unnest(labels) AS label);

CREATE TABLE projects (
    owner_id       text COLLATE "C" NOT NULL,
    id             uuid        NOT NULL,
    name           text        NOT NULL
                   CONSTRAINT projects_name_length CHECK (char_length(name) BETWEEN 1 AND 100)
                   CONSTRAINT projects_name_trimmed CHECK (name = btrim(name)),
    color          text        CONSTRAINT projects_color_form CHECK (color ~ '^#[0-9a-f]{6}$'),
    archived       boolean     NOT NULL,
    rank           text COLLATE "C" NOT NULL
                   CONSTRAINT projects_rank_form CHECK (rank ~ '^([0-9a-f]{2}){1,100}$'),
    created_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL,
    version        bigint      NOT NULL CONSTRAINT projects_version_positive CHECK (version > 0),
    request_digest bytea       CONSTRAINT projects_request_digest_length CHECK (octet_length(request_digest) = 32),
    CONSTRAINT projects_pkey PRIMARY KEY (owner_id, id)
);

ALTER TABLE tasks
    ADD COLUMN completed_at  timestamptz,
    ADD COLUMN priority      smallint NOT NULL DEFAULT 0
               CONSTRAINT tasks_priority_range CHECK (priority BETWEEN 0 AND 4),
    ADD COLUMN due_date      date
               CONSTRAINT tasks_due_date_range CHECK (due_date BETWEEN '1900-01-01' AND '9999-12-31'),
    ADD COLUMN due_time      time(0),
    ADD COLUMN due_time_zone text
               CONSTRAINT tasks_due_time_zone_length CHECK (char_length(due_time_zone) BETWEEN 1 AND 64),
    -- The instant: of a date alone, midnight UTC.
    ADD COLUMN due_at        timestamptz,
    ADD COLUMN recurrence    text
               CONSTRAINT tasks_recurrence_length CHECK (char_length(recurrence) BETWEEN 1 AND 500),
    ADD COLUMN labels        text[] NOT NULL DEFAULT '{}'
               CONSTRAINT tasks_labels_count CHECK (cardinality(labels) <= 20)
               CONSTRAINT tasks_labels_valid CHECK (labels = '{}' OR taskwire_labels_valid(labels)),
    ADD COLUMN project_id    uuid,
    ADD COLUMN parent_id     uuid,
    -- A fractional index in hexadecimal: between any two there is room for another.
    ADD COLUMN rank          text COLLATE "C";

-- Until now the order was that of creation.
UPDATE tasks t SET rank = lpad(to_hex(o.place), 12, '0') || '80', completed_at = CASE WHEN completed THEN updated_at END
FROM (SELECT owner_id, id, row_number() OVER (PARTITION BY owner_id ORDER BY created_at, id) AS place FROM tasks) o
WHERE t.owner_id = o.owner_id AND t.id = o.id;

ALTER TABLE tasks
    ALTER COLUMN rank SET NOT NULL,
    ADD COLUMN label_keys text[] GENERATED ALWAYS AS (taskwire_label_keys(owner_id, labels)) STORED,
    ADD COLUMN search tsvector GENERATED ALWAYS AS (taskwire_searchable(title, description)) STORED,
    ADD CONSTRAINT tasks_rank_form CHECK (rank ~ '^([0-9a-f]{2}){1,100}$'),
    ADD CONSTRAINT tasks_due_whole CHECK ((due_date IS NULL) = (due_at IS NULL)
        AND (due_time IS NULL) = (due_time_zone IS NULL) AND (due_time IS NULL OR due_date IS NOT NULL)),
    ADD CONSTRAINT tasks_recurrence_with_due CHECK (recurrence IS NULL OR due_date IS NOT NULL),
    ADD CONSTRAINT tasks_completed_at CHECK ((completed_at IS NOT NULL) = completed),
    ADD CONSTRAINT tasks_not_own_parent CHECK (parent_id <> id),
    -- Looked up after the statement, so that one statement may write parents and children, or
    -- projects and tasks, in any order.
    ADD CONSTRAINT tasks_parent FOREIGN KEY (owner_id, parent_id) REFERENCES tasks (owner_id, id),
    ADD CONSTRAINT tasks_project FOREIGN KEY (owner_id, project_id) REFERENCES projects (owner_id, id);

-- The indexes of the lists in docs/lists.md. What is open is little and looked at often, what is
-- done is much and looked at rarely: where `completed` comes second, a list of both is merged from
-- two. There is none for `search`: one would more than double the cost of writing a row, for what
-- a scan of the owner's open tasks does in milliseconds.
CREATE INDEX tasks_open_by_created ON tasks (owner_id, created_at DESC, id DESC) WHERE NOT completed;
CREATE INDEX tasks_open_by_due ON tasks (owner_id, due_at, id) WHERE NOT completed;
CREATE INDEX tasks_open_by_priority ON tasks (owner_id, priority, id) WHERE NOT completed;
CREATE INDEX tasks_done_by_completed ON tasks (owner_id, completed_at DESC, id DESC) WHERE completed;
DROP INDEX tasks_by_title;
CREATE INDEX tasks_by_title ON tasks (owner_id, completed, title COLLATE "und-x-icu", id);
CREATE INDEX tasks_by_rank ON tasks (owner_id, completed, rank, id);
CREATE INDEX tasks_by_project ON tasks (owner_id, project_id, completed, rank, id) WHERE project_id IS NOT NULL;
CREATE INDEX tasks_by_parent ON tasks (owner_id, parent_id, rank, id) WHERE parent_id IS NOT NULL;
-- Without the list of pending entries, which every search would have to read, everybody's.
CREATE INDEX tasks_by_label ON tasks USING gin (label_keys) WITH (fastupdate = off) WHERE label_keys IS NOT NULL;

-- Whether open tasks hang on a task, at any depth. VOLATILE, although it only reads: so it looks with a snapshot
-- of its own, and a statement that asks after it has the owner's lock sees what was committed
-- while it waited for the lock.
CREATE FUNCTION taskwire_has_open_subtasks(of_owner text, of_task uuid) RETURNS boolean
LANGUAGE sql VOLATILE
RETURN EXISTS (
    WITH RECURSIVE below AS (
        SELECT id, completed FROM tasks WHERE owner_id = of_owner AND parent_id = of_task
        UNION ALL
        SELECT t.id, t.completed FROM tasks t JOIN below ON t.parent_id = below.id WHERE t.owner_id = of_owner
    )
    SELECT FROM below WHERE NOT completed);

-- When an occurrence of a recurring task was completed; the task itself is then open again.
CREATE TABLE task_occurrences (
    owner_id     text COLLATE "C" NOT NULL,
    task_id      uuid        NOT NULL,
    -- The date or the local date and time that it was due.
    occurrence   timestamp   NOT NULL,
    completed_at timestamptz NOT NULL,
    CONSTRAINT task_occurrences_pkey PRIMARY KEY (owner_id, task_id, completed_at)
);
CREATE INDEX task_occurrences_by_completed ON task_occurrences (owner_id, completed_at);

-- What was deleted and can be taken back, with everything that went along with it (root_id).
CREATE TABLE trash (
    owner_id       text COLLATE "C" NOT NULL,
    id             uuid        NOT NULL,
    root_id        uuid        NOT NULL,
    deleted_at     timestamptz NOT NULL,
    task           jsonb,
    project        jsonb,
    request_digest bytea,
    CONSTRAINT trash_pkey PRIMARY KEY (owner_id, id),
    CONSTRAINT trash_holds_one CHECK ((task IS NULL) <> (project IS NULL))
);
CREATE INDEX trash_by_root ON trash (owner_id, root_id);
CREATE INDEX trash_roots_by_deleted ON trash (owner_id, deleted_at DESC, id DESC) WHERE id = root_id;

-- Batches that named themselves, so that a repeated one is told and not applied twice.
CREATE TABLE batches (
    owner_id   text COLLATE "C" NOT NULL,
    id         uuid        NOT NULL,
    digest     bytea       NOT NULL CONSTRAINT batches_digest_length CHECK (octet_length(digest) = 32),
    -- For each operation its status and the task that it concerned.
    results    jsonb       NOT NULL,
    applied_at timestamptz NOT NULL,
    CONSTRAINT batches_pkey PRIMARY KEY (owner_id, id)
);

-- The log now also tells of projects: a change is about one task or one project.
ALTER TABLE task_changes
    ALTER COLUMN task_id DROP NOT NULL,
    ADD COLUMN project_id uuid,
    ADD COLUMN project jsonb,
    DROP CONSTRAINT task_changes_kind,
    DROP CONSTRAINT task_changes_body,
    ADD CONSTRAINT task_changes_kind CHECK (kind IN (
        'task.created', 'task.updated', 'task.deleted', 'task.restored',
        'project.created', 'project.updated', 'project.deleted', 'project.restored')),
    ADD CONSTRAINT task_changes_body CHECK (
        (task_id IS NOT NULL) = (kind LIKE 'task.%')
        AND (project_id IS NOT NULL) = (kind LIKE 'project.%')
        AND (task IS NOT NULL) = (kind LIKE 'task.%' AND kind <> 'task.deleted')
        AND (project IS NOT NULL) = (kind LIKE 'project.%' AND kind <> 'project.deleted'));

CREATE INDEX task_changes_of_task ON task_changes (owner_id, task_id, seq) WHERE task_id IS NOT NULL;
CREATE INDEX task_changes_project_deleted ON task_changes (owner_id, project_id) WHERE kind = 'project.deleted';
DROP INDEX task_changes_deleted;
