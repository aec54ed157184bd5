-- The funnel: exchange.post(orders) posts an array of orders and returns one outcome for each.
--
-- An array is worked on as a whole: all nonces in one statement, all locks in one, the orders of
-- one kind together. What is done together must not meet: the orders of one wallet are done one
-- after another, each in a round of its own. A single request is an array of one.
--
-- OFFSET 0 keeps a look-up of one row one: without it a plan made while the table was empty may walk
-- through the whole index for ever.
--
-- Every statement below takes a fresh READ COMMITTED snapshot after the wallets' locks; one big
-- statement would decide on lots that a neighbour has already spent. Each exchange.post_* refuses
-- first, in the order of the operation's documentation, and writes only after its last refusal, so
-- a refused order leaves no trace but its claim.

CREATE TYPE exchange."order" AS (
    kind text,               -- accrual, import, authorisation, capture, void, hold-expiry, redemption,
                             -- refund, clawback, lot-expiry, transfer, adjustment
    party integer,           -- who asks: the issuer or acceptor; null for the hub's own jobs
    key text,                -- idempotency key; null for the hub's own jobs, as the next four
    fingerprint text,        -- hex: what must be the same for a retry to be a retry
    key_id text,
    nonce text,
    signed_at bigint,        -- seconds since 1970: when the request says that it was signed
    evidence jsonb,          -- the signed request, kept so that figures can be explained
    id uuid,                 -- of the journal or hold that this order will make
    link uuid,               -- the party's name for the wallet, or
    code text,               -- hex digest of a payment code, or
    wallet bigint,           -- the wallet itself, for the hub's own orders
    to_wallet bigint,
    points bigint,
    reference text,          -- the merchant's own number: a second one like it is refused
    occurred_at timestamptz,
    expires_on date,
    spendable_from date,
    expiry_months integer,   -- where no expires_on is given: to the end of the month so far ahead
    pending_days integer,
    terms integer,           -- the number of the issuer's terms today
    price bigint,            -- millionths of a minor unit per point: the issuer's terms today
    cap bigint,              -- minor units; null is no cap
    hold uuid,
    undoes uuid,
    theirs bigint,
    quote uuid,
    online boolean,
    unpriced boolean,        -- no terms are in force: nothing that must be priced may happen
    direction text,          -- of an adjustment: credit or debit
    approval uuid,
    note text,
    issuer integer,          -- of a refund: give back this issuer's points alone
    held_until timestamptz,  -- of an authorisation that is firm: only its maker ends it before
    rate integer,            -- of a capture that is an export: the rate, and with it theirs
    fee bigint,
    only_unspent boolean     -- of a clawback: nothing of it may have been spent
);

CREATE TYPE exchange.outcome AS (code text, facts jsonb);

-- What a spend takes from one lot.
CREATE TYPE exchange.taking AS (
    lot bigint, take bigint, issuer integer, expiry date, issued timestamptz);

-- Line n of an array on its way: the order, the wallet that is locked for it, and what was decided:
-- a refusal's code and facts, or the lots that are taken.
CREATE TYPE exchange.line AS (
    n integer, wallet bigint, o exchange."order", code text, facts jsonb, takes exchange.taking[]);

-- Lines of one kind and of different wallets: what may be done together.
CREATE TYPE exchange.round AS (kind text, lines exchange.line[]);

-- What came of line n: refused with a code, or done (null); now, or when it was asked before.
CREATE TYPE exchange.answer AS (n integer, code text, facts jsonb, replayed boolean);

-- What an import gives: rounded up to the member, the fee taken after, rounded down to the member.
-- Nothing, when it is more than any order may carry.
CREATE FUNCTION exchange.convert(theirs bigint, rate exchange.rate, OUT points bigint, OUT fee bigint)
LANGUAGE sql IMMUTABLE AS $$
    SELECT gross - fee, fee
    FROM (SELECT gross, gross * rate.fee_ppm / 1000000 AS fee
          FROM (SELECT CASE WHEN exact <= 1000000000000 THEN exact::bigint ELSE 0 END AS gross
                FROM (SELECT div(theirs::numeric * rate.ours + rate.theirs - 1, rate.theirs) AS exact) e) g) f
$$;

-- The lots that a spend takes: earliest expiry first, then oldest, never pending, never expired.
CREATE FUNCTION exchange.pick_lots(
    of_wallet bigint, wanted bigint, today date,
    OUT lots bigint[], OUT takes bigint[], OUT issuers integer[], OUT expiries date[],
    OUT issued timestamptz[], OUT agreed integer[], OUT found bigint)
LANGUAGE sql STABLE AS $$
    SELECT array_agg(id ORDER BY n), array_agg(take ORDER BY n), array_agg(issuer_id ORDER BY n),
           array_agg(expires_on ORDER BY n), array_agg(opened_at ORDER BY n),
           array_agg(terms ORDER BY n),
           coalesce(sum(take), 0)::bigint
    FROM (SELECT id, issuer_id, expires_on, opened_at, terms,
                 row_number() OVER w AS n,
                 least(available, wanted - (sum(available) OVER w - available))::bigint AS take
          FROM exchange.lot
          WHERE wallet_id = of_wallet AND live AND available > 0
            AND expires_on >= today AND spendable_from <= today
          WINDOW w AS (ORDER BY expires_on, id)) l
    WHERE take > 0
$$;

-- The wallet that a payment code, a hold or a journal is about.
CREATE FUNCTION exchange.wallet_of(of_code text, of_hold uuid, of_journal uuid) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF of_code IS NOT NULL THEN
        RETURN (SELECT c.wallet_id FROM exchange.payment_code c
                WHERE c.digest = decode(of_code, 'hex'));
    ELSIF of_hold IS NOT NULL THEN
        RETURN (SELECT h.wallet_id FROM exchange.hold h WHERE h.id = of_hold);
    ELSE
        RETURN (SELECT j.wallet_id FROM exchange.journal j WHERE j.id = of_journal);
    END IF;
END $$;

-- Lock everything that the lines will change, in one order for all: wallets by id, then exposures
-- by party. Returns the moment when all of it was locked.
CREATE FUNCTION exchange.lock_in_order(lines exchange.line[], issuers integer[]) RETURNS timestamptz
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM exchange.wallet WHERE id = ANY (ARRAY(
        SELECT l.wallet FROM unnest(lines) l
        UNION ALL
        SELECT (l.o).to_wallet FROM unnest(lines) l WHERE (l.o).to_wallet IS NOT NULL))
    ORDER BY id FOR UPDATE;
    IF issuers IS NOT NULL THEN
        PERFORM 1 FROM exchange.exposure WHERE party_id = ANY (issuers)
        ORDER BY party_id FOR UPDATE;
    END IF;
    RETURN clock_timestamp();
END $$;

-- When points issued today expire, and from when they may be spent if not at once.
CREATE FUNCTION exchange.expiry_of(o exchange."order", today date) RETURNS date
LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(o.expires_on, (date_trunc('month', today::timestamp)
        + make_interval(months => o.expiry_months + 1) - interval '1 day')::date)
$$;
CREATE FUNCTION exchange.pending_of(o exchange."order", today date) RETURNS date
LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(o.spendable_from, today + nullif(o.pending_days, 0))
$$;

-- Put the points of the orders that were not refused into their wallets, each wallet once: debts to
-- the same issuer are repaid first, the rest becomes a lot. Called after the last refusal, with
-- wallets and exposures locked, and the journals written.
CREATE FUNCTION exchange.credit(
    lines exchange.line[], in_window integer, moment timestamptz, today date)
