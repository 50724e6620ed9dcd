-- Access that was taken back, and tokens for scripts.

-- How many revocations there have been. Whoever records some locks this row until the commit, so
-- that the numbers are without gaps and in the order of the commits: a server that has read up to
-- a number has missed nothing before it.
CREATE TABLE revocation_head (
    single   boolean PRIMARY KEY DEFAULT true CONSTRAINT revocation_head_single_row CHECK (single),
    last_seq bigint  NOT NULL CONSTRAINT revocation_head_not_negative CHECK (last_seq >= 0)
);
INSERT INTO revocation_head (last_seq) VALUES (0);

-- What no longer gives access. Every server reads all of it, whoever's it is, so the key is the
-- number. A row stays until whatever it forbids has expired by itself.
CREATE TABLE revocations (
    seq        bigint CONSTRAINT revocations_pkey PRIMARY KEY
               CONSTRAINT revocations_seq_positive CHECK (seq > 0),
    owner_id   text COLLATE "C" NOT NULL
               CONSTRAINT revocations_owner_id_length CHECK (char_length(owner_id) BETWEEN 1 AND 255),
    kind       text        NOT NULL CONSTRAINT revocations_kind CHECK (kind IN ('user', 'session', 'api_token')),
    -- The session or the API token.
    subject    uuid        CONSTRAINT revocations_subject CHECK ((subject IS NULL) = (kind = 'user')),
    -- Whether the user, who was deleted, can never return under this id.
    for_good   boolean     NOT NULL CONSTRAINT revocations_for_good CHECK (kind = 'user' OR NOT for_good),
    revoked_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CONSTRAINT revocations_expire_later CHECK (expires_at > revoked_at)
);

CREATE INDEX revocations_by_owner ON revocations (owner_id);

-- Tokens for scripts. The token itself is known to its holder alone.
CREATE TABLE api_tokens (
    owner_id     text COLLATE "C" NOT NULL,
    id           uuid        NOT NULL,
    name         text        NOT NULL
                 CONSTRAINT api_tokens_name_length CHECK (char_length(name) BETWEEN 1 AND 100)
                 CONSTRAINT api_tokens_name_trimmed CHECK (name = btrim(name)),
    scope        text        NOT NULL CONSTRAINT api_tokens_scope CHECK (scope IN ('read', 'read-write')),
    -- SHA-256 of the token.
    hash         bytea       NOT NULL CONSTRAINT api_tokens_hash_length CHECK (octet_length(hash) = 32),
    -- Of a hundred places each token takes one: nobody can have more, however many create at once.
    place        smallint    NOT NULL CONSTRAINT api_tokens_most CHECK (place BETWEEN 1 AND 100),
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz CONSTRAINT api_tokens_expire_later CHECK (expires_at > created_at)
                             CONSTRAINT api_tokens_expire_in_time CHECK (expires_at < '10000-01-01Z'),
    last_used_at timestamptz,
    CONSTRAINT api_tokens_pkey PRIMARY KEY (owner_id, id),
    CONSTRAINT api_tokens_one_in_a_place UNIQUE (owner_id, place)
);

-- The way from a token to its owner.
CREATE UNIQUE INDEX api_tokens_by_hash ON api_tokens (hash);

-- A write that was let in just before its user was deleted waits for the owner's lock, finds no
-- owner any more, and would begin anew. Whoever can never return does not; for the others it takes
-- some seconds, within which only such writes can come: no token is accepted that says to be
-- issued before them.
CREATE FUNCTION taskwire_refuse_just_deleted() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM revocations r
               WHERE r.owner_id = NEW.owner_id AND r.kind = 'user'
                 AND (r.for_good OR r.revoked_at > clock_timestamp() - interval '15 seconds')) THEN
        RAISE EXCEPTION 'the owner was deleted'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'owners_not_just_deleted';
    END IF;
    RETURN NULL;
END $$;

-- After the insertion, so that it is not asked at every write, but at the first of each owner.
CREATE TRIGGER owners_not_just_deleted AFTER INSERT ON owners
    FOR EACH ROW EXECUTE FUNCTION taskwire_refuse_just_deleted();
