-- The application's role: it may add postings and journals, never change or remove them.
DO $$ BEGIN
    CREATE ROLE hub_app NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
-- So that one DATABASE_URL will do: the owner connects and takes this role on.
DO $$ BEGIN
    EXECUTE format('GRANT hub_app TO %I', current_user);
EXCEPTION WHEN insufficient_privilege THEN NULL;
END $$;
-- Records of partners are matched in tables that end with their transaction.
DO $$ BEGIN
    EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO hub_app', current_database());
EXCEPTION WHEN insufficient_privilege THEN NULL;
END $$;
GRANT SELECT ON alembic_version TO hub_app;
GRANT USAGE ON SCHEMA exchange TO hub_app;
GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA exchange TO hub_app;
GRANT UPDATE ON exchange.setting, exchange."window", exchange.party, exchange.exposure,
    exchange.exposure_release, exchange.wallet, exchange.lot, exchange.receivable, exchange.link,
    exchange.payment_code, exchange.code_failure, exchange.rate, exchange.rate_use, exchange.quote,
    exchange.undone, exchange.hold, exchange.total, exchange.watermark,
    exchange.wallet_month, exchange.wallet_use, exchange.wallet_summed TO hub_app;
GRANT DELETE ON exchange.payment_code, exchange.code_failure TO hub_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA exchange TO hub_app;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA exchange FROM PUBLIC;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA exchange TO hub_app;
REVOKE EXECUTE ON FUNCTION exchange.make_partition FROM hub_app;

-- The hub's own two parties: where fees and margins go, and where prepaid money stands.
DO $$
DECLARE
    kinds text[] := ARRAY['hub', 'float'];
    k text;
    new_party integer;
    accounts bigint[];
BEGIN
    FOREACH k IN ARRAY kinds LOOP
        new_party := nextval(pg_get_serial_sequence('exchange.party', 'id'));
        WITH a AS (
            INSERT INTO exchange.account (kind, party_id)
            SELECT unnest(ARRAY['issuing', 'accepting', 'breakage', 'receivable']), new_party
            RETURNING id)
        SELECT array_agg(id ORDER BY id) INTO accounts FROM a;
        INSERT INTO exchange.party (id, kind, issuing_account, accepting_account, breakage_account,
                receivable_account)
            OVERRIDING SYSTEM VALUE
            VALUES (new_party, k, accounts[1], accounts[2], accounts[3], accounts[4]);
    END LOOP;
END $$;
