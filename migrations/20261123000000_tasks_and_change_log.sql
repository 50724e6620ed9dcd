-- Everything a user owns has a primary key that starts with owner_id, so that each
-- statement can be scoped to one owner and the data can be distributed by owner.
--
-- There are deliberately no foreign keys to owners: the only statements that insert tasks or
-- changes take the owner's row, locked, as their source of rows, and a second look-up of that
-- row for each inserted row would cost a fifth of the write rate for nothing.

-- Which history this database is in. A restored, cloned or promoted database has another
-- fingerprint; it gets a new epoch, and positions that were handed out before are refused.
CREATE TABLE history (
    single      boolean PRIMARY KEY DEFAULT true CONSTRAINT history_single_row CHECK (single),
    epoch       bigint  NOT NULL,
    fingerprint text    NOT NULL
);

-- One row per user who has ever written: the lock that orders their writes, and the counter
-- that numbers them. A random generation tells a returning user's history from a deleted one.
CREATE TABLE owners (
    owner_id   text COLLATE "C" PRIMARY KEY
               CONSTRAINT owners_owner_id_length CHECK (char_length(owner_id) BETWEEN 1 AND 255),
    last_seq   bigint      NOT NULL CONSTRAINT owners_last_seq_not_negative CHECK (last_seq >= 0),
    last_at    timestamptz NOT NULL,
    generation bigint      NOT NULL DEFAULT hashtextextended(gen_random_uuid()::text, 0)
) WITH (fillfactor = 50);

CREATE TABLE tasks (
    owner_id       text COLLATE "C" NOT NULL,
    id             uuid        NOT NULL,
    title          text        NOT NULL
                   CONSTRAINT tasks_title_length CHECK (char_length(title) BETWEEN 1 AND 200)
                   CONSTRAINT tasks_title_trimmed CHECK (title = btrim(title)),
    description    text
                   CONSTRAINT tasks_description_length CHECK (char_length(description) <= 1000),
    completed      boolean     NOT NULL,
    created_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL,
    version        bigint      NOT NULL CONSTRAINT tasks_version_positive CHECK (version > 0),
    -- SHA-256 of the creating request, kept when the client chose the id: tells a retry from a clash.
    request_digest bytea       CONSTRAINT tasks_request_digest_length CHECK (octet_length(request_digest) = 32),
    CONSTRAINT tasks_pkey PRIMARY KEY (owner_id, id)
) WITH (fillfactor = 90);

CREATE INDEX tasks_by_created ON tasks (owner_id, created_at DESC, id DESC);
CREATE INDEX tasks_by_title ON tasks (owner_id, title COLLATE "und-x-icu", id);

-- What happened, in order: for each owner seq runs 1, 2, 3, … in commit order, without gaps.
CREATE TABLE task_changes (
    owner_id   text COLLATE "C" NOT NULL,
    seq        bigint      NOT NULL CONSTRAINT task_changes_seq_positive CHECK (seq > 0),
    kind       text        NOT NULL
               CONSTRAINT task_changes_kind CHECK (kind IN ('task.created', 'task.updated', 'task.deleted')),
    task_id    uuid        NOT NULL,
    task       jsonb,
    changed_at timestamptz NOT NULL,
    CONSTRAINT task_changes_pkey PRIMARY KEY (owner_id, seq),
    CONSTRAINT task_changes_body CHECK ((task IS NULL) = (kind = 'task.deleted'))
);

-- An id is created once: a retried create that waited behind "create, delete" must fail
-- here instead of bringing the task back.
CREATE UNIQUE INDEX task_changes_created_once ON task_changes (owner_id, task_id) WHERE kind = 'task.created';
CREATE INDEX task_changes_deleted ON task_changes (owner_id, task_id) WHERE kind = 'task.deleted';