RETURNS TABLE (n integer, o exchange."order", repaid bigint, expiry date, pending date)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    debts bigint[];
BEGIN
    SELECT array_agg(least(coalesce(r.points, 0), (x.o).points) ORDER BY x.ordinality) INTO debts
        FROM unnest(lines) WITH ORDINALITY x
        LEFT JOIN LATERAL (
            SELECT r.points FROM exchange.receivable r
            WHERE r.wallet_id = x.wallet AND r.issuer_id = (x.o).party OFFSET 0) r ON true;
    WITH c AS MATERIALIZED (
        SELECT x.wallet, (x.o).party, (x.o).points - debts[x.ordinality] AS fresh,
               debts[x.ordinality] AS repaid, (x.o).price, (x.o).cap, (x.o).terms,
               exchange.expiry_of(x.o, today) AS expiry, exchange.pending_of(x.o, today) AS pending
        FROM unnest(lines) WITH ORDINALITY x WHERE x.code IS NULL
    ), paid AS (
        UPDATE exchange.receivable r SET points = r.points - c.repaid
            FROM c WHERE c.repaid > 0 AND r.wallet_id = c.wallet AND r.issuer_id = c.party
    ), lot AS (
        INSERT INTO exchange.lot AS l (wallet_id, issuer_id, expires_on, spendable_from, terms,
                available, opened_at)
            SELECT wallet, party, expiry, coalesce(pending, '2000-01-01'), coalesce(terms, 0),
                   fresh, moment
            FROM c WHERE fresh > 0 ORDER BY wallet
            ON CONFLICT ON CONSTRAINT lot_once
                DO UPDATE SET available = l.available + excluded.available
    ), exposure AS (
        -- The terms that were used are kept, so that the checker can verify the cap.
        UPDATE exchange.exposure e SET points = e.points + s.points, price = s.price, cap = s.cap
            FROM (SELECT party, sum(fresh) AS points, max(price) AS price, min(cap) AS cap
                  FROM c GROUP BY party) s
            WHERE e.party_id = s.party AND s.points > 0
    )
    UPDATE exchange.wallet w SET available = w.available + c.fresh
        FROM c WHERE w.id = c.wallet AND c.fresh > 0;
    INSERT INTO exchange.posting (journal_id, line, window_id, movement, party_id, debit, credit,
            points, issuer_id, expires_on, lot_id, issued_at, valued_at)
        SELECT (x.o).id, m.line, in_window, m.movement, (x.o).party, p.issuing_account, m.credit,
               m.points, (x.o).party, m.expires_on, m.id, coalesce(m.opened_at, moment), moment
        FROM unnest(lines) WITH ORDINALITY x
        JOIN exchange.party p ON p.id = (x.o).party
        CROSS JOIN LATERAL (
            (SELECT 1 AS line, 'issued' AS movement, x.wallet AS credit,
                    (x.o).points - debts[x.ordinality] AS points, l.expires_on, l.id, l.opened_at
             FROM exchange.lot l
             WHERE l.wallet_id = x.wallet AND l.expires_on = exchange.expiry_of(x.o, today)
                AND l.issuer_id = (x.o).party AND l.terms = coalesce((x.o).terms, 0)
                AND l.spendable_from = coalesce(exchange.pending_of(x.o, today), '2000-01-01')
                AND (x.o).points > debts[x.ordinality]
             OFFSET 0)
            UNION ALL
            SELECT 2, 'repaid', p.receivable_account, debts[x.ordinality], NULL, NULL, NULL
            WHERE debts[x.ordinality] > 0) m
        WHERE x.code IS NULL;
    RETURN QUERY
        SELECT x.n, x.o, debts[x.ordinality], exchange.expiry_of(x.o, today),
               exchange.pending_of(x.o, today)
        FROM unnest(lines) WITH ORDINALITY x WHERE x.code IS NULL;
END $$;

-- Would these points carry the issuer past its cap, after `promised` more that are not written yet?
-- Takes the exposure's lock. What repays a debt of this wallet does not count (`fresh` does): those
-- points were issued before, and are not issued again.
CREATE FUNCTION exchange.within_cap(o exchange."order", of_wallet bigint, amount bigint,
    promised bigint, OUT allowed boolean, OUT room bigint, OUT fresh bigint)
LANGUAGE plpgsql AS $$
DECLARE
    e exchange.exposure;
    debt bigint;
    worth numeric;
BEGIN
    SELECT * INTO STRICT e FROM exchange.exposure WHERE party_id = o.party FOR UPDATE;
    SELECT coalesce(sum(points), 0) INTO debt FROM exchange.receivable
        WHERE wallet_id = of_wallet AND issuer_id = o.party;
    fresh := greatest(0, amount - debt);
    worth := ceil((e.points + promised + fresh)::numeric * o.price / 1000000) + e.owed;
    allowed := o.cap IS NULL OR fresh = 0 OR worth <= o.cap;
    IF NOT allowed THEN
        room := greatest(0, debt + floor((o.cap - e.owed)::numeric * 1000000 / greatest(o.price, 1))
            - e.points - promised);
    END IF;
END $$;

-- Write the journals of the lines that were not refused. A reference that came between, by another
-- transaction or an earlier line, is the last refusal there is.
CREATE FUNCTION exchange.write_journals(lines exchange.line[], in_window integer, moment timestamptz)
RETURNS exchange.line[] LANGUAGE plpgsql AS $$
DECLARE
    made uuid[];
    wanted integer;
BEGIN
    WITH journal AS (
        INSERT INTO exchange.journal (id, window_id, kind, party_id, wallet_id, points, reference,
                request_key, occurred_at, at)
            SELECT (x.o).id, in_window, (x.o).kind, (x.o).party, x.wallet, (x.o).points,
                   (x.o).reference, (x.o).key, (x.o).occurred_at, moment
            FROM unnest(lines) x WHERE x.code IS NULL
            ORDER BY (x.o).party, (x.o).reference, x.n
            ON CONFLICT ON CONSTRAINT journal_reference_once DO NOTHING
            RETURNING id)
    SELECT coalesce(array_agg(id), '{}'), (SELECT count(*) FROM unnest(lines) x WHERE x.code IS NULL)
        INTO made, wanted FROM journal;
    IF cardinality(made) = wanted THEN RETURN lines; END IF;
    RETURN ARRAY(
        SELECT CASE WHEN x.code IS NULL AND (x.o).id <> ALL (made)
            THEN ROW(x.n, x.wallet, x.o, 'duplicate-reference',
                     jsonb_build_object('first', j.id, 'kind', (x.o).kind), NULL)::exchange.line
            ELSE x::exchange.line END
        FROM unnest(lines) x
        LEFT JOIN exchange.journal j ON j.party_id = (x.o).party AND j.kind = (x.o).kind
            AND j.reference = (x.o).reference AND j.id <> (x.o).id);
END $$;

CREATE FUNCTION exchange.post_accruals(
    lines exchange.line[], in_window integer, moment timestamptz, today date)
RETURNS exchange.answer[] LANGUAGE plpgsql AS $$
DECLARE
    fits boolean;
    cap record;
    promised jsonb := '{}';  -- points by party, to earlier lines
    before bigint;
    name text;
    names text[] := '{}';  -- of earlier lines: whoever has one of them is refused further down
BEGIN
    lines := ARRAY(
        SELECT ROW(x.n, x.wallet, x.o, CASE WHEN x.wallet IS NULL THEN 'member-not-found' END, '{}',
                   NULL)::exchange.line
        FROM unnest(lines) x);
    -- All together, and one after another only where that is too much for an issuer.
    SELECT bool_and(e.party_id IS NOT NULL AND (s.cap IS NULL
            OR ceil((e.points + s.points)::numeric * s.price / 1000000) + e.owed <= s.cap))
        INTO fits
        FROM (SELECT (x.o).party, sum((x.o).points) AS points, max((x.o).price) AS price,
                     min((x.o).cap) AS cap
              FROM unnest(lines) x WHERE x.code IS NULL GROUP BY 1) s
        LEFT JOIN exchange.exposure e ON e.party_id = s.party;
    IF NOT fits THEN
        -- A reference that was used before is told as such, and takes up none of the room.
        lines := ARRAY(
            SELECT CASE WHEN x.code IS NOT NULL OR j.id IS NULL THEN x::exchange.line
                ELSE ROW(x.n, x.wallet, x.o, 'duplicate-reference',
                         jsonb_build_object('first', j.id, 'kind', 'accrual'), NULL)::exchange.line
                END
            FROM unnest(lines) x
            LEFT JOIN LATERAL (
                SELECT j.id FROM exchange.journal j WHERE j.party_id = (x.o).party
                    AND j.kind = 'accrual' AND j.reference = (x.o).reference
                OFFSET 0) j ON true);
        FOR i IN 1 .. cardinality(lines) LOOP
            name := (lines[i].o).party || '/' || (lines[i].o).reference;
            CONTINUE WHEN lines[i].code IS NOT NULL OR name = ANY (names);
            before := coalesce((promised ->> (lines[i].o).party::text)::bigint, 0);
            SELECT * INTO cap FROM exchange.within_cap(
                lines[i].o, lines[i].wallet, (lines[i].o).points, before);
            IF cap.allowed THEN
                promised := promised
                    || jsonb_build_object((lines[i].o).party::text, before + cap.fresh);
                names := names || name;
            ELSE
                lines[i].code := 'position-limit';
                lines[i].facts := jsonb_build_object('requested', (lines[i].o).points,
                    'room', cap.room);
            END IF;
        END LOOP;
    END IF;
    lines := exchange.write_journals(lines, in_window, moment);
    -- Every refusal is above this line.
    RETURN ARRAY(
        SELECT ROW(c.n, NULL, jsonb_strip_nulls(jsonb_build_object(
            'id', (c.o).id, 'kind', 'accrual', 'member', (c.o).link, 'points', (c.o).points,
            'reference', (c.o).reference, 'at', moment, 'repaid', c.repaid,
            'expires_on', c.expiry, 'spendable_from', c.pending)), false)::exchange.answer
        FROM exchange.credit(lines, in_window, moment, today) c
        UNION ALL
        SELECT ROW(x.n, x.code, x.facts, false)::exchange.answer
        FROM unnest(lines) x WHERE x.code IS NOT NULL);
END $$;

CREATE FUNCTION exchange.post_import(o exchange."order", in_window integer, moment timestamptz)
RETURNS exchange.outcome LANGUAGE plpgsql AS $$
DECLARE
    l exchange.link;
    q exchange.quote;
    r exchange.rate;
    first uuid;
    amount bigint := o.points;
    taken_fee bigint;
    cap record;
    done record;
    today date := (moment AT TIME ZONE (SELECT zone FROM exchange.setting))::date;
