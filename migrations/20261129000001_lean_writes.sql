-- Makes a write cheaper. The costs of each part are in docs/BENCHMARKS.md.
--
-- * The log stores a task in columns, with one index for reading it, in the new table `changes`.
-- * What the server has already checked is no longer checked by the database, unless it costs little: Postgres
--   reads and prepares every CHECK and every generated column again for each statement.
-- * Functions fill `search` and `label_keys`, and only where their sources change.
-- * Fewer indexes: one for the time of creation instead of two, and a plain task is in one instead of two for due
--   dates and priorities.
--
-- Servers of the last release go on working: their statements find the view `task_changes`, and triggers fill what
-- was generated before.

ALTER TABLE tasks
    ALTER COLUMN search DROP EXPRESSION,
    ALTER COLUMN label_keys DROP EXPRESSION,
    DROP CONSTRAINT tasks_title_length,
    DROP CONSTRAINT tasks_title_trimmed,
    DROP CONSTRAINT tasks_description_length,
    DROP CONSTRAINT tasks_version_positive,
    DROP CONSTRAINT tasks_request_digest_length,
    DROP CONSTRAINT tasks_priority_range,
    DROP CONSTRAINT tasks_due_date_range,
    DROP CONSTRAINT tasks_due_time_zone_length,
    DROP CONSTRAINT tasks_due_whole,
    DROP CONSTRAINT tasks_recurrence_length,
    DROP CONSTRAINT tasks_recurrence_with_due,
    DROP CONSTRAINT tasks_labels_count,
    DROP CONSTRAINT tasks_labels_valid,
    DROP CONSTRAINT tasks_rank_form,
    DROP CONSTRAINT tasks_not_own_parent;
DROP FUNCTION taskwire_labels_valid;
ALTER TABLE owners DROP CONSTRAINT owners_owner_id_length, DROP CONSTRAINT owners_last_seq_not_negative;

-- A list of open and done tasks is merged from two ranges of the index.
DROP INDEX tasks_by_created, tasks_open_by_created, tasks_open_by_due, tasks_open_by_priority;
CREATE INDEX tasks_by_created ON tasks (owner_id, completed, created_at DESC, id DESC);
-- A plain task has neither a due date nor a priority; most open tasks are plain. A list by due date or priority is
-- merged from plain and other tasks.
CREATE INDEX tasks_open_plain ON tasks (owner_id, id) WHERE NOT completed AND due_at IS NULL AND priority = 0;
CREATE INDEX tasks_open_by_due ON tasks (owner_id, due_at, id)
    WHERE NOT completed AND (due_at IS NOT NULL OR priority <> 0);
CREATE INDEX tasks_open_by_priority ON tasks (owner_id, priority, id)
    WHERE NOT completed AND (due_at IS NOT NULL OR priority <> 0);

-- What happened, in order: for each owner seq is 1, 2, 3, … in the order of the commits, without gaps. A change that
-- saves a task has the task as it was then: the task's version is seq, and it was updated at changed_at. Columns of a
-- fixed size come first, so none is padded.
CREATE TABLE changes (
    seq           bigint      NOT NULL,
    changed_at    timestamptz NOT NULL,
    created_at    timestamptz,
    completed_at  timestamptz,
    -- The task or the project that changed.
    subject_id    uuid        NOT NULL,
    project_id    uuid,
    parent_id     uuid,
    due_date      date,
    priority      smallint,
    completed     boolean,
    owner_id      text COLLATE "C" NOT NULL,
    -- `task.created`, `project.updated`, …
    kind          text        NOT NULL,
    title         text,
    rank          text COLLATE "C",
    description   text,
    -- NULL if there are none.
    labels        text[],
    due_time      time(0),
    due_time_zone text,
    recurrence    text,
    -- The project, if one was saved.
    project       jsonb,
    CONSTRAINT changes_pkey PRIMARY KEY (owner_id, seq)
);

