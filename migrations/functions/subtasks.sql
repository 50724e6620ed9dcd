-- Whether a task has open subtasks, at any depth. VOLATILE, although it only reads: so it has a snapshot of its
-- own, and a caller that has just locked the owner sees what was committed while it waited.
CREATE FUNCTION taskwire_has_open_subtasks(of_owner text, of_task uuid) RETURNS boolean
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

-- Whether this parent is completed. No open task is below a completed one, so no ancestor is completed if the
-- parent is open. VOLATILE for the same reason.
CREATE FUNCTION taskwire_has_completed_parent(p_owner text, p_parent uuid) RETURNS boolean
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    RETURN EXISTS (SELECT FROM tasks WHERE owner_id = p_owner AND id = p_parent AND completed);
END $$;
