-- What Citus brings along and Taskwire calls, as far as one Postgres can do it. The schema `cluster` has what was
-- called.
CREATE SCHEMA cluster;
CREATE TABLE cluster.tables (place serial PRIMARY KEY, call text NOT NULL, shards text);
CREATE TABLE cluster.functions (function regprocedure PRIMARY KEY, parameter text, beside text, forced boolean);
-- The table whose distribution fails.
CREATE TABLE cluster.failing (name regclass);
-- The nodes that answer with their fingerprint, and those that do not.
CREATE TABLE cluster.nodes (nodeid int PRIMARY KEY, success boolean NOT NULL, result text NOT NULL);

CREATE TABLE pg_dist_local_group (groupid int);
INSERT INTO pg_dist_local_group VALUES (0);
CREATE TABLE pg_dist_partition (logicalrelid regclass PRIMARY KEY);

-- As Citus does, refuses triggers unless they are allowed, and references to tables that are not distributed.
CREATE FUNCTION cluster.add_table(name regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM cluster.failing f WHERE f.name = add_table.name) THEN
        RAISE EXCEPTION 'a node cannot be reached';
    END IF;
    IF EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = name AND NOT t.tgisinternal)
       AND current_setting('citus.enable_unsafe_triggers', true) IS DISTINCT FROM 'on' THEN
        RAISE EXCEPTION 'triggers are not supported on distributed tables';
    END IF;
    INSERT INTO pg_dist_partition VALUES (name);
    IF EXISTS (SELECT FROM pg_constraint c WHERE c.contype = 'f' AND c.conrelid = name
               AND c.confrelid NOT IN (SELECT logicalrelid FROM pg_dist_partition)) THEN
        RAISE EXCEPTION 'referenced table must be a distributed table or a reference table';
    END IF;
END $$;

CREATE FUNCTION create_reference_table(name regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM cluster.add_table(name);
    INSERT INTO cluster.tables (call) VALUES ('create_reference_table ' || name);
END $$;

CREATE FUNCTION create_distributed_table(
    name regclass, distribution_column text, distribution_type text DEFAULT 'hash',
    colocate_with text DEFAULT 'default', shard_count int DEFAULT NULL) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM cluster.add_table(name);
    INSERT INTO cluster.tables (call, shards)
    VALUES (format('create_distributed_table %s by %s beside %s', name, distribution_column, colocate_with),
            current_setting('citus.shard_count'));
END $$;

CREATE FUNCTION citus_add_local_table_to_metadata(
    name regclass, cascade_via_foreign_keys boolean DEFAULT false) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    referring regclass;
BEGIN
    PERFORM cluster.add_table(name);
    INSERT INTO cluster.tables (call) VALUES ('citus_add_local_table_to_metadata ' || name);
    FOR referring IN SELECT c.conrelid FROM pg_constraint c WHERE c.contype = 'f' AND c.confrelid = name LOOP
        IF NOT cascade_via_foreign_keys THEN
            RAISE EXCEPTION 'relation % is involved in a foreign key relationship', name;
        END IF;
        PERFORM citus_add_local_table_to_metadata(referring, true);
    END LOOP;
END $$;

CREATE FUNCTION create_distributed_function(
    name regprocedure, distribution_arg_name text DEFAULT NULL, colocate_with text DEFAULT 'default',
    force_delegation boolean DEFAULT false) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF colocate_with <> 'default' AND to_regclass(colocate_with) NOT IN (SELECT logicalrelid FROM pg_dist_partition) THEN
        RAISE EXCEPTION 'relation % is not distributed', colocate_with;
    END IF;
    INSERT INTO cluster.functions VALUES (name, distribution_arg_name, colocate_with, force_delegation)
    ON CONFLICT (function) DO NOTHING;
END $$;