INSERT INTO changes (owner_id, seq, kind, subject_id, changed_at, created_at, completed_at, project_id, parent_id,
                     due_date, priority, completed, title, rank, description, labels, due_time, due_time_zone,
                     recurrence, project)
SELECT c.owner_id, c.seq, c.kind, COALESCE(c.task_id, c.project_id), c.changed_at, t.created_at, t.completed_at,
       t.project_id, t.parent_id, t.due_date, COALESCE(t.priority, 0), t.completed, t.title,
       -- The first version of Taskwire stored neither priorities nor ranks.
       COALESCE(t.rank, '00000000000080'), t.description, NULLIF(t.labels, '{}'), t.due_time, t.due_time_zone, t.recurrence, c.project
FROM task_changes c,
     LATERAL jsonb_to_record(COALESCE(c.task, '{}')) AS t (created_at timestamptz, completed_at timestamptz,
         project_id uuid, parent_id uuid, due_date date, priority smallint, completed boolean, title text, rank text,
         description text, labels text[], due_time time, due_time_zone text, recurrence text);

-- Whether an id was deleted is only asked for ids that a client chose.
CREATE INDEX changes_deleted ON changes (owner_id, subject_id) WHERE kind IN ('task.deleted', 'project.deleted');

DROP TABLE task_changes;

-- The log as servers of the last release know it.
CREATE VIEW task_changes AS
SELECT owner_id, seq, kind, CASE WHEN kind LIKE 'task.%' THEN subject_id END AS task_id,
       CASE WHEN kind LIKE 'task.%' AND kind <> 'task.deleted' THEN jsonb_build_object(
           'id', subject_id, 'title', title, 'description', description, 'completed', completed,
           'completed_at', completed_at, 'priority', priority, 'due_date', due_date,
           'due_time', due_time, 'due_time_zone', due_time_zone, 'recurrence', recurrence,
           'labels', COALESCE(labels, '{}'), 'project_id', project_id, 'parent_id', parent_id,
           'rank', rank, 'created_at', created_at, 'updated_at', changed_at,
           'version', seq) END AS task,
       changed_at, CASE WHEN kind LIKE 'project.%' THEN subject_id END AS project_id, project
FROM changes;

-- Writes a row of `task_changes`, the log as the last release knows it, into `changes`.
CREATE FUNCTION taskwire_log_change_of_last_release() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    -- A repeated create may have waited behind the deletion of the same task. Its own look at the log was too
    -- early; this one has a snapshot of its own, after the lock.
    IF NEW.kind = 'task.created' AND EXISTS (
        SELECT FROM changes c
        WHERE c.owner_id = NEW.owner_id AND c.subject_id = NEW.task_id AND c.kind = 'task.deleted'
    ) THEN
        RAISE EXCEPTION 'the task was deleted'
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'task_changes_created_once';
    END IF;
    INSERT INTO changes (owner_id, seq, kind, subject_id, changed_at, created_at, completed_at, project_id, parent_id,
                         due_date, priority, completed, title, rank, description, labels, due_time, due_time_zone,
                         recurrence, project)
    SELECT NEW.owner_id, NEW.seq, NEW.kind, COALESCE(NEW.task_id, NEW.project_id), NEW.changed_at, t.created_at,
           t.completed_at, t.project_id, t.parent_id, t.due_date, t.priority, t.completed, t.title, t.rank,
           t.description, t.labels, t.due_time, t.due_time_zone, t.recurrence, NEW.project
    FROM jsonb_to_record(COALESCE(NEW.task, '{}')) AS t (created_at timestamptz, completed_at timestamptz,
         project_id uuid, parent_id uuid, due_date date, priority smallint, completed boolean, title text, rank text,
         description text, labels text[], due_time time, due_time_zone text, recurrence text);
    RETURN NEW;
END $$;

CREATE TRIGGER task_changes_insert INSTEAD OF INSERT ON task_changes
FOR EACH ROW EXECUTE FUNCTION taskwire_log_change_of_last_release();