BEGIN
    SELECT * INTO l FROM exchange.link WHERE id = o.link AND party_id = o.party AND active;
    IF NOT FOUND THEN RETURN ROW('member-not-found', '{}')::exchange.outcome; END IF;
    SELECT id INTO first FROM exchange.journal
        WHERE party_id = o.party AND kind = 'import' AND reference = o.reference;
    IF FOUND THEN
        RETURN ROW('duplicate-reference', jsonb_build_object('first', first, 'kind', 'import'))::exchange.outcome;
    END IF;
    PERFORM 1 FROM exchange.wallet WHERE id = l.wallet_id FOR UPDATE;
    IF o.quote IS NOT NULL THEN
        SELECT * INTO q FROM exchange.quote
            WHERE id = o.quote AND party_id = o.party AND link_id = o.link FOR UPDATE;
        IF NOT FOUND THEN RETURN ROW('quote-not-found', '{}')::exchange.outcome; END IF;
        IF q.used_by IS NOT NULL THEN RETURN ROW('quote-used', '{}')::exchange.outcome; END IF;
        IF q.expires_at <= moment THEN
            RETURN ROW('quote-expired', jsonb_build_object('expires_at', q.expires_at))::exchange.outcome;
        END IF;
        SELECT * INTO r FROM exchange.rate WHERE id = q.rate_id;
        o.theirs := q.theirs;
        amount := q.points;
        taken_fee := q.fee;
    ELSE
        SELECT * INTO r FROM exchange.rate
            WHERE party_id = o.party AND direction = 'import' AND valid @> moment;
        IF NOT FOUND THEN RETURN ROW('no-rate', '{}')::exchange.outcome; END IF;
        IF o.theirs < r.minimum OR o.theirs % r.step <> 0 THEN
            RETURN ROW('amount-not-convertible',
                jsonb_build_object('minimum', r.minimum, 'step', r.step))::exchange.outcome;
        END IF;
        SELECT c.points, c.fee INTO amount, taken_fee FROM exchange.convert(o.theirs, r) c;
        IF amount < 1 THEN
            RETURN ROW('amount-not-convertible',
                jsonb_build_object('minimum', r.minimum, 'step', r.step))::exchange.outcome;
        END IF;
    END IF;
    SELECT * INTO cap FROM exchange.within_cap(o, l.wallet_id, amount, 0);
    IF NOT cap.allowed THEN
        RETURN ROW('position-limit', jsonb_build_object('requested', amount, 'room', cap.room))::exchange.outcome;
    END IF;
    IF r.daily_cap IS NOT NULL THEN
        -- The exposure's lock above serialises every import of this party.
        SELECT coalesce(sum(u.theirs), 0) AS used INTO done FROM exchange.rate_use u
            WHERE u.rate_id = r.id AND u.day = today;
        IF done.used + o.theirs > r.daily_cap THEN
            RETURN ROW('daily-cap', jsonb_build_object('cap', r.daily_cap, 'used', done.used))::exchange.outcome;
        END IF;
    END IF;
    INSERT INTO exchange.journal (id, window_id, kind, party_id, wallet_id, points, reference,
            request_key, rate_id, theirs, fee, occurred_at, at)
        VALUES (o.id, in_window, 'import', o.party, l.wallet_id, amount, o.reference,
            o.key, r.id, o.theirs, taken_fee, o.occurred_at,
            moment)
        ON CONFLICT ON CONSTRAINT journal_reference_once DO NOTHING;
    IF NOT FOUND THEN
        SELECT id INTO first FROM exchange.journal
            WHERE party_id = o.party AND kind = 'import' AND reference = o.reference;
        RETURN ROW('duplicate-reference', jsonb_build_object('first', first, 'kind', 'import'))::exchange.outcome;
    END IF;
    -- Every refusal is above this line.
    IF r.daily_cap IS NOT NULL THEN
        INSERT INTO exchange.rate_use AS u VALUES (r.id, today, o.theirs)
            ON CONFLICT ON CONSTRAINT rate_use_pk DO UPDATE SET theirs = u.theirs + excluded.theirs;
    END IF;
    IF o.quote IS NOT NULL THEN
        UPDATE exchange.quote SET used_by = o.id WHERE id = o.quote;
    END IF;
    o.points := amount;
    SELECT * INTO done FROM exchange.credit(
        ARRAY[ROW(1, l.wallet_id, o, NULL, NULL, NULL)::exchange.line], in_window, moment, today);
    RETURN ROW(NULL, jsonb_strip_nulls(jsonb_build_object(
        'id', o.id, 'kind', 'import', 'member', o.link, 'points', amount, 'reference', o.reference,
        'at', moment, 'repaid', done.repaid, 'expires_on', done.expiry,
        'spendable_from', done.pending, 'quote', o.quote,
        'theirs', o.theirs, 'fee', taken_fee,
        'rate', jsonb_build_object('theirs', r.theirs, 'ours', r.ours))))::exchange.outcome;
END $$;

-- Which of the lines may spend, and from which lots. Consent is a link with a mandate, or a payment
-- code; a code that the acceptor itself asked for is nobody's consent: it would be a mandate
-- without a limit. Lots go earliest expiry first, then oldest, never pending, never expired.
-- Called with the wallets locked.
CREATE FUNCTION exchange.look_at_spends(lines exchange.line[], moment timestamptz, today date)
RETURNS exchange.line[] LANGUAGE plpgsql AS $$
BEGIN
    lines := ARRAY(
        SELECT ROW(x.n, x.wallet, x.o, v.code,
            CASE v.code
                WHEN 'duplicate-reference' THEN
                    coalesce(x.facts, jsonb_build_object('first', j.id, 'kind', (x.o).kind))
                WHEN 'mandate-limit' THEN jsonb_build_object('requested', (x.o).points,
                    'limit', l.daily_limit, 'left', greatest(0, l.daily_limit - d.already))
                WHEN 'member-limit' THEN jsonb_build_object('requested', (x.o).points)
                WHEN 'insufficient-points' THEN jsonb_strip_nulls(jsonb_build_object(
                    'requested', (x.o).points,
                    'available', CASE WHEN l.shares_balance THEN coalesce(t.found, 0) END))
                ELSE '{}' END,
            t.takes)::exchange.line
        FROM unnest(lines) x
        LEFT JOIN LATERAL (
            SELECT j.id FROM exchange.journal j WHERE j.party_id = (x.o).party
                AND j.kind = (x.o).kind AND j.reference = (x.o).reference
            OFFSET 0) j ON true
        LEFT JOIN LATERAL (
            SELECT w.frozen, w.unapproved_limit - CASE WHEN w.unapproved_on = today
                       THEN w.unapproved ELSE 0 END AS unapproved_left
            FROM exchange.wallet w WHERE w.id = x.wallet OFFSET 0) w ON true
        LEFT JOIN LATERAL (
            SELECT l.* FROM exchange.link l
            WHERE l.id = (x.o).link AND l.wallet_id = x.wallet AND l.active
            OFFSET 0) l ON true
        CROSS JOIN LATERAL (
            SELECT CASE WHEN l.spent_on = today THEN l.spent ELSE 0 END AS already) d
        CROSS JOIN LATERAL (
            SELECT array_agg(ROW(p.id, p.take, p.issuer_id, p.expires_on, p.opened_at)
                       ::exchange.taking ORDER BY p.k) AS takes,
                   sum(p.take) AS found
            FROM (SELECT q.id, q.issuer_id, q.expires_on, q.opened_at, row_number() OVER u AS k,
                         least(q.available, (x.o).points - (sum(q.available) OVER u - q.available)
                             )::bigint AS take
                  FROM exchange.lot q
                  WHERE q.wallet_id = x.wallet AND q.live AND q.available > 0
                    AND q.expires_on >= today AND q.spendable_from <= today
                  WINDOW u AS (ORDER BY q.expires_on, q.id)) p
            WHERE p.take > 0) t
        CROSS JOIN LATERAL (
            SELECT CASE
                WHEN x.code IS NOT NULL THEN x.code
                WHEN j.id IS NOT NULL THEN 'duplicate-reference'
                WHEN (x.o).link IS NOT NULL AND l.id IS NULL THEN 'member-not-found'
                WHEN (x.o).code IS NULL AND l.daily_limit = 0 THEN 'no-mandate'
                WHEN (x.o).code IS NULL AND (x.o).points > l.daily_limit - d.already
                    THEN 'mandate-limit'
                WHEN (x.o).code IS NULL AND (x.o).points > w.unapproved_left THEN 'member-limit'
                WHEN w.frozen THEN 'wallet-frozen'
                WHEN t.found IS NULL OR t.found < (x.o).points THEN 'insufficient-points'
            END AS code) v);
    IF EXISTS (SELECT FROM unnest(lines) x WHERE (x.o).code IS NOT NULL) THEN
        RETURN exchange.look_at_codes(lines, moment);
    END IF;
    RETURN lines;
END $$;

