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