-- Fills the columns that the last release had generated, after a statement that does not set them.
CREATE FUNCTION taskwire_fill_search() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE tasks t
    SET search = taskwire_searchable(t.title, t.description), label_keys = taskwire_label_keys(t.owner_id, t.labels)
    WHERE t.owner_id = NEW.owner_id AND t.id = NEW.id;
    RETURN NULL;
END $$;

CREATE TRIGGER tasks_fill_new AFTER INSERT ON tasks
FOR EACH ROW WHEN (NEW.search IS NULL) EXECUTE FUNCTION taskwire_fill_search();
CREATE TRIGGER tasks_fill_changed AFTER UPDATE OF title, description, labels ON tasks
FOR EACH ROW WHEN (NEW.search IS NOT DISTINCT FROM OLD.search AND NEW.label_keys IS NOT DISTINCT FROM OLD.label_keys)
EXECUTE FUNCTION taskwire_fill_search();

-- Rejects a new owner whose user was just deleted. A write that was admitted before the deletion waits for the
-- owner's lock, finds no owner, and would begin a new history. A user who can never return is rejected for
-- ever; another for some seconds, in which only such writes can arrive: no token from before is accepted.
CREATE OR REPLACE FUNCTION taskwire_refuse_just_deleted() RETURNS trigger
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

-- The same for the SET of a statement that locks the owner. It is not immutable, but said to be: a distributed
-- database refuses other functions there, and since its argument is a column, no planner computes it beforehand.
CREATE FUNCTION taskwire_time_after(last_at timestamptz) RETURNS timestamptz
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN GREATEST(clock_timestamp(), last_at + interval '1 microsecond');
END $$;

-- The words of a task for the search column. Those of the title weigh more than those of the description.
CREATE OR REPLACE FUNCTION taskwire_searchable(title text, description text) RETURNS tsvector
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    -- Plain English prose needs no folding: the parser takes these letters and marks as `taskwire_folded` does, in a
    -- third of the time. A full stop is such a mark before a space.
    IF title || ' ' || COALESCE(description, '') !~ '[^ 0-9A-Za-z,;!()"''\n.]|\.[^ \n]' THEN
        RETURN setweight(to_tsvector('pg_catalog.simple', title), 'A')
            || setweight(to_tsvector('pg_catalog.simple', COALESCE(description, '')), 'B');
    END IF;
    RETURN setweight(to_tsvector('pg_catalog.simple', taskwire_folded(title)), 'A')
        || setweight(to_tsvector('pg_catalog.simple', taskwire_folded(COALESCE(description, ''))), 'B');
END $$;

-- Creates a task without a parent. `outcome` is
--   created          the task has the number `version` and the time `at`
--   id_taken         a task with this id exists, or was deleted
--   project_unknown  the owner has no such project
-- Only `created` writes anything.
CREATE FUNCTION taskwire_insert_task(
    p_owner text, p_id uuid, p_digest bytea, p_title text, p_description text, p_completed boolean,
    p_priority smallint, p_due_date date, p_due_time time, p_due_time_zone text, p_due_at timestamptz,
    p_recurrence text, p_labels text[], p_project uuid,
    OUT outcome text, OUT epoch bigint, OUT generation bigint, OUT version bigint, OUT at timestamptz)
LANGUAGE plpgsql AS $$
DECLARE
    done_at timestamptz;
    own_rank text;
    keys text[];