-- Refuse what brings a code that is not good for it, before what was found wrong with the wallet.
-- Wrong codes are counted, and a party that brought too many this minute has no more looked at.
CREATE FUNCTION exchange.look_at_codes(lines exchange.line[], moment timestamptz)
RETURNS exchange.line[] LANGUAGE plpgsql AS $$
DECLARE
    this_minute timestamptz := date_trunc('minute', moment);
    most integer := (SELECT code_failures_a_minute FROM exchange.setting);
    failed integer;
    o exchange."order";
BEGIN
    FOR i IN 1 .. cardinality(lines) LOOP
        o := lines[i].o;
        CONTINUE WHEN o.code IS NULL OR lines[i].code IN ('duplicate-reference', 'member-not-found');
        SELECT failures INTO failed FROM exchange.code_failure
            WHERE party_id = o.party AND minute = this_minute;
        IF failed >= most THEN
            lines[i].code := 'too-many-codes';
            lines[i].facts := '{}';
            CONTINUE;
        END IF;
        PERFORM 1 FROM exchange.payment_code c
            WHERE c.digest = decode(o.code, 'hex') AND c.wallet_id = lines[i].wallet
                AND c.used_at IS NULL AND c.expires_at > moment AND c.max_points >= o.points
                AND (c.party_id IS NULL OR c.party_id = o.party)
                AND c.asked_by IS DISTINCT FROM o.party;
        IF NOT FOUND THEN
            INSERT INTO exchange.code_failure AS f VALUES (o.party, this_minute, 1)
                ON CONFLICT ON CONSTRAINT code_failure_pk DO UPDATE SET failures = f.failures + 1;
            lines[i].code := 'payment-code-invalid';
            lines[i].facts := '{}';
        END IF;
    END LOOP;
    RETURN lines;
END $$;

-- Take what was decided out of the lots, spent or held, and remember that consent was used; hands
-- the lines back as they are. Called after the last refusal, with the wallets locked.
CREATE FUNCTION exchange.take(lines exchange.line[], holding boolean, moment timestamptz, today date)
RETURNS exchange.line[] LANGUAGE plpgsql AS $$
BEGIN
    WITH x AS MATERIALIZED (
        SELECT x.wallet, (x.o).party, (x.o).link, (x.o).code, (x.o).points, (x.o).id, x.takes
        FROM unnest(lines) x WHERE x.code IS NULL
    ), lot AS (
        UPDATE exchange.lot l SET available = l.available - t.take,
                held = l.held + CASE WHEN holding THEN t.take ELSE 0 END
            FROM x CROSS JOIN LATERAL unnest(x.takes) t
            WHERE l.wallet_id = x.wallet AND l.id = t.lot
    ), code AS (
        UPDATE exchange.payment_code c SET used_at = moment, used_by = x.party,
                used_for = x.id, points = x.points
            FROM x WHERE x.code IS NOT NULL AND c.digest = decode(x.code, 'hex')
    ), link AS (
        UPDATE exchange.link l SET spent_on = today,
                spent = x.points + CASE WHEN l.spent_on = today THEN l.spent ELSE 0 END
            FROM x WHERE x.code IS NULL AND l.id = x.link
    )
    UPDATE exchange.wallet w SET available = w.available - x.points,
            held = w.held + CASE WHEN holding THEN x.points ELSE 0 END,
            unapproved_on = CASE WHEN x.code IS NULL THEN today ELSE w.unapproved_on END,
            unapproved = CASE WHEN x.code IS NOT NULL THEN w.unapproved
                WHEN w.unapproved_on = today THEN w.unapproved + x.points ELSE x.points END
        FROM x WHERE w.id = x.wallet;
    RETURN lines;
END $$;

CREATE FUNCTION exchange.post_redemptions(
    lines exchange.line[], in_window integer, moment timestamptz, today date)
RETURNS exchange.answer[] LANGUAGE plpgsql AS $$
BEGIN
    lines := exchange.look_at_spends(lines, moment, today);
    lines := exchange.write_journals(lines, in_window, moment);
    -- Every refusal is above this line.
    lines := exchange.take(lines, false, moment, today);
    INSERT INTO exchange.posting (journal_id, line, window_id, movement, party_id, debit, credit,
            points, issuer_id, expires_on, lot_id, issued_at, valued_at)
        SELECT (x.o).id, t.ordinality, in_window, 'spent', (x.o).party, x.wallet,
               p.accepting_account, t.take, t.issuer, t.expiry, t.lot, t.issued, moment
        FROM unnest(lines) x
        JOIN exchange.party p ON p.id = (x.o).party
        CROSS JOIN LATERAL unnest(x.takes) WITH ORDINALITY t
        WHERE x.code IS NULL;
    RETURN ARRAY(
        SELECT ROW(x.n, x.code, CASE WHEN x.code IS NOT NULL THEN x.facts ELSE
            jsonb_strip_nulls(jsonb_build_object(
                'id', (x.o).id, 'kind', 'redemption', 'member', (x.o).link,
                'by_code', CASE WHEN (x.o).code IS NOT NULL THEN true END,
                'points', (x.o).points, 'reference', (x.o).reference, 'at', moment)) END, false)::exchange.answer
        FROM unnest(lines) x);
END $$;

CREATE FUNCTION exchange.post_authorisations(lines exchange.line[], moment timestamptz, today date)
RETURNS exchange.answer[] LANGUAGE plpgsql AS $$
DECLARE
    setting exchange.setting;
    made uuid[];
BEGIN
    SELECT * INTO setting FROM exchange.setting;
    lines := ARRAY(
        SELECT CASE WHEN h.id IS NULL THEN x::exchange.line
            ELSE ROW(x.n, x.wallet, x.o, 'duplicate-reference',
                     jsonb_build_object('first', h.id, 'kind', 'authorisation'), NULL)::exchange.line
            END
        FROM unnest(lines) x
        LEFT JOIN LATERAL (
            SELECT h.id FROM exchange.hold h
            WHERE h.party_id = (x.o).party AND h.reference = (x.o).reference OFFSET 0) h ON true);
    lines := exchange.look_at_spends(lines, moment, today);
    WITH hold AS (
        INSERT INTO exchange.hold (id, party_id, wallet_id, points, firm, reference, request_key,
                held_at, expires_at)
            SELECT (x.o).id, (x.o).party, x.wallet, (x.o).points, (x.o).held_until IS NOT NULL,
                   (x.o).reference, (x.o).key, moment,
                   coalesce((x.o).held_until, moment + CASE WHEN (x.o).online
                       THEN setting.online_hold ELSE setting.till_hold END)
            FROM unnest(lines) x WHERE x.code IS NULL
            ORDER BY (x.o).party, (x.o).reference, x.n
            ON CONFLICT ON CONSTRAINT hold_reference_once DO NOTHING
            RETURNING id)
    SELECT coalesce(array_agg(id), '{}') INTO made FROM hold;
    lines := ARRAY(
        SELECT CASE WHEN x.code IS NULL AND (x.o).id <> ALL (made)
            THEN ROW(x.n, x.wallet, x.o, 'duplicate-reference',
                     jsonb_build_object('first', h.id, 'kind', 'authorisation'), NULL)::exchange.line
            ELSE x::exchange.line END
        FROM unnest(lines) x
        LEFT JOIN exchange.hold h ON h.party_id = (x.o).party AND h.reference = (x.o).reference
            AND h.id <> (x.o).id);
    -- Every refusal is above this line.
    INSERT INTO exchange.hold_lot (hold_id, lot_id, wallet_id, points)
        SELECT (x.o).id, t.lot, x.wallet, t.take
        FROM unnest(lines) x CROSS JOIN LATERAL unnest(x.takes) t WHERE x.code IS NULL;
    lines := exchange.take(lines, true, moment, today);
    RETURN ARRAY(
        SELECT ROW(x.n, x.code, CASE WHEN x.code IS NOT NULL THEN x.facts ELSE
            jsonb_strip_nulls(jsonb_build_object(
                'id', h.id, 'kind', 'authorisation', 'member', (x.o).link,
                'by_code', CASE WHEN (x.o).code IS NOT NULL THEN true END, 'points', h.points,
                'state', h.state, 'reference', h.reference, 'at', moment,
                'expires_at', h.expires_at)) END, false)::exchange.answer
        FROM unnest(lines) x LEFT JOIN exchange.hold h ON x.code IS NULL AND h.id = (x.o).id);
END $$;

-- The end of a hold: capture (in part or whole), void, or expiry. One terminal state, ever.
CREATE FUNCTION exchange.post_hold_end(o exchange."order", in_window integer, moment timestamptz)
RETURNS exchange.outcome LANGUAGE plpgsql AS $$
DECLARE
    h exchange.hold;
    p exchange.party;
    taken bigint := 0;
    ends_as text := CASE o.kind WHEN 'capture' THEN 'captured' WHEN 'void' THEN 'voided'
                                ELSE 'expired' END;
