-- Divides the tables that are distributed by owner into eight parts by a hash of the owner, on this one Postgres. It
-- then refuses a unique key without the owner, and a plan names the parts that a statement reads.
DO $$
DECLARE
    distributed text[] := ARRAY(SELECT split_part(call, ' ', 2) FROM cluster.tables
                                WHERE call LIKE 'create_distributed_table %' ORDER BY place);
    name text;
    again text;
    -- Keys before the references to them, triggers last.
    keys text[] := '{}';
    indexes text[] := '{}';
    later text[] := '{}';
BEGIN
    CREATE SCHEMA parts;
    FOREACH name IN ARRAY distributed LOOP
        EXECUTE format('CREATE TABLE parts.%I (LIKE public.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)
                        PARTITION BY HASH (owner_id)', name, name);
        FOR number IN 0..7 LOOP
            EXECUTE format('CREATE TABLE parts.%I PARTITION OF parts.%I FOR VALUES WITH (MODULUS 8, REMAINDER %s)',
                           name || '_p' || number, name, number);
        END LOOP;
        keys := keys || ARRAY(
            SELECT format('ALTER TABLE %I ADD CONSTRAINT %I %s', name, c.conname, pg_get_constraintdef(c.oid))
            FROM pg_constraint c WHERE c.conrelid = name::regclass AND c.contype IN ('p', 'u'));
        later := later || ARRAY(
            SELECT format('ALTER TABLE %I ADD CONSTRAINT %I %s', name, c.conname, pg_get_constraintdef(c.oid))
            FROM pg_constraint c WHERE c.conrelid = name::regclass AND c.contype = 'f');
        later := later || ARRAY(
            SELECT pg_get_triggerdef(t.oid) FROM pg_trigger t
            WHERE t.tgrelid = name::regclass AND NOT t.tgisinternal);
        indexes := indexes || ARRAY(
            SELECT pg_get_indexdef(i.indexrelid) FROM pg_index i
            WHERE i.indrelid = name::regclass
              AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid AND c.contype IN ('p', 'u')));
    END LOOP;
    -- With the functions that have a row of a table as a parameter or result; the caller creates all functions again.
    FOREACH name IN ARRAY distributed LOOP
        EXECUTE format('DROP TABLE public.%I CASCADE', name);
        EXECUTE format('ALTER TABLE parts.%I SET SCHEMA public', name);
    END LOOP;
    FOREACH again IN ARRAY keys || indexes || later LOOP
        EXECUTE again;
    END LOOP;
END $$;