BEGIN
    -- The server makes an id that no task can have had. Only a client's own id, which has a digest, can be taken.
    IF p_digest IS NOT NULL OR p_project IS NOT NULL THEN
        PERFORM taskwire_lock_owner(p_owner);
        IF p_digest IS NOT NULL AND (
            EXISTS (SELECT FROM tasks t WHERE t.owner_id = p_owner AND t.id = p_id)
            OR EXISTS (SELECT FROM trash t WHERE t.owner_id = p_owner AND t.id = p_id)
            OR EXISTS (SELECT FROM changes c
                       WHERE c.owner_id = p_owner AND c.subject_id = p_id AND c.kind = 'task.deleted')
        ) THEN
            outcome := 'id_taken';
            RETURN;
        END IF;
        IF p_project IS NOT NULL
           AND NOT EXISTS (SELECT FROM projects p WHERE p.owner_id = p_owner AND p.id = p_project) THEN
            outcome := 'project_unknown';
            RETURN;
        END IF;
    END IF;

    -- One statement locks the owner, numbers the change and makes the owner's row at the first write.
    INSERT INTO owners AS o (owner_id, last_seq, last_at) VALUES (p_owner, 1, clock_timestamp())
    ON CONFLICT (owner_id) DO UPDATE SET last_seq = o.last_seq + 1, last_at = taskwire_time_after(o.last_at)
    RETURNING o.generation, o.last_seq, o.last_at INTO generation, version, at;

    IF p_completed THEN
        done_at := at;
    END IF;
    IF p_labels <> '{}' THEN
        keys := taskwire_label_keys(p_owner, p_labels);
    END IF;
    -- The rank is behind every rank that the owner has.
    own_rank := lpad(to_hex(version), 12, '0') || '80';
    INSERT INTO tasks (owner_id, id, title, description, completed, completed_at, priority, due_date, due_time,
                       due_time_zone, due_at, recurrence, labels, label_keys, search, project_id, rank, created_at,
                       updated_at, version, request_digest)
    VALUES (p_owner, p_id, p_title, p_description, p_completed, done_at, p_priority, p_due_date, p_due_time,
            p_due_time_zone, p_due_at, p_recurrence, p_labels, keys, taskwire_searchable(p_title, p_description),
            p_project, own_rank, at, at, version, p_digest);
    INSERT INTO changes (owner_id, seq, kind, subject_id, changed_at, created_at, completed_at, project_id, due_date,
                         priority, completed, title, rank, description, labels, due_time, due_time_zone, recurrence)
    VALUES (p_owner, version, 'task.created', p_id, at, at, done_at, p_project, p_due_date, p_priority, p_completed,
            p_title, own_rank, p_description, NULLIF(p_labels, '{}'), p_due_time, p_due_time_zone, p_recurrence);

    outcome := 'created';
    SELECT h.epoch INTO epoch FROM history h;
END $$;

-- Completes a task or opens it again, or does whichever changes it if `p_completed` is NULL, if the task has one of
-- the versions. `outcome` is
--   updated     the task is as it is after the update
--   unchanged   the task was so already; nothing was written
--   differs     the task has another version
--   needs_plan  the update concerns other tasks or a recurrence; nothing was written
--   not_found   the owner has no such task
-- The most frequent update. It is one statement for each table; `taskwire_patch_task` compares all fields first.
CREATE FUNCTION taskwire_complete_task(
    p_owner text, p_id uuid, p_versions bigint[], p_completed boolean,
    OUT outcome text, OUT epoch bigint, OUT generation bigint, OUT title text, OUT description text,
    OUT completed boolean, OUT completed_at timestamptz, OUT priority smallint, OUT due_date date, OUT due_time time,
    OUT due_time_zone text, OUT recurrence text, OUT labels text[], OUT project_id uuid, OUT parent_id uuid,
    OUT rank text, OUT created_at timestamptz, OUT updated_at timestamptz, OUT version bigint)
LANGUAGE plpgsql AS $$
DECLARE
    seq bigint;
    at timestamptz;
