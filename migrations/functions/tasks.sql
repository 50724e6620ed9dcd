-- A task as the log and the trash store it.
CREATE FUNCTION taskwire_task_body(task tasks) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN to_jsonb(task) - '{owner_id,request_digest,due_at,label_keys,search}'::text[];
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