BEGIN
    -- A firm hold is no sale of the party's: only its maker, who signs no request, ends it.
    SELECT * INTO h FROM exchange.hold
        WHERE id = o.hold AND (party_id = o.party OR o.kind = 'hold-expiry')
            AND NOT (firm AND o.key IS NOT NULL);
    IF NOT FOUND THEN RETURN ROW('authorization-not-found', '{}')::exchange.outcome; END IF;
    PERFORM 1 FROM exchange.wallet WHERE id = h.wallet_id FOR UPDATE;
    SELECT * INTO h FROM exchange.hold WHERE id = o.hold;
    IF h.state <> 'held' OR (o.kind = 'capture' AND h.expires_at <= moment)
            OR (o.kind = 'hold-expiry' AND h.expires_at > moment) THEN
        RETURN ROW('hold-not-open', jsonb_build_object('state',
            CASE WHEN h.state = 'held' AND h.expires_at <= moment THEN 'expired'
                 ELSE h.state END))::exchange.outcome;
    END IF;
    IF o.kind = 'capture' THEN
        taken := coalesce(o.points, h.points);
        IF taken > h.points THEN
            RETURN ROW('exceeds-hold', jsonb_build_object('requested', taken, 'held', h.points))::exchange.outcome;
        END IF;
        SELECT * INTO p FROM exchange.party WHERE id = o.party;
    END IF;
    -- Every refusal is above this line.
    IF taken > 0 THEN
        INSERT INTO exchange.journal (id, window_id, kind, party_id, wallet_id, points, reference,
                request_key, hold_id, rate_id, theirs, fee, occurred_at, at)
            VALUES (o.id, in_window, 'capture', o.party, h.wallet_id, taken, h.reference,
                o.key, h.id, o.rate, o.theirs, o.fee, o.occurred_at, moment);
        INSERT INTO exchange.posting (journal_id, line, window_id, movement, party_id, debit, credit,
                points, issuer_id, expires_on, lot_id, issued_at, valued_at)
            SELECT o.id, row_number() OVER w, in_window, 'spent', o.party, h.wallet_id,
                   p.accepting_account, least(t.points, taken - t.before), t.issuer_id,
                   t.expires_on, t.lot_id, t.opened_at, moment
            FROM (SELECT hl.lot_id, hl.points, l.issuer_id, l.expires_on, l.opened_at,
                         sum(hl.points) OVER (ORDER BY l.expires_on, l.id) - hl.points AS before
                  FROM exchange.hold_lot hl
                  JOIN exchange.lot l ON l.wallet_id = hl.wallet_id AND l.id = hl.lot_id
                  WHERE hl.hold_id = h.id) t
            WHERE t.before < taken
            WINDOW w AS (ORDER BY t.expires_on, t.lot_id);
    END IF;
    UPDATE exchange.lot l
        SET held = l.held - hl.points,
            available = l.available + hl.points - coalesce(
                (SELECT spent.points FROM exchange.posting spent
                 WHERE spent.journal_id = o.id AND spent.lot_id = hl.lot_id), 0)
        FROM exchange.hold_lot hl
        WHERE hl.hold_id = h.id AND l.wallet_id = hl.wallet_id AND l.id = hl.lot_id;
    UPDATE exchange.wallet SET held = held - h.points, available = available + h.points - taken
        WHERE id = h.wallet_id;
    UPDATE exchange.hold SET state = ends_as, captured = taken, released = h.points - taken,
            ended_at = moment
        WHERE id = h.id;
    RETURN ROW(NULL, jsonb_strip_nulls(jsonb_build_object(
        'id', CASE WHEN taken > 0 THEN o.id END, 'kind', o.kind, 'authorization', h.id,
        'state', ends_as, 'points', h.points, 'captured', taken, 'released', h.points - taken,
        'reference', h.reference, 'at', moment)))::exchange.outcome;
END $$;

-- Points back to the lots they were spent from: what was taken last comes back first.
CREATE FUNCTION exchange.post_refund(o exchange."order", in_window integer, moment timestamptz)
RETURNS exchange.outcome LANGUAGE plpgsql AS $$
DECLARE
    j exchange.journal;
    first uuid;
    amount bigint;
    remaining bigint;
    back bigint;
    n smallint := 0;
    t record;
    p exchange.party;
    home bigint;
    home_expiry date;
    setting exchange.setting;
    today date;
BEGIN
    SELECT * INTO j FROM exchange.journal
        WHERE id = o.undoes AND party_id = o.party AND kind IN ('redemption', 'capture');
    IF NOT FOUND THEN RETURN ROW('transaction-not-found', '{}')::exchange.outcome; END IF;
    SELECT id INTO first FROM exchange.journal
        WHERE party_id = o.party AND kind = 'refund' AND reference = o.reference;
    IF FOUND THEN
        RETURN ROW('duplicate-reference', jsonb_build_object('first', first, 'kind', o.kind))::exchange.outcome;
    END IF;
    PERFORM 1 FROM exchange.wallet WHERE id = j.wallet_id FOR UPDATE;
    SELECT j.points - coalesce(sum(u.undone), 0) INTO remaining
        FROM exchange.undone u WHERE u.journal_id = j.id;
    IF o.issuer IS NOT NULL THEN
        SELECT coalesce(sum(CASE WHEN x.journal_id = j.id THEN x.points ELSE -x.points END), 0)
            INTO remaining
            FROM exchange.posting x
            WHERE x.issuer_id = o.issuer AND x.journal_id IN (
                SELECT j.id UNION ALL SELECT u.id FROM exchange.journal u WHERE u.undoes = j.id);
    END IF;
    amount := coalesce(o.points, remaining);
    IF amount > remaining OR remaining = 0 THEN
        RETURN ROW('exceeds-captured',
            jsonb_build_object('requested', coalesce(o.points, j.points), 'refundable', remaining))::exchange.outcome;
    END IF;
    INSERT INTO exchange.journal (id, window_id, kind, party_id, wallet_id, points, reference,
            request_key, undoes, occurred_at, at)
        VALUES (o.id, in_window, 'refund', o.party, j.wallet_id, amount, o.reference, o.key, j.id,
            o.occurred_at, moment)
        ON CONFLICT ON CONSTRAINT journal_reference_once DO NOTHING;
    IF NOT FOUND THEN
        SELECT id INTO first FROM exchange.journal
            WHERE party_id = o.party AND kind = 'refund' AND reference = o.reference;
        RETURN ROW('duplicate-reference', jsonb_build_object('first', first, 'kind', o.kind))::exchange.outcome;
    END IF;
    -- Every refusal is above this line.
    SELECT * INTO p FROM exchange.party WHERE id = o.party;
    SELECT * INTO setting FROM exchange.setting;
    today := (moment AT TIME ZONE setting.zone)::date;
    remaining := amount;
    FOR t IN
        SELECT s.*, l.terms, s.points - coalesce((
                SELECT sum(r.points) FROM exchange.journal u
                JOIN exchange.posting r ON r.journal_id = u.id
                WHERE u.undoes = j.id AND r.undoes_line = s.line), 0) AS open
        FROM exchange.posting s
        JOIN exchange.lot l ON l.wallet_id = j.wallet_id AND l.id = s.lot_id
        WHERE s.journal_id = j.id AND (o.issuer IS NULL OR s.issuer_id = o.issuer)
        ORDER BY s.line DESC
    LOOP
        CONTINUE WHEN t.open = 0;
        EXIT WHEN remaining = 0;
        back := least(t.open, remaining);
        remaining := remaining - back;
        n := n + 1;
        home := t.lot_id;
        home_expiry := t.expires_on;
        IF t.expires_on < today THEN
            -- The lot expired meanwhile: its points come back with a grace, dated from today.
            home_expiry := today + setting.refund_grace_days;
            INSERT INTO exchange.lot AS l (wallet_id, issuer_id, expires_on, terms, available,
                    opened_at)
                VALUES (j.wallet_id, t.issuer_id, home_expiry, t.terms, back, t.issued_at)
                ON CONFLICT ON CONSTRAINT lot_once
                    DO UPDATE SET available = l.available + excluded.available
                RETURNING l.id INTO home;
        ELSE
            UPDATE exchange.lot SET available = available + back
                WHERE wallet_id = j.wallet_id AND id = home;
        END IF;
        INSERT INTO exchange.posting (journal_id, line, window_id, movement, party_id, debit, credit,
                points, issuer_id, expires_on, lot_id, undoes_line, issued_at, valued_at)
            VALUES (o.id, n, in_window, 'refunded', o.party, p.accepting_account, j.wallet_id, back,
                t.issuer_id, home_expiry, home, t.line, t.issued_at, t.valued_at);
    END LOOP;
    UPDATE exchange.wallet SET available = available + amount WHERE id = j.wallet_id;
    INSERT INTO exchange.undone AS u (journal_id, points, undone) VALUES (j.id, j.points, amount)
        ON CONFLICT ON CONSTRAINT undone_pk DO UPDATE SET undone = u.undone + excluded.undone;
    RETURN ROW(NULL, jsonb_strip_nulls(jsonb_build_object(
        'id', o.id, 'kind', 'refund', 'points', amount, 'undoes', j.id,
        'reference', o.reference, 'at', moment)))::exchange.outcome;
END $$;