BEGIN
    SELECT o.generation, o.last_seq + 1, o.last_at INTO generation, seq, at
    FROM owners o WHERE o.owner_id = p_owner FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        outcome := 'not_found';
        RETURN;
    END IF;
    at := GREATEST(clock_timestamp(), at + interval '1 microsecond');
    UPDATE tasks t
    SET completed = NOT t.completed, completed_at = CASE WHEN NOT t.completed THEN at END, updated_at = at,
        version = seq
    WHERE t.owner_id = p_owner AND t.id = p_id
      AND (p_versions IS NULL OR t.version = ANY (p_versions))
      AND t.completed IS DISTINCT FROM p_completed
      AND t.recurrence IS NULL
      -- Opening a subtask again may concern its parents, and completing a task its subtasks.
      AND CASE WHEN t.completed THEN t.parent_id IS NULL
               ELSE NOT EXISTS (SELECT FROM tasks s WHERE s.owner_id = p_owner AND s.parent_id = p_id) END
    RETURNING t.title, t.description, t.completed, t.completed_at, t.priority, t.due_date, t.due_time, t.due_time_zone,
              t.recurrence, t.labels, t.project_id, t.parent_id, t.rank, t.created_at, t.updated_at, t.version
    INTO title, description, completed, completed_at, priority, due_date, due_time, due_time_zone,
         recurrence, labels, project_id, parent_id, rank, created_at, updated_at, version;
    IF FOUND THEN
        outcome := 'updated';
        UPDATE owners o SET last_seq = seq, last_at = at WHERE o.owner_id = p_owner;
        INSERT INTO changes (owner_id, seq, kind, subject_id, changed_at, created_at, completed_at, project_id,
                             parent_id, due_date, priority, completed, title, rank, description, labels, due_time,
                             due_time_zone, recurrence)
        VALUES (p_owner, seq, 'task.updated', p_id, at, created_at, completed_at, project_id, parent_id, due_date,
                priority, completed, title, rank, description, NULLIF(labels, '{}'), due_time, due_time_zone,
                recurrence);
    ELSE
        SELECT t.title, t.description, t.completed, t.completed_at, t.priority, t.due_date, t.due_time,
               t.due_time_zone, t.recurrence, t.labels, t.project_id, t.parent_id, t.rank, t.created_at, t.updated_at,
               t.version
        INTO title, description, completed, completed_at, priority, due_date, due_time, due_time_zone,
             recurrence, labels, project_id, parent_id, rank, created_at, updated_at, version
        FROM tasks t WHERE t.owner_id = p_owner AND t.id = p_id;
        outcome := CASE WHEN NOT FOUND THEN 'not_found'
                        WHEN NOT version = ANY (p_versions) THEN 'differs'
                        WHEN completed = p_completed THEN 'unchanged'
                        ELSE 'needs_plan' END;
    END IF;
    SELECT h.epoch INTO epoch FROM history h;
END $$;

-- Sets those fields of a task that are given, if the task has one of the versions. `outcome` is
--   updated     `task` is the task after the update
--   unchanged   the task already had these values; nothing was written
--   differs     the task has another version
--   needs_plan  the update concerns other tasks or a recurrence; nothing was written
--   not_found   the owner has no such task
CREATE FUNCTION taskwire_patch_task(
    p_owner text, p_id uuid, p_versions bigint[], p_title text, p_has_description boolean, p_description text,
    p_completed boolean, p_toggle boolean, p_priority smallint, p_has_due boolean, p_due_date date, p_due_time time,
    p_due_time_zone text, p_due_at timestamptz, p_labels text[],
    OUT outcome text, OUT epoch bigint, OUT generation bigint, OUT title text, OUT description text,
    OUT completed boolean, OUT completed_at timestamptz, OUT priority smallint, OUT due_date date, OUT due_time time,
    OUT due_time_zone text, OUT recurrence text, OUT labels text[], OUT project_id uuid, OUT parent_id uuid,
    OUT rank text, OUT created_at timestamptz, OUT updated_at timestamptz, OUT version bigint)
LANGUAGE plpgsql AS $$
DECLARE
    own owners;
    old tasks;
    new tasks;
