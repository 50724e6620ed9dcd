-- Accounts of the deployment itself: who signs in here with e-mail and password, the sessions that
-- come of it, and the keys that sign the access tokens of those sessions.

CREATE TABLE accounts (
    -- Generated, never the e-mail.
    owner_id      text COLLATE "C" NOT NULL CONSTRAINT accounts_owner_id_length CHECK (char_length(owner_id) BETWEEN 1 AND 255),
    -- In lower case and ASCII, so that the same address in another case is the same.
    email         text COLLATE "C" NOT NULL
                  CONSTRAINT accounts_email_length CHECK (char_length(email) BETWEEN 3 AND 254)
                  CONSTRAINT accounts_email_form CHECK (email ~ '^[a-z0-9_''+.-]+@([a-z0-9][a-z0-9-]*\.)+[a-z0-9-]{2,}$'),
    name          text        NOT NULL
                  CONSTRAINT accounts_name_length CHECK (char_length(name) BETWEEN 1 AND 100)
                  CONSTRAINT accounts_name_trimmed CHECK (name = btrim(name)),
    -- A PHC string; without one there is no sign-in by password.
    password_hash text CONSTRAINT accounts_password_hash_form CHECK (password_hash ~ '^\$argon2id\$.{1,190}$'),
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL,
    CONSTRAINT accounts_pkey PRIMARY KEY (owner_id),
    CONSTRAINT accounts_email_key UNIQUE (email)
);

CREATE TABLE sessions (
    owner_id            text COLLATE "C" NOT NULL,
    id                  uuid        NOT NULL,
    -- SHA-256 of the token, which only its holder has.
    token_hash          bytea       NOT NULL CONSTRAINT sessions_token_hash_length CHECK (octet_length(token_hash) = 32),
    -- That of the token before, so that its return is told.
    previous_token_hash bytea CONSTRAINT sessions_previous_token_hash_length CHECK (octet_length(previous_token_hash) = 32),
    -- When the present token was made, and whether it has been used since.
    rotated_at          timestamptz NOT NULL,
    confirmed           boolean     NOT NULL,
    -- Whether the browser keeps it when it closes.
    remembered          boolean     NOT NULL,
    created_at          timestamptz NOT NULL,
    last_used_at        timestamptz NOT NULL,
    -- When it ends if it is not used again, which moves on with its use, and when at the latest.
    idle_expires_at     timestamptz NOT NULL,
    expires_at          timestamptz NOT NULL CONSTRAINT sessions_expire_at_the_latest CHECK (idle_expires_at <= expires_at),
    user_agent          text CONSTRAINT sessions_user_agent_length CHECK (char_length(user_agent) <= 256),
    ip                  text CONSTRAINT sessions_ip_length CHECK (char_length(ip) <= 45),
    CONSTRAINT sessions_pkey PRIMARY KEY (owner_id, id),
    CONSTRAINT sessions_token_hash_key UNIQUE (token_hash),
    CONSTRAINT sessions_account FOREIGN KEY (owner_id) REFERENCES accounts (owner_id) ON DELETE CASCADE
);
CREATE INDEX sessions_by_previous_token ON sessions (previous_token_hash) WHERE previous_token_hash IS NOT NULL;
CREATE INDEX sessions_by_idle_expiry ON sessions (idle_expires_at);

-- What signs access tokens: the newest that is not retired. A retired one is still known, and
-- published, until no token that it signed can be valid any more.
CREATE TABLE signing_keys (
    kid         text        NOT NULL CONSTRAINT signing_keys_pkey PRIMARY KEY,
    -- The 32 bytes of an Ed25519 private key.
    private_key bytea       NOT NULL CONSTRAINT signing_keys_private_key_length CHECK (octet_length(private_key) = 32),
    created_at  timestamptz NOT NULL,
    retired_at  timestamptz
);

-- Attempts at a password, for all servers together. Keys are hashes of what is counted: an
-- address, or an address with an e-mail.
CREATE TABLE attempts (
    key           bytea       NOT NULL CONSTRAINT attempts_pkey PRIMARY KEY
                  CONSTRAINT attempts_key_length CHECK (octet_length(key) = 32),
    count         integer     NOT NULL CONSTRAINT attempts_count_positive CHECK (count > 0),
    last_at       timestamptz NOT NULL,
    blocked_until timestamptz NOT NULL
);
CREATE INDEX attempts_by_last ON attempts (last_at);