-- Take points of one issuer out of a wallet: the named lot first, then the latest to expire.
-- What expired unspent of the named lot is forgiven: the member never used it, and the issuer is
-- rid of it. What is held for a sale stays. What is then missing is owed. Wallet locked.
CREATE FUNCTION exchange.debit(
    o exchange."order", of_wallet bigint, amount bigint, prefer bigint, valued timestamptz,
    in_window integer, OUT taken bigint, OUT forgiven bigint, OUT owed bigint)
LANGUAGE plpgsql AS $$
DECLARE
    t record;
    part bigint;
    there bigint;
    n smallint := 0;
    p exchange.party;
BEGIN
    SELECT * INTO p FROM exchange.party WHERE id = o.party;
    taken := 0;
    forgiven := 0;
    SELECT coalesce(sum(available), 0) INTO there FROM exchange.lot
        WHERE wallet_id = of_wallet AND id = prefer;
    IF prefer IS NOT NULL AND there < amount THEN
        SELECT least(amount - there, coalesce(sum(
                CASE x.movement WHEN 'expired' THEN x.points WHEN 'forgiven' THEN -x.points END), 0))
            INTO forgiven
            FROM exchange.journal j JOIN exchange.posting x ON x.journal_id = j.id
            WHERE j.wallet_id = of_wallet AND j.kind IN ('expiry', 'clawback')
                AND x.lot_id = prefer;
        IF forgiven > 0 THEN
            n := n + 1;
            INSERT INTO exchange.posting (journal_id, line, window_id, movement, party_id, debit,
                    credit, points, issuer_id, expires_on, lot_id, issued_at, valued_at)
                SELECT o.id, n, in_window, 'forgiven', o.party, p.breakage_account,
                       p.issuing_account, forgiven, o.party, l.expires_on, l.id, l.opened_at, valued
                FROM exchange.lot l WHERE l.wallet_id = of_wallet AND l.id = prefer;
        END IF;
    END IF;
    amount := amount - forgiven;
    FOR t IN SELECT * FROM exchange.lot
        WHERE wallet_id = of_wallet AND issuer_id = o.party AND live AND available > 0
        ORDER BY (id = prefer) IS TRUE DESC, expires_on DESC, id DESC
    LOOP
        EXIT WHEN taken = amount;
        part := least(t.available, amount - taken);
        taken := taken + part;
        n := n + 1;
        UPDATE exchange.lot SET available = available - part
            WHERE wallet_id = of_wallet AND id = t.id;
        INSERT INTO exchange.posting (journal_id, line, window_id, movement, party_id, debit, credit,
                points, issuer_id, expires_on, lot_id, issued_at, valued_at)
            VALUES (o.id, n, in_window, 'clawed_back', o.party, of_wallet, p.issuing_account, part,
                o.party, t.expires_on, t.id, t.opened_at, valued);
    END LOOP;
    IF taken > 0 THEN
        UPDATE exchange.wallet SET available = available - taken WHERE id = of_wallet;
        UPDATE exchange.exposure SET points = points - taken WHERE party_id = o.party;
    END IF;
    owed := amount - taken;
    IF owed > 0 THEN
        INSERT INTO exchange.receivable AS r (wallet_id, issuer_id, points)
            VALUES (of_wallet, o.party, owed)
            ON CONFLICT ON CONSTRAINT receivable_pk
                DO UPDATE SET points = r.points + excluded.points;
        INSERT INTO exchange.posting (journal_id, line, window_id, movement, party_id, debit, credit,
                points, issuer_id, issued_at, valued_at)
            VALUES (o.id, n + 1, in_window, 'owed_back', o.party, p.receivable_account,
                p.issuing_account, owed, o.party, valued, valued);
    END IF;
END $$;

CREATE FUNCTION exchange.post_clawback(o exchange."order", in_window integer, moment timestamptz)
RETURNS exchange.outcome LANGUAGE plpgsql AS $$
DECLARE
    j exchange.journal;
    first uuid;
    remaining bigint;
    amount bigint;
    of_lot bigint;
    took record;
BEGIN
    SELECT * INTO j FROM exchange.journal
        WHERE id = o.undoes AND party_id = o.party AND kind IN ('accrual', 'import');
    IF NOT FOUND THEN RETURN ROW('transaction-not-found', '{}')::exchange.outcome; END IF;
    SELECT id INTO first FROM exchange.journal
        WHERE party_id = o.party AND kind = 'clawback' AND reference = o.reference;
    IF FOUND THEN
        RETURN ROW('duplicate-reference', jsonb_build_object('first', first, 'kind', o.kind))::exchange.outcome;
    END IF;
    PERFORM 1 FROM exchange.wallet WHERE id = j.wallet_id FOR UPDATE;
    SELECT j.points - coalesce(sum(u.undone), 0) INTO remaining
        FROM exchange.undone u WHERE u.journal_id = j.id;
    amount := coalesce(o.points, remaining);
    IF amount > remaining OR remaining = 0 THEN
        RETURN ROW('exceeds-accrued',
            jsonb_build_object('requested', coalesce(o.points, j.points), 'reclaimable', remaining))::exchange.outcome;
    END IF;
    SELECT lot_id INTO of_lot FROM exchange.posting WHERE journal_id = j.id AND movement = 'issued';
    IF o.only_unspent AND amount > coalesce((SELECT available FROM exchange.lot
            WHERE wallet_id = j.wallet_id AND id = of_lot), 0) THEN
        RETURN ROW('points-spent', jsonb_build_object('requested', amount))::exchange.outcome;
    END IF;
    INSERT INTO exchange.journal (id, window_id, kind, party_id, wallet_id, points, reference,
            request_key, undoes, occurred_at, at)
        VALUES (o.id, in_window, 'clawback', o.party, j.wallet_id, amount, o.reference, o.key, j.id,
            o.occurred_at, moment)
        ON CONFLICT ON CONSTRAINT journal_reference_once DO NOTHING;
    IF NOT FOUND THEN
        SELECT id INTO first FROM exchange.journal
            WHERE party_id = o.party AND kind = 'clawback' AND reference = o.reference;
        RETURN ROW('duplicate-reference', jsonb_build_object('first', first, 'kind', o.kind))::exchange.outcome;
    END IF;
    -- Every refusal is above this line.
    SELECT * INTO took FROM exchange.debit(o, j.wallet_id, amount, of_lot, j.at, in_window);
    INSERT INTO exchange.undone AS u (journal_id, points, undone) VALUES (j.id, j.points, amount)
        ON CONFLICT ON CONSTRAINT undone_pk DO UPDATE SET undone = u.undone + excluded.undone;
    RETURN ROW(NULL, jsonb_strip_nulls(jsonb_build_object(
        'id', o.id, 'kind', 'clawback', 'points', amount, 'taken', took.taken, 'owed', took.owed,
        'forgiven', nullif(took.forgiven, 0), 'undoes', j.id, 'reference', o.reference, 'at', moment)))::exchange.outcome;
END $$;

-- Sweep what a wallet let expire into its issuers' breakage, as one journal.
CREATE FUNCTION exchange.post_lot_expiry(o exchange."order", in_window integer, moment timestamptz)
RETURNS exchange.outcome LANGUAGE plpgsql AS $$
DECLARE
    amount bigint;
    today date := (moment AT TIME ZONE (SELECT zone FROM exchange.setting))::date;
BEGIN
    PERFORM 1 FROM exchange.wallet WHERE id = o.wallet FOR UPDATE;
    IF NOT FOUND THEN RETURN ROW('wallet-not-found', '{}')::exchange.outcome; END IF;
    SELECT sum(available) INTO amount FROM exchange.lot
        WHERE wallet_id = o.wallet AND expires_on < today AND live AND available > 0;
    IF amount IS NULL THEN RETURN ROW('nothing-expired', '{}')::exchange.outcome; END IF;
    -- Every refusal is above this line.
    INSERT INTO exchange.journal (id, window_id, kind, wallet_id, points, at)
        VALUES (o.id, in_window, 'expiry', o.wallet, amount, moment);
    INSERT INTO exchange.posting (journal_id, line, window_id, movement, party_id, debit, credit,
            points, issuer_id, expires_on, lot_id, issued_at, valued_at)
        SELECT o.id, row_number() OVER (ORDER BY l.id), in_window, 'expired', l.issuer_id, o.wallet,
               p.breakage_account, l.available, l.issuer_id, l.expires_on, l.id, l.opened_at, moment
        FROM exchange.lot l JOIN exchange.party p ON p.id = l.issuer_id
        WHERE l.wallet_id = o.wallet AND l.expires_on < today AND l.live AND l.available > 0;
    UPDATE exchange.lot SET available = 0
        WHERE wallet_id = o.wallet AND expires_on < today AND live AND available > 0;
    UPDATE exchange.wallet SET available = available - amount WHERE id = o.wallet;
    RETURN ROW(NULL, jsonb_build_object('id', o.id, 'kind', 'expiry', 'points', amount, 'at', moment))::exchange.outcome;
END $$;