BEGIN
    SELECT * INTO own FROM owners o WHERE o.owner_id = p_owner FOR NO KEY UPDATE;
    IF FOUND THEN
        SELECT * INTO old FROM tasks t WHERE t.owner_id = p_owner AND t.id = p_id;
    END IF;
    -- Without the owner's row there is no lock, so a task that is there meanwhile is not written either.
    IF NOT FOUND THEN
        outcome := 'not_found';
        RETURN;
    END IF;

    new := old;
    IF NOT old.version = ANY (p_versions) THEN
        outcome := 'differs';
    ELSE
        new.title := COALESCE(p_title, old.title);
        new.completed := CASE WHEN p_toggle THEN NOT old.completed ELSE COALESCE(p_completed, old.completed) END;
        new.priority := COALESCE(p_priority, old.priority);
        new.labels := COALESCE(p_labels, old.labels);
        IF p_has_description THEN
            new.description := p_description;
        END IF;
        IF p_has_due THEN
            new.due_date := p_due_date;
            new.due_time := p_due_time;
            new.due_time_zone := p_due_time_zone;
            new.due_at := p_due_at;
        END IF;
        IF (p_has_due OR new.completed <> old.completed) AND old.recurrence IS NOT NULL
           OR old.completed AND NOT new.completed AND old.parent_id IS NOT NULL
           OR new.completed AND NOT old.completed
              AND EXISTS (SELECT FROM tasks s WHERE s.owner_id = p_owner AND s.parent_id = p_id) THEN
            outcome := 'needs_plan';
            new := old;
        ELSIF (new.title, new.description, new.completed, new.priority, new.due_date, new.due_time, new.due_time_zone,
               new.labels)
              IS NOT DISTINCT FROM (old.title, old.description, old.completed, old.priority, old.due_date,
                                    old.due_time, old.due_time_zone, old.labels) THEN
            outcome := 'unchanged';
        ELSE
            outcome := 'updated';
        END IF;
    END IF;

    IF outcome = 'updated' THEN
        new.version := own.last_seq + 1;
        new.updated_at := taskwire_next_time(own.last_at);
        new.completed_at := CASE WHEN NOT new.completed THEN NULL
                                 WHEN old.completed THEN old.completed_at ELSE new.updated_at END;
        UPDATE owners o SET last_seq = new.version, last_at = new.updated_at WHERE o.owner_id = p_owner;
        IF p_title IS NULL AND NOT p_has_description AND p_labels IS NULL THEN
            UPDATE tasks t
            SET completed = new.completed, completed_at = new.completed_at, priority = new.priority,
                due_date = new.due_date, due_time = new.due_time, due_time_zone = new.due_time_zone,
                due_at = new.due_at, updated_at = new.updated_at, version = new.version
            WHERE t.owner_id = p_owner AND t.id = p_id;
        ELSE
            UPDATE tasks t
            SET title = new.title, description = new.description, labels = new.labels,
                label_keys = taskwire_label_keys(p_owner, new.labels),
                search = taskwire_searchable(new.title, new.description),
                completed = new.completed, completed_at = new.completed_at, priority = new.priority,
                due_date = new.due_date, due_time = new.due_time, due_time_zone = new.due_time_zone,
                due_at = new.due_at, updated_at = new.updated_at, version = new.version
            WHERE t.owner_id = p_owner AND t.id = p_id;
        END IF;
        INSERT INTO changes (owner_id, seq, kind, subject_id, changed_at, created_at, completed_at, project_id,
                             parent_id, due_date, priority, completed, title, rank, description, labels, due_time,
                             due_time_zone, recurrence)
        VALUES (p_owner, new.version, 'task.updated', p_id, new.updated_at, new.created_at, new.completed_at,
                new.project_id, new.parent_id, new.due_date, new.priority, new.completed, new.title, new.rank,
                new.description, NULLIF(new.labels, '{}'), new.due_time, new.due_time_zone, new.recurrence);
    END IF;

    title := new.title;
    description := new.description;
    completed := new.completed;
    completed_at := new.completed_at;
    priority := new.priority;
    due_date := new.due_date;
    due_time := new.due_time;
    due_time_zone := new.due_time_zone;
    recurrence := new.recurrence;
    labels := new.labels;
    project_id := new.project_id;
    parent_id := new.parent_id;
    rank := new.rank;
    created_at := new.created_at;
    updated_at := new.updated_at;
    version := new.version;
    generation := own.generation;
    SELECT h.epoch INTO epoch FROM history h;
END $$;

