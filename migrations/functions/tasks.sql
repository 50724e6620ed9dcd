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
CREATE FUNCTION taskwire_create_task(
    p_owner text, p_id uuid, p_digest bytea, p_title text, p_description text, p_completed boolean,
    p_priority smallint, p_due_date date, p_due_time time, p_due_time_zone text, p_due_at timestamptz,
    p_recurrence text, p_labels text[], p_project uuid,
    OUT outcome text, OUT epoch bigint, OUT generation bigint, OUT version bigint, OUT at timestamptz)
LANGUAGE plpgsql AS $$
DECLARE
    own owners := taskwire_lock_owner(p_owner);
    new tasks;
BEGIN
    -- The server makes an id that no task can have had. Only a client's own id, which has a digest, can be taken.
    IF p_digest IS NOT NULL AND (
        EXISTS (SELECT FROM tasks t WHERE t.owner_id = p_owner AND t.id = p_id)
        OR EXISTS (SELECT FROM trash t WHERE t.owner_id = p_owner AND t.id = p_id)
        OR EXISTS (SELECT FROM task_changes c
                   WHERE c.owner_id = p_owner AND c.task_id = p_id AND c.kind = 'task.deleted')
    ) THEN
        outcome := 'id_taken';
        RETURN;
    END IF;
    IF p_project IS NOT NULL
       AND NOT EXISTS (SELECT FROM projects p WHERE p.owner_id = p_owner AND p.id = p_project) THEN
        outcome := 'project_unknown';
        RETURN;
    END IF;

    version := own.last_seq + 1;
    at := taskwire_next_time(own.last_at);
    UPDATE owners o SET last_seq = version, last_at = at WHERE o.owner_id = p_owner;
    INSERT INTO tasks (owner_id, id, title, description, completed, completed_at, priority, due_date, due_time,
                       due_time_zone, due_at, recurrence, labels, project_id, rank, created_at, updated_at, version,
                       request_digest)
    -- The rank is behind every rank that the owner has.
    VALUES (p_owner, p_id, p_title, p_description, p_completed, CASE WHEN p_completed THEN at END, p_priority,
            p_due_date, p_due_time, p_due_time_zone, p_due_at, p_recurrence, p_labels, p_project,
            lpad(to_hex(version), 12, '0') || '80', at, at, version, p_digest)
    RETURNING * INTO new;
    INSERT INTO task_changes (owner_id, seq, kind, task_id, task, changed_at)
    VALUES (p_owner, version, 'task.created', p_id, taskwire_task_body(new), at);

    outcome := 'created';
    generation := own.generation;
    SELECT h.epoch INTO epoch FROM history h;
END $$;

-- Sets those fields of a task that are given, if the task has one of the versions. `outcome` is
--   updated     `task` is the task after the update
--   unchanged   the task already had these values; nothing was written
--   differs     the task has another version
--   needs_plan  the update concerns other tasks or a recurrence; nothing was written
-- There is no row if the owner has no such task.
CREATE FUNCTION taskwire_update_task(
    p_owner text, p_id uuid, p_versions bigint[], p_title text, p_has_description boolean, p_description text,
    p_completed boolean, p_toggle boolean, p_priority smallint, p_has_due boolean, p_due_date date, p_due_time time,
    p_due_time_zone text, p_due_at timestamptz, p_labels text[])
RETURNS TABLE (
    outcome text, epoch bigint, generation bigint, id uuid, title text, description text, completed boolean,
    completed_at timestamptz, priority smallint, due_date date, due_time time, due_time_zone text, recurrence text,
    labels text[], project_id uuid, parent_id uuid, rank text, created_at timestamptz, updated_at timestamptz,
    version bigint)
LANGUAGE plpgsql AS $$
DECLARE
    own owners;
    old tasks;
    new tasks;
BEGIN
    SELECT * INTO own FROM owners o WHERE o.owner_id = p_owner FOR NO KEY UPDATE;
    SELECT * INTO old FROM tasks t WHERE t.owner_id = p_owner AND t.id = p_id;
    IF NOT FOUND THEN
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
           OR new.completed AND NOT old.completed AND taskwire_has_open_subtasks(p_owner, p_id)
           OR old.completed AND NOT new.completed AND old.parent_id IS NOT NULL
              AND taskwire_has_completed_parent(p_owner, old.parent_id) THEN
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
        -- Postgres computes the search column again whenever a statement sets one of its columns, even to the
        -- same value.
        IF p_title IS NULL AND NOT p_has_description AND p_labels IS NULL THEN
            UPDATE tasks t
            SET completed = new.completed, completed_at = new.completed_at, priority = new.priority,
                due_date = new.due_date, due_time = new.due_time, due_time_zone = new.due_time_zone,
                due_at = new.due_at, updated_at = new.updated_at, version = new.version
            WHERE t.owner_id = p_owner AND t.id = p_id;
        ELSE
            UPDATE tasks t
            SET title = new.title, description = new.description, labels = new.labels,
                completed = new.completed, completed_at = new.completed_at, priority = new.priority,
                due_date = new.due_date, due_time = new.due_time, due_time_zone = new.due_time_zone,
                due_at = new.due_at, updated_at = new.updated_at, version = new.version
            WHERE t.owner_id = p_owner AND t.id = p_id;
        END IF;
        INSERT INTO task_changes (owner_id, seq, kind, task_id, task, changed_at)
        VALUES (p_owner, new.version, 'task.updated', p_id, taskwire_task_body(new), new.updated_at);
    END IF;

    id := new.id;
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
    RETURN NEXT;
END $$;

-- Moves a task without subtasks to the trash, if it has one of the versions. `outcome` is
--   deleted     the deletion has the number `seq` and the time `at`
--   differs     the task has another version, `version`
--   needs_plan  the task has subtasks; nothing was written
-- There is no row if the owner has no such task.
CREATE FUNCTION taskwire_delete_task(
    p_owner text, p_id uuid, p_versions bigint[])
RETURNS TABLE (
    outcome text, epoch bigint, generation bigint, version bigint, seq bigint, at timestamptz)
LANGUAGE plpgsql AS $$
DECLARE
    own owners;
    old tasks;
BEGIN
    SELECT * INTO own FROM owners o WHERE o.owner_id = p_owner FOR NO KEY UPDATE;
    SELECT * INTO old FROM tasks t WHERE t.owner_id = p_owner AND t.id = p_id;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    version := old.version;
    IF NOT old.version = ANY (p_versions) THEN
        outcome := 'differs';
        RETURN NEXT;
        RETURN;
    END IF;
    IF EXISTS (SELECT FROM tasks t WHERE t.owner_id = p_owner AND t.parent_id = p_id) THEN
        outcome := 'needs_plan';
        RETURN NEXT;
        RETURN;
    END IF;

    seq := own.last_seq + 1;
    at := taskwire_next_time(own.last_at);
    UPDATE owners o SET last_seq = seq, last_at = at WHERE o.owner_id = p_owner;
    DELETE FROM tasks t WHERE t.owner_id = p_owner AND t.id = p_id;
    INSERT INTO trash (owner_id, id, root_id, deleted_at, task, request_digest)
    VALUES (p_owner, p_id, p_id, at, taskwire_task_body(old), old.request_digest);
    INSERT INTO task_changes (owner_id, seq, kind, task_id, task, changed_at)
    VALUES (p_owner, seq, 'task.deleted', p_id, NULL, at);

    outcome := 'deleted';
    generation := own.generation;
    SELECT h.epoch INTO epoch FROM history h;
    RETURN NEXT;
END $$;