-- Wallet to wallet: the lots keep their issuer and expiry. Without points, all that can be spent.
CREATE FUNCTION exchange.post_transfer(o exchange."order", in_window integer, moment timestamptz)
RETURNS exchange.outcome LANGUAGE plpgsql AS $$
DECLARE
    giver exchange.wallet;
    picked record;
    amount bigint;
    first uuid;
    today date := (moment AT TIME ZONE (SELECT zone FROM exchange.setting))::date;
BEGIN
    IF o.wallet = o.to_wallet THEN RETURN ROW('same-wallet', '{}')::exchange.outcome; END IF;
    PERFORM 1 FROM exchange.wallet WHERE id IN (o.wallet, o.to_wallet) ORDER BY id FOR UPDATE;
    SELECT * INTO giver FROM exchange.wallet WHERE id = o.wallet;
    IF NOT FOUND OR NOT EXISTS (SELECT FROM exchange.wallet WHERE id = o.to_wallet) THEN
        RETURN ROW('wallet-not-found', '{}')::exchange.outcome;
    END IF;
    SELECT id INTO first FROM exchange.journal
        WHERE party_id IS NULL AND kind = 'transfer' AND reference = o.reference;
    IF FOUND THEN
        RETURN ROW('duplicate-reference', jsonb_build_object('first', first, 'kind', o.kind))::exchange.outcome;
    END IF;
    IF giver.frozen THEN RETURN ROW('wallet-frozen', '{}')::exchange.outcome; END IF;
    SELECT * INTO picked FROM exchange.pick_lots(
        o.wallet, coalesce(o.points, giver.available), today);
    amount := coalesce(o.points, picked.found);
    IF picked.found < amount OR amount = 0 THEN
        RETURN ROW('insufficient-points', jsonb_strip_nulls(jsonb_build_object(
            'requested', o.points, 'available', picked.found)))::exchange.outcome;
    END IF;
    INSERT INTO exchange.journal (id, window_id, kind, wallet_id, to_wallet_id, points, reference,
            note, at)
        VALUES (o.id, in_window, 'transfer', o.wallet, o.to_wallet, amount, o.reference, o.note,
            moment)
        ON CONFLICT (kind, reference) WHERE party_id IS NULL AND reference IS NOT NULL DO NOTHING;
    IF NOT FOUND THEN
        SELECT id INTO first FROM exchange.journal
            WHERE party_id IS NULL AND kind = 'transfer' AND reference = o.reference;
        RETURN ROW('duplicate-reference', jsonb_build_object('first', first, 'kind', o.kind))::exchange.outcome;
    END IF;
    -- Every refusal is above this line.
    UPDATE exchange.lot l SET available = available - t.take
        FROM unnest(picked.lots, picked.takes) AS t(id, take)
        WHERE l.wallet_id = o.wallet AND l.id = t.id;
    WITH moved AS (
        INSERT INTO exchange.lot AS l (wallet_id, issuer_id, expires_on, terms, available,
                opened_at)
            SELECT o.to_wallet, t.issuer, t.expiry, t.terms, sum(t.take), min(t.issued)
            FROM unnest(picked.takes, picked.issuers, picked.expiries, picked.issued, picked.agreed)
                WITH ORDINALITY AS t(take, issuer, expiry, issued, terms, n)
            GROUP BY t.issuer, t.expiry, t.terms
            ORDER BY min(t.n)  -- so that the older stays the older over there
            ON CONFLICT ON CONSTRAINT lot_once
                DO UPDATE SET available = l.available + excluded.available
            RETURNING l.id, l.issuer_id, l.expires_on, l.terms)
    INSERT INTO exchange.posting (journal_id, line, window_id, movement, debit, credit, points,
            issuer_id, expires_on, lot_id, to_lot_id, issued_at, valued_at)
        SELECT o.id, t.n, in_window, 'moved', o.wallet, o.to_wallet, t.take, t.issuer, t.expiry,
               t.id, m.id, t.issued, moment
        FROM unnest(picked.lots, picked.takes, picked.issuers, picked.expiries, picked.issued,
                picked.agreed) WITH ORDINALITY AS t(id, take, issuer, expiry, issued, terms, n)
        JOIN moved m ON m.issuer_id = t.issuer AND m.expires_on = t.expiry AND m.terms = t.terms;
    UPDATE exchange.wallet SET available = available - amount WHERE id = o.wallet;
    UPDATE exchange.wallet SET available = available + amount WHERE id = o.to_wallet;
    RETURN ROW(NULL, jsonb_build_object('id', o.id, 'kind', 'transfer', 'points', amount,
        'at', moment))::exchange.outcome;
END $$;

-- A correction that two people agreed on: an issuer's points into a wallet, or out of it.
CREATE FUNCTION exchange.post_adjustment(o exchange."order", in_window integer, moment timestamptz)
RETURNS exchange.outcome LANGUAGE plpgsql AS $$
DECLARE
    cap record;
    there bigint;
    today date := (moment AT TIME ZONE (SELECT zone FROM exchange.setting))::date;
BEGIN
    PERFORM 1 FROM exchange.wallet WHERE id = o.wallet FOR UPDATE;
    IF NOT FOUND THEN RETURN ROW('wallet-not-found', '{}')::exchange.outcome; END IF;
    IF EXISTS (SELECT FROM exchange.journal WHERE approval_id = o.approval) THEN
        RETURN ROW('approval-used', '{}')::exchange.outcome;
    END IF;
    IF o.direction = 'credit' THEN
        SELECT * INTO cap FROM exchange.within_cap(o, o.wallet, o.points, 0);
        IF NOT cap.allowed THEN
            RETURN ROW('position-limit', jsonb_build_object('requested', o.points, 'room', cap.room))::exchange.outcome;
        END IF;
    ELSE
        PERFORM 1 FROM exchange.exposure WHERE party_id = o.party FOR UPDATE;
        SELECT coalesce(sum(available), 0) INTO there FROM exchange.lot
            WHERE wallet_id = o.wallet AND issuer_id = o.party;
        IF there < o.points THEN
            RETURN ROW('insufficient-points',
                jsonb_build_object('requested', o.points, 'available', there))::exchange.outcome;
        END IF;
    END IF;
    -- Every refusal is above this line.
    INSERT INTO exchange.journal (id, window_id, kind, party_id, wallet_id, points, approval_id,
            note, at)
        VALUES (o.id, in_window, 'adjustment', o.party, o.wallet, o.points, o.approval, o.note,
            moment);
    IF o.direction = 'credit' THEN
        PERFORM exchange.credit(
            ARRAY[ROW(1, o.wallet, o, NULL, NULL, NULL)::exchange.line], in_window, moment, today);
    ELSE
        PERFORM exchange.debit(o, o.wallet, o.points, NULL, moment, in_window);
    END IF;
    RETURN ROW(NULL, jsonb_build_object('id', o.id, 'kind', 'adjustment', 'points', o.points,
        'direction', o.direction, 'at', moment))::exchange.outcome;
END $$;

-- Of orders with one nonce, or with one key, only the first in an array may go on, and none whose
-- nonce was there before. `fresh` has the nonces that were not.
CREATE FUNCTION exchange.tell_twins(orders exchange."order"[], fresh text[], verdicts text[])
RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    o exchange."order";
    n integer := 0;
    name text;
    used jsonb := '{}';
    is_fresh jsonb := coalesce((SELECT jsonb_object_agg(f, true) FROM unnest(fresh) f), '{}');
BEGIN
    FOREACH o IN ARRAY orders LOOP
        n := n + 1;
        name := o.party || '/' || o.key;
        IF used ? name THEN
            verdicts[n] := 'request-in-progress';
        ELSIF name IS NOT NULL THEN
            used := used || jsonb_build_object(name, true);
        END IF;
        name := o.key_id || ' ' || o.nonce;
        IF is_fresh ? name THEN
            is_fresh := is_fresh - name;
        ELSIF name IS NOT NULL THEN
            verdicts[n] := 'signature-replayed';
        END IF;
    END LOOP;
    RETURN verdicts;
END $$;

-- Who may go on: inserts the nonces and claims the idempotency keys. Returns the orders that may
-- not, with the code why, or with the saved code and facts of the answer that is given again.
CREATE FUNCTION exchange.identify(orders exchange."order"[])
RETURNS exchange.answer[] LANGUAGE plpgsql AS $$
DECLARE
    fresh text[];
    wanted integer;
    verdicts text[];