-- Moves a task without subtasks to the trash, if it has one of the versions. `outcome` is
--   deleted     the deletion has the number `seq` and the time `at`
--   differs     the task has another version, `version`
--   needs_plan  the task has subtasks; nothing was written
--   not_found   the owner has no such task
CREATE FUNCTION taskwire_trash_task(
    p_owner text, p_id uuid, p_versions bigint[],
    OUT outcome text, OUT epoch bigint, OUT generation bigint, OUT version bigint, OUT seq bigint,
    OUT at timestamptz)
LANGUAGE plpgsql AS $$
DECLARE
    own owners;
    old tasks;
BEGIN
    SELECT * INTO own FROM owners o WHERE o.owner_id = p_owner FOR NO KEY UPDATE;
    IF FOUND THEN
        SELECT * INTO old FROM tasks t WHERE t.owner_id = p_owner AND t.id = p_id;
    END IF;
    -- Without the owner's row there is no lock, so a task that is there meanwhile is not written either.
    IF NOT FOUND THEN
        outcome := 'not_found';
        RETURN;
    END IF;
    version := old.version;
    IF NOT old.version = ANY (p_versions) THEN
        outcome := 'differs';
        RETURN;
    END IF;
    IF EXISTS (SELECT FROM tasks t WHERE t.owner_id = p_owner AND t.parent_id = p_id) THEN
        outcome := 'needs_plan';
        RETURN;
    END IF;

    seq := own.last_seq + 1;
    at := taskwire_next_time(own.last_at);
    UPDATE owners o SET last_seq = seq, last_at = at WHERE o.owner_id = p_owner;
    DELETE FROM tasks t WHERE t.owner_id = p_owner AND t.id = p_id;
    INSERT INTO trash (owner_id, id, root_id, deleted_at, task, request_digest)
    VALUES (p_owner, p_id, p_id, at, taskwire_task_body(old), old.request_digest);
    INSERT INTO changes (owner_id, seq, kind, subject_id, changed_at)
    VALUES (p_owner, seq, 'task.deleted', p_id, at);

    outcome := 'deleted';
    generation := own.generation;
    SELECT h.epoch INTO epoch FROM history h;
END $$;

