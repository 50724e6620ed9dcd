-- Only the tasks, without the change log of Taskwire's own tables.
CREATE SCHEMA bare;
CREATE TABLE bare.tasks (
    owner_id    text COLLATE "C" NOT NULL,
    id          uuid        NOT NULL,
    title       text        NOT NULL,
    description text,
    completed   boolean     NOT NULL,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    PRIMARY KEY (owner_id, id)
) WITH (fillfactor = 90);
CREATE INDEX bare_tasks_by_created ON bare.tasks (owner_id, created_at DESC, id DESC);
INSERT INTO bare.tasks
SELECT owner_id, id, title, description, completed, created_at, updated_at FROM public.tasks;