BEGIN
    -- A twin in flight is told so at once, rather than left waiting with a connection in its hand.
    WITH made AS (
        INSERT INTO exchange.nonce (key_id, nonce, hour)
            SELECT key_id, nonce, (signed_at / 3600)::integer
            FROM unnest(orders) WHERE nonce IS NOT NULL ORDER BY key_id, nonce
            ON CONFLICT DO NOTHING
            RETURNING key_id || ' ' || nonce AS name)
    SELECT (SELECT array_agg(name) FROM made), count(o.nonce),
           -- The nonce first: of two copies, the one that has the key must not miss the nonce.
           array_agg(CASE WHEN o.nonce IS NULL
                   OR o.key_id || ' ' || o.nonce = ANY ((SELECT array_agg(name) FROM made)::text[])
               THEN CASE WHEN o.key IS NOT NULL AND NOT pg_try_advisory_xact_lock(
                       hashtextextended(o.party || '/' || o.key, 0)) THEN 'request-in-progress' END
               END ORDER BY o.ordinality)
        INTO fresh, wanted, verdicts
        FROM unnest(orders) WITH ORDINALITY o;
    IF cardinality(orders) > 1 OR cardinality(fresh) IS DISTINCT FROM wanted THEN
        verdicts := exchange.tell_twins(orders, fresh, verdicts);
    END IF;
    -- A statement of its own: what a twin committed before its lock was free must be seen.
    RETURN ARRAY(
        SELECT ROW(o.ordinality,
            CASE WHEN verdicts[o.ordinality] IS NOT NULL THEN verdicts[o.ordinality]
                 WHEN c.fingerprint <> decode(o.fingerprint, 'hex') THEN 'idempotency-key-reused'
                 WHEN c.at < clock_timestamp() - interval '30 days' THEN 'answer-expired'
                 ELSE c.code END,
            CASE WHEN verdicts[o.ordinality] IS NULL THEN c.facts ELSE '{}' END,
            verdicts[o.ordinality] IS NULL AND c.fingerprint = decode(o.fingerprint, 'hex')
                AND c.at >= clock_timestamp() - interval '30 days')::exchange.answer
        FROM unnest(orders) WITH ORDINALITY o
        LEFT JOIN LATERAL (
            SELECT * FROM exchange.claim c WHERE c.party_id = o.party AND c.key = o.key
            OFFSET 0) c ON true
        WHERE verdicts[o.ordinality] IS NOT NULL OR c.key IS NOT NULL);
END $$;

CREATE FUNCTION exchange.post(
    orders jsonb, moment timestamptz DEFAULT NULL, batch jsonb DEFAULT NULL,
    OUT line integer, OUT code text, OUT facts jsonb, OUT replayed boolean)
RETURNS SETOF record LANGUAGE plpgsql AS $$
#variable_conflict use_variable
DECLARE
    todo exchange."order"[] :=
        ARRAY(SELECT x FROM jsonb_populate_recordset(NULL::exchange."order", orders) x);
    whole exchange."order";  -- of a batch: one claim for all its lines
    lines exchange.line[];
    codes text[];
    answers jsonb[];
    before boolean[] := '{}';  -- answered by what was saved, or refused before it was looked at
    again boolean[] := '{}';
    issuers integer[];
    rounds exchange.round[];
    these exchange.round;
    done exchange.answer[];
    l exchange.line;
    a exchange.answer;
    r exchange.outcome;
    in_window integer;
    zone text;
    now_ timestamptz;
    today date;
BEGIN
    -- Closing takes this lock exclusively for the moment it opens the next window, so a journal's
    -- window cannot close under it.
    PERFORM pg_advisory_xact_lock_shared(7209070);
    SELECT w.id, s.zone INTO in_window, zone
        FROM exchange."window" w CROSS JOIN exchange.setting s WHERE w.closed_at IS NULL;
    IF NOT FOUND THEN RAISE EXCEPTION 'no window is open' USING ERRCODE = 'TB001'; END IF;
    IF batch IS NOT NULL THEN
        whole := jsonb_populate_record(NULL::exchange."order", batch);
        FOREACH a IN ARRAY exchange.identify(ARRAY[whole]) LOOP
            IF a.replayed THEN
                RETURN QUERY
                    SELECT e.ordinality::integer - 1, e.value ->> 'code', e.value -> 'facts', true
                    FROM jsonb_array_elements(a.facts) WITH ORDINALITY e;
            ELSE
                code := a.code; facts := '{}'; replayed := false;  -- of no line: of the whole
                RETURN NEXT;
            END IF;
            RETURN;
        END LOOP;
    ELSE
        FOREACH a IN ARRAY exchange.identify(todo) LOOP
            before[a.n] := true;
            codes[a.n] := a.code; answers[a.n] := a.facts; again[a.n] := a.replayed;
        END LOOP;
    END IF;
    -- None of what names a wallet here ever names another.
    SELECT coalesce(array_agg(ROW(o.ordinality,
            CASE WHEN o.wallet IS NOT NULL THEN o.wallet
                 WHEN o.link IS NOT NULL THEN (SELECT k.wallet_id FROM exchange.link k
                     WHERE k.id = o.link AND k.party_id = o.party AND k.active)
                 ELSE exchange.wallet_of(o.code, o.hold, o.undoes) END,
            todo[o.ordinality],
            CASE WHEN o.party IS NOT NULL AND p.state IS DISTINCT FROM 'open'
                     AND o.kind NOT IN ('void', 'refund', 'clawback') THEN 'partner-not-active'
                 WHEN o.unpriced THEN 'terms-missing' END,
            NULL, NULL)::exchange.line ORDER BY o.ordinality), '{}'),
            array_agg(o.party) FILTER (
                WHERE o.kind IN ('accrual', 'import', 'clawback', 'adjustment'))
        INTO lines, issuers
        FROM unnest(todo) WITH ORDINALITY o
        LEFT JOIN exchange.party p ON p.id = o.party
        WHERE before[o.ordinality] IS NULL;
    now_ := exchange.lock_in_order(lines, issuers);
    now_ := coalesce(moment, now_);
    today := (now_ AT TIME ZONE zone)::date;
    IF cardinality(lines) = 1 THEN
        rounds := ARRAY[ROW(coalesce(lines[1].code, (lines[1].o).kind), lines)::exchange.round];
    ELSE
        rounds := ARRAY(
            SELECT ROW(w.kind, array_agg(w.x ORDER BY w.n))::exchange.round
            FROM (SELECT x, x.n, coalesce(x.code, (x.o).kind) AS kind,
                         CASE WHEN x.wallet IS NULL
                                 AND ((x.o).hold IS NOT NULL OR (x.o).undoes IS NOT NULL)
                              THEN cardinality(lines) + 1  -- it may name an order of this very array
                              ELSE row_number() OVER (
                                  PARTITION BY coalesce(x.wallet, -x.n) ORDER BY x.n)
                         END AS number
                  FROM unnest(lines) x) w
            GROUP BY w.number, w.kind ORDER BY w.number, w.kind);
    END IF;
    FOREACH these IN ARRAY rounds LOOP
        IF these.kind = 'redemption' THEN
            done := exchange.post_redemptions(these.lines, in_window, now_, today);
        ELSIF these.kind = 'accrual' THEN
            done := exchange.post_accruals(these.lines, in_window, now_, today);
        ELSIF these.kind = 'authorisation' THEN
            done := exchange.post_authorisations(these.lines, now_, today);
        ELSE
            done := '{}';
            FOREACH l IN ARRAY these.lines LOOP
                r := CASE these.kind
                    WHEN 'import' THEN exchange.post_import(l.o, in_window, now_)
                    WHEN 'capture' THEN exchange.post_hold_end(l.o, in_window, now_)
                    WHEN 'void' THEN exchange.post_hold_end(l.o, in_window, now_)
                    WHEN 'hold-expiry' THEN exchange.post_hold_end(l.o, in_window, now_)
                    WHEN 'refund' THEN exchange.post_refund(l.o, in_window, now_)
                    WHEN 'clawback' THEN exchange.post_clawback(l.o, in_window, now_)
                    WHEN 'lot-expiry' THEN exchange.post_lot_expiry(l.o, in_window, now_)
                    WHEN 'transfer' THEN exchange.post_transfer(l.o, in_window, now_)
                    WHEN 'adjustment' THEN exchange.post_adjustment(l.o, in_window, now_)
                    ELSE ROW(l.code, '{}')::exchange.outcome  -- refused before it was looked at
                END;
                done := done || ROW(l.n, r.code, r.facts, false)::exchange.answer;
            END LOOP;
        END IF;
        FOREACH a IN ARRAY done LOOP
            codes[a.n] := a.code;
            answers[a.n] := a.facts;
        END LOOP;
    END LOOP;
    IF batch IS NOT NULL THEN
        INSERT INTO exchange.claim
            SELECT whole.party, whole.key, decode(whole.fingerprint, 'hex'), 'batch', NULL,
                   jsonb_agg(jsonb_build_object('code', codes[n], 'facts', answers[n]) ORDER BY n),
                   whole.evidence, now_
            FROM generate_subscripts(todo, 1) n;
    ELSE
        -- What may pass by itself in a minute is not saved: a later try must be able to succeed.
        INSERT INTO exchange.claim
            SELECT o.party, o.key, decode(o.fingerprint, 'hex'), o.kind, codes[o.ordinality],
                   answers[o.ordinality], o.evidence, now_
            FROM unnest(todo) WITH ORDINALITY o
            WHERE o.key IS NOT NULL AND before[o.ordinality] IS NULL
                AND codes[o.ordinality] IS DISTINCT FROM 'too-many-codes';
    END IF;
    FOR n IN 1 .. cardinality(todo) LOOP
        line := n - 1;
        code := codes[n];
        facts := answers[n];
        replayed := again[n] IS TRUE;
        RETURN NEXT;
    END LOOP;
END $$;