-- Writes a plan, or a part of one: everything that an operation, a batch or an import changes. Call it in the
-- transaction that locked the owner. `p_head` and `p_at` are the number and the time of the newest change; the
-- arrays of objects have the columns of their tables.
CREATE FUNCTION taskwire_apply_plan(
    p_owner text, p_head bigint, p_at timestamptz, p_projects jsonb, p_tasks jsonb, p_deleted_tasks uuid[],
    p_deleted_projects uuid[], p_trash jsonb, p_out_of_trash uuid[], p_occurrences jsonb, p_reopened jsonb,
    p_changes jsonb) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE owners SET last_seq = p_head, last_at = p_at WHERE owner_id = p_owner;

    -- Projects before the tasks in them. Postgres checks references after each statement, so the tasks of one
    -- statement may come before their parents.
    IF p_projects <> '[]' THEN
        INSERT INTO projects (owner_id, id, name, color, archived, rank, created_at, updated_at, version,
                              request_digest)
        SELECT p_owner, id, name, color, archived, rank, created_at, updated_at, version, decode(digest, 'hex')
        FROM jsonb_to_recordset(p_projects) AS p (id uuid, name text, color text, archived boolean, rank text,
             created_at timestamptz, updated_at timestamptz, version bigint, digest text)
        ON CONFLICT (owner_id, id) DO UPDATE
            SET name = excluded.name, color = excluded.color, archived = excluded.archived, rank = excluded.rank,
                updated_at = excluded.updated_at, version = excluded.version;
    END IF;
    IF p_tasks <> '[]' THEN
        INSERT INTO tasks (owner_id, id, title, description, completed, completed_at, priority, due_date, due_time,
                           due_time_zone, due_at, recurrence, labels, label_keys, search, project_id, parent_id, rank,
                           created_at, updated_at, version, request_digest)
        SELECT p_owner, id, title, description, completed, completed_at, priority, due_date, due_time, due_time_zone,
               to_timestamp(due_at), recurrence, labels, taskwire_label_keys(p_owner, labels),
               taskwire_searchable(title, description), project_id, parent_id, rank, created_at, updated_at, version,
               decode(digest, 'hex')
        FROM jsonb_to_recordset(p_tasks) AS t (id uuid, title text, description text, completed boolean,
             completed_at timestamptz, priority smallint, due_date date, due_time time, due_time_zone text,
             due_at double precision, recurrence text, labels text[], project_id uuid, parent_id uuid, rank text,
             created_at timestamptz, updated_at timestamptz, version bigint, digest text)
        ON CONFLICT (owner_id, id) DO UPDATE
            SET title = excluded.title, description = excluded.description, completed = excluded.completed,
                completed_at = excluded.completed_at, priority = excluded.priority, due_date = excluded.due_date,
                due_time = excluded.due_time, due_time_zone = excluded.due_time_zone, due_at = excluded.due_at,
                recurrence = excluded.recurrence, labels = excluded.labels, label_keys = excluded.label_keys,
                search = excluded.search, project_id = excluded.project_id, parent_id = excluded.parent_id, rank = excluded.rank, updated_at = excluded.updated_at,
                version = excluded.version;
    END IF;

    -- Tasks before the projects that they are in.
    IF p_deleted_tasks <> '{}' THEN
        DELETE FROM tasks WHERE owner_id = p_owner AND id = ANY (p_deleted_tasks);
    END IF;
    IF p_deleted_projects <> '{}' THEN
        DELETE FROM projects WHERE owner_id = p_owner AND id = ANY (p_deleted_projects);
    END IF;

    -- What is restored leaves the trash before anything with the same id is deleted again.
    IF p_out_of_trash <> '{}' THEN
        DELETE FROM trash WHERE owner_id = p_owner AND id = ANY (p_out_of_trash);
    END IF;
    IF p_trash <> '[]' THEN
        INSERT INTO trash (owner_id, id, root_id, deleted_at, task, project, request_digest)
        SELECT p_owner, id, root_id, deleted_at, task, project, decode(digest, 'hex')
        FROM jsonb_to_recordset(p_trash) AS t (id uuid, root_id uuid, deleted_at timestamptz, task jsonb,
             project jsonb, digest text);
    END IF;

    IF p_reopened <> '[]' THEN
        DELETE FROM task_occurrences o
        USING jsonb_to_recordset(p_reopened) AS r (task_id uuid, occurrence timestamp, completed_at timestamptz)
        WHERE o.owner_id = p_owner AND o.task_id = r.task_id AND o.completed_at = r.completed_at
          AND o.occurrence = r.occurrence;
    END IF;
    IF p_occurrences <> '[]' THEN
        INSERT INTO task_occurrences (owner_id, task_id, occurrence, completed_at)
        SELECT p_owner, task_id, occurrence, completed_at
        FROM jsonb_to_recordset(p_occurrences) AS o (task_id uuid, occurrence timestamp, completed_at timestamptz)
        ON CONFLICT DO NOTHING;
    END IF;

    INSERT INTO changes (owner_id, seq, kind, subject_id, changed_at, created_at, completed_at, project_id, parent_id,
                         due_date, priority, completed, title, rank, description, labels, due_time, due_time_zone,
                         recurrence, project)
    SELECT p_owner, seq, kind, subject_id, changed_at, created_at, completed_at, project_id, parent_id, due_date,
           priority, completed, title, rank, description, NULLIF(labels, '{}'), due_time, due_time_zone, recurrence,
           project
    FROM jsonb_to_recordset(p_changes) AS c (seq bigint, kind text, subject_id uuid, changed_at timestamptz,
         created_at timestamptz, completed_at timestamptz, project_id uuid, parent_id uuid, due_date date,
         priority smallint, completed boolean, title text, rank text, description text, labels text[], due_time time,
         due_time_zone text, recurrence text, project jsonb);
END $$;
