-- Partitions, so that what is kept for a while only is dropped and never deleted row by row:
-- nonces by the hour, claims by the half-year. What falls outside every period goes to a default
-- partition, so that a job that did not run stops nobody.
CREATE TABLE exchange.nonce_default PARTITION OF exchange.nonce DEFAULT;
CREATE TABLE exchange.claim_default PARTITION OF exchange.claim DEFAULT;

-- What requests were told that they did, line by line where they came in a batch.
CREATE VIEW exchange.told AS
    SELECT party_id, key, operation, facts, at
    FROM exchange.claim WHERE operation <> 'batch' AND code IS NULL
    UNION ALL
    SELECT c.party_id, c.key, l.value -> 'facts' ->> 'kind', l.value -> 'facts', c.at
    FROM exchange.claim c CROSS JOIN LATERAL jsonb_array_elements(c.facts) l
    WHERE c.operation = 'batch' AND l.value ->> 'code' IS NULL;

-- Make partition `name` of `parent`, if it is not there and the default has nothing of its time.
CREATE FUNCTION exchange.make_partition(parent text, name text, since text, until text)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF to_regclass(format('exchange.%I', name)) IS NULL THEN
        -- Nothing in them is ever updated, and all of it is dropped: there is nothing to vacuum.
        EXECUTE format('CREATE TABLE exchange.%I PARTITION OF exchange.%I FOR VALUES FROM (%L) TO (%L)'
            ' WITH (autovacuum_vacuum_insert_threshold = -1)', name, parent, since, until);
    END IF;
EXCEPTION WHEN check_violation THEN
    RAISE WARNING 'exchange.% has rows of %: they stay there', parent || '_default', name;
END $$;

-- Make the partitions that are needed soon, drop those whose time is over: nonces after 10 minutes
-- (a signature is good for one), claims after 400 days. Returns how many were dropped. With its
-- owner's rights: the application may not drop tables, and may not say that their time is over.
-- Whoever posts stands in line behind a lock that is waited for here, so it is given up soon.
CREATE FUNCTION exchange.keep_partitions(moment timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC'
SET lock_timeout = '200ms' AS $$
DECLARE
    present timestamptz := least(moment, clock_timestamp());
    this_hour integer := extract(epoch FROM moment)::bigint / 3600;
    half timestamptz := date_trunc('year', moment)
        + CASE WHEN extract(month FROM moment) > 6 THEN interval '6 months' ELSE interval '0' END;
    since timestamptz;
    found text;
    dropped integer := 0;
BEGIN
    FOR h IN this_hour .. this_hour + 6 LOOP
        PERFORM exchange.make_partition('nonce', 'nonce_' || h, h::text, (h + 1)::text);
    END LOOP;
    FOREACH since IN ARRAY ARRAY[half, half + interval '6 months'] LOOP
        PERFORM exchange.make_partition('claim', 'claim_' || to_char(since, 'YYYY_MM'),
            since::text, (since + interval '6 months')::text);
    END LOOP;
    FOR found IN
        SELECT c.relname FROM pg_class c JOIN pg_inherits i ON i.inhrelid = c.oid
        WHERE i.inhparent = 'exchange.nonce'::regclass AND c.relname ~ '^nonce_[0-9]+$'
            AND (substr(c.relname, 7)::bigint + 1) * 3600 < extract(epoch FROM present) - 600
        UNION ALL
        SELECT c.relname FROM pg_class c JOIN pg_inherits i ON i.inhrelid = c.oid
        WHERE i.inhparent = 'exchange.claim'::regclass AND c.relname ~ '^claim_[0-9]{4}_[0-9]{2}$'
            AND to_date(substr(c.relname, 7), 'YYYY_MM') + interval '6 months'
                < present - interval '400 days'
    LOOP
        EXECUTE format('DROP TABLE exchange.%I', found);
        dropped := dropped + 1;
    END LOOP;
    DELETE FROM exchange.nonce_default WHERE hour < extract(epoch FROM present)::bigint / 3600 - 1;
    DELETE FROM exchange.claim_default WHERE at < present - interval '400 days';
    RETURN dropped;
END $$;
SELECT exchange.keep_partitions(now());
