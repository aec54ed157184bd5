-- The funnel: exchange.post(orders) posts an array of orders and returns one outcome for each.
--
-- Every statement below takes a fresh READ COMMITTED snapshot after the wallet's lock; one big
-- statement would decide on lots that a neighbour has already spent. Each exchange.post_* refuses
-- first, in the order of the operation's documentation, and writes only after its last refusal, so
-- a refused order leaves no trace but its claim. A single request is an array of one.

CREATE TYPE exchange."order" AS (
    kind text,               -- accrual, import, authorisation, capture, void, hold-expiry, redemption,
                             -- refund, clawback, lot-expiry, transfer, adjustment
    party integer,           -- who asks: the issuer or acceptor; null for the hub's own jobs
    key text,                -- idempotency key; null for the hub's own jobs, as the next four
    fingerprint text,        -- hex: what must be the same for a retry to be a retry
    key_id text,
    nonce text,
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
    note text
);

CREATE TYPE exchange.outcome AS (code text, facts jsonb);

CREATE FUNCTION exchange.refused(code text, facts jsonb DEFAULT '{}') RETURNS exchange.outcome
LANGUAGE sql IMMUTABLE AS $$ SELECT code, facts $$;

CREATE FUNCTION exchange.done(facts jsonb) RETURNS exchange.outcome
LANGUAGE sql IMMUTABLE AS $$ SELECT NULL::text, facts $$;

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
          WHERE wallet_id = of_wallet AND available > 0
            AND expires_on >= today AND spendable_from <= today
          WINDOW w AS (ORDER BY expires_on, id)) l
    WHERE take > 0
$$;

-- Everything an array will lock, in one order: wallets by id, then exposures by party. A single
-- order locks in the same order by itself.
CREATE FUNCTION exchange.lock_in_order(orders exchange."order"[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM exchange.wallet WHERE id IN (
        SELECT o.wallet FROM unnest(orders) o WHERE o.wallet IS NOT NULL
        UNION SELECT o.to_wallet FROM unnest(orders) o WHERE o.to_wallet IS NOT NULL
        UNION SELECT l.wallet_id FROM unnest(orders) o JOIN exchange.link l ON l.id = o.link
        UNION SELECT c.wallet_id FROM unnest(orders) o
              JOIN exchange.payment_code c ON c.digest = decode(o.code, 'hex')
        UNION SELECT h.wallet_id FROM unnest(orders) o JOIN exchange.hold h ON h.id = o.hold
        UNION SELECT j.wallet_id FROM unnest(orders) o JOIN exchange.journal j ON j.id = o.undoes)
    ORDER BY id FOR UPDATE;
    PERFORM 1 FROM exchange.exposure WHERE party_id IN (
        SELECT o.party FROM unnest(orders) o
        WHERE o.kind IN ('accrual', 'import', 'clawback', 'adjustment'))
    ORDER BY party_id FOR UPDATE;
END $$;

-- Put points into a wallet: debts to the same issuer are repaid first, the rest becomes a lot.
-- Called after the last refusal, with the wallet and the exposure locked.
CREATE FUNCTION exchange.credit(
    o exchange."order", of_wallet bigint, amount bigint, moment timestamptz, in_window integer,
    OUT repaid bigint, OUT expiry date, OUT pending date)
LANGUAGE plpgsql AS $$
DECLARE
    p exchange.party;
    fresh bigint;
    today date;
    into_lot bigint;
    opened timestamptz;
BEGIN
    SELECT * INTO p FROM exchange.party WHERE id = o.party;
    today := (moment AT TIME ZONE (SELECT zone FROM exchange.setting))::date;
    expiry := coalesce(o.expires_on, (date_trunc('month', today::timestamp)
        + make_interval(months => o.expiry_months + 1) - interval '1 day')::date);
    pending := coalesce(o.spendable_from, today + nullif(o.pending_days, 0));
    SELECT least(r.points, amount) INTO repaid FROM exchange.receivable r
        WHERE r.wallet_id = of_wallet AND r.issuer_id = o.party AND r.points > 0;
    repaid := coalesce(repaid, 0);
    fresh := amount - repaid;
    IF repaid > 0 THEN
        UPDATE exchange.receivable r SET points = r.points - repaid
            WHERE r.wallet_id = of_wallet AND r.issuer_id = o.party;
        INSERT INTO exchange.posting (journal_id, line, window_id, movement, party_id, debit, credit,
                points, issuer_id, issued_at, valued_at)
            VALUES (o.id, 2, in_window, 'repaid', o.party, p.issuing_account, p.receivable_account,
                repaid, o.party, moment, moment);
    END IF;
    IF fresh > 0 THEN
        INSERT INTO exchange.lot AS l (wallet_id, issuer_id, expires_on, spendable_from, terms,
                available, opened_at)
            VALUES (of_wallet, o.party, expiry, coalesce(pending, '2000-01-01'),
                coalesce(o.terms, 0), fresh, moment)
            ON CONFLICT ON CONSTRAINT lot_once
                DO UPDATE SET available = l.available + excluded.available
            RETURNING l.id, l.opened_at INTO into_lot, opened;
        UPDATE exchange.wallet SET available = available + fresh WHERE id = of_wallet;
        -- The terms that were used are kept, so that the checker can verify the cap.
        UPDATE exchange.exposure SET points = points + fresh, price = o.price, cap = o.cap
            WHERE party_id = o.party;
        INSERT INTO exchange.posting (journal_id, line, window_id, movement, party_id, debit, credit,
                points, issuer_id, expires_on, lot_id, issued_at, valued_at)
            VALUES (o.id, 1, in_window, 'issued', o.party, p.issuing_account, of_wallet,
                fresh, o.party, expiry, into_lot, opened, moment);
    END IF;
END $$;

-- Would these points carry the issuer past its cap? Takes the exposure's lock. What repays a debt
-- of this wallet does not count: those points were issued before, and are not issued again.
CREATE FUNCTION exchange.within_cap(o exchange."order", of_wallet bigint, amount bigint,
    OUT allowed boolean, OUT room bigint)
LANGUAGE plpgsql AS $$
DECLARE
    e exchange.exposure;
    debt bigint;
    worth numeric;
BEGIN
    SELECT * INTO STRICT e FROM exchange.exposure WHERE party_id = o.party FOR UPDATE;
    SELECT coalesce(sum(points), 0) INTO debt FROM exchange.receivable
        WHERE wallet_id = of_wallet AND issuer_id = o.party;
    worth := ceil((e.points + amount - debt)::numeric * o.price / 1000000) + e.owed;
    allowed := o.cap IS NULL OR amount <= debt OR worth <= o.cap;
    IF NOT allowed THEN
        room := greatest(0, debt + floor((o.cap - e.owed)::numeric * 1000000 / greatest(o.price, 1))
            - e.points);
    END IF;
END $$;

CREATE FUNCTION exchange.post_accrual(o exchange."order", in_window integer, moment timestamptz)
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
    IF NOT FOUND THEN RETURN exchange.refused('member-not-found'); END IF;
    SELECT id INTO first FROM exchange.journal
        WHERE party_id = o.party AND kind = o.kind AND reference = o.reference;
    IF FOUND THEN
        RETURN exchange.refused('duplicate-reference', jsonb_build_object('first', first, 'kind', o.kind));
    END IF;
    PERFORM 1 FROM exchange.wallet WHERE id = l.wallet_id FOR UPDATE;
    IF o.kind = 'import' THEN
        IF o.quote IS NOT NULL THEN
            SELECT * INTO q FROM exchange.quote
                WHERE id = o.quote AND party_id = o.party AND link_id = o.link FOR UPDATE;
            IF NOT FOUND THEN RETURN exchange.refused('quote-not-found'); END IF;
            IF q.used_by IS NOT NULL THEN RETURN exchange.refused('quote-used'); END IF;
            IF q.expires_at <= moment THEN
                RETURN exchange.refused('quote-expired', jsonb_build_object('expires_at', q.expires_at));
            END IF;
            SELECT * INTO r FROM exchange.rate WHERE id = q.rate_id;
            o.theirs := q.theirs;
            amount := q.points;
            taken_fee := q.fee;
        ELSE
            SELECT * INTO r FROM exchange.rate
                WHERE party_id = o.party AND direction = 'import' AND valid @> moment;
            IF NOT FOUND THEN RETURN exchange.refused('no-rate'); END IF;
            IF o.theirs < r.minimum OR o.theirs % r.step <> 0 THEN
                RETURN exchange.refused('amount-not-convertible',
                    jsonb_build_object('minimum', r.minimum, 'step', r.step));
            END IF;
            SELECT c.points, c.fee INTO amount, taken_fee FROM exchange.convert(o.theirs, r) c;
            IF amount < 1 THEN
                RETURN exchange.refused('amount-not-convertible',
                    jsonb_build_object('minimum', r.minimum, 'step', r.step));
            END IF;
        END IF;
    END IF;
    SELECT * INTO cap FROM exchange.within_cap(o, l.wallet_id, amount);
    IF NOT cap.allowed THEN
        RETURN exchange.refused('position-limit', jsonb_build_object('requested', amount, 'room', cap.room));
    END IF;
    IF r.daily_cap IS NOT NULL THEN
        -- The exposure's lock above serialises every import of this party.
        SELECT coalesce(sum(u.theirs), 0) AS used INTO done FROM exchange.rate_use u
            WHERE u.rate_id = r.id AND u.day = today;
        IF done.used + o.theirs > r.daily_cap THEN
            RETURN exchange.refused('daily-cap', jsonb_build_object('cap', r.daily_cap, 'used', done.used));
        END IF;
    END IF;
    INSERT INTO exchange.journal (id, window_id, kind, party_id, wallet_id, points, reference,
            request_key, rate_id, theirs, fee, occurred_at, at)
        VALUES (o.id, in_window, o.kind, o.party, l.wallet_id, amount, o.reference,
            o.key, r.id, CASE WHEN o.kind = 'import' THEN o.theirs END, taken_fee, o.occurred_at,
            moment)
        ON CONFLICT ON CONSTRAINT journal_reference_once DO NOTHING;
    IF NOT FOUND THEN
        SELECT id INTO first FROM exchange.journal
            WHERE party_id = o.party AND kind = o.kind AND reference = o.reference;
        RETURN exchange.refused('duplicate-reference', jsonb_build_object('first', first, 'kind', o.kind));
    END IF;
    -- Every refusal is above this line.
    IF r.daily_cap IS NOT NULL THEN
        INSERT INTO exchange.rate_use AS u VALUES (r.id, today, o.theirs)
            ON CONFLICT ON CONSTRAINT rate_use_pk DO UPDATE SET theirs = u.theirs + excluded.theirs;
    END IF;
    IF o.quote IS NOT NULL THEN
        UPDATE exchange.quote SET used_by = o.id WHERE id = o.quote;
    END IF;
    SELECT * INTO done FROM exchange.credit(o, l.wallet_id, amount, moment, in_window);
    RETURN exchange.done(jsonb_strip_nulls(jsonb_build_object(
        'id', o.id, 'kind', o.kind, 'member', o.link, 'points', amount, 'reference', o.reference,
        'at', moment, 'repaid', done.repaid, 'expires_on', done.expiry,
        'spendable_from', done.pending, 'quote', o.quote,
        'theirs', CASE WHEN o.kind = 'import' THEN o.theirs END, 'fee', taken_fee,
        'rate', CASE WHEN r.id IS NOT NULL
                     THEN jsonb_build_object('theirs', r.theirs, 'ours', r.ours) END)));
END $$;

-- Which wallet may be spent from, by link or by payment code; leaves it locked. A code that the
-- acceptor itself asked for is nobody's consent: it would be a mandate without a limit.
CREATE FUNCTION exchange.spender(o exchange."order", moment timestamptz, today date,
    OUT refusal exchange.outcome, OUT wallet exchange.wallet, OUT link exchange.link)
LANGUAGE plpgsql AS $$
DECLARE
    c exchange.payment_code;
    this_minute timestamptz := date_trunc('minute', moment);
    failed integer;
    already bigint;
BEGIN
    IF o.link IS NOT NULL THEN
        SELECT * INTO link FROM exchange.link WHERE id = o.link AND party_id = o.party AND active;
        IF NOT FOUND THEN refusal := exchange.refused('member-not-found'); RETURN; END IF;
        SELECT * INTO wallet FROM exchange.wallet WHERE id = link.wallet_id FOR UPDATE;
        -- Again, now that nobody else may change it: a withdrawal may have come between.
        SELECT * INTO link FROM exchange.link WHERE id = o.link AND active;
        IF NOT FOUND THEN refusal := exchange.refused('member-not-found'); RETURN; END IF;
    END IF;
    IF o.code IS NOT NULL THEN
        SELECT failures INTO failed FROM exchange.code_failure
            WHERE party_id = o.party AND minute = this_minute;
        IF failed >= (SELECT code_failures_a_minute FROM exchange.setting) THEN
            refusal := exchange.refused('too-many-codes');
            RETURN;
        END IF;
        SELECT * INTO c FROM exchange.payment_code WHERE digest = decode(o.code, 'hex');
        IF FOUND AND o.link IS NULL THEN
            SELECT * INTO wallet FROM exchange.wallet WHERE id = c.wallet_id FOR UPDATE;
            SELECT * INTO c FROM exchange.payment_code WHERE digest = decode(o.code, 'hex');
        END IF;
        IF c.digest IS NULL OR c.wallet_id IS DISTINCT FROM wallet.id OR c.used_at IS NOT NULL
                OR c.expires_at <= moment OR c.max_points < o.points
                OR c.party_id <> o.party OR c.asked_by = o.party THEN
            INSERT INTO exchange.code_failure AS f VALUES (o.party, this_minute, 1)
                ON CONFLICT ON CONSTRAINT code_failure_pk
                    DO UPDATE SET failures = f.failures + 1;
            refusal := exchange.refused('payment-code-invalid');
            RETURN;
        END IF;
    ELSE
        IF link.daily_limit = 0 THEN refusal := exchange.refused('no-mandate'); RETURN; END IF;
        already := CASE WHEN link.spent_on = today THEN link.spent ELSE 0 END;
        IF o.points > link.daily_limit - already THEN
            refusal := exchange.refused('mandate-limit', jsonb_build_object('requested', o.points,
                'limit', link.daily_limit, 'left', greatest(0, link.daily_limit - already)));
            RETURN;
        END IF;
    END IF;
    IF wallet.frozen THEN refusal := exchange.refused('wallet-frozen'); END IF;
END $$;

-- Remember that consent was used. Called after the last refusal, with the wallet locked.
CREATE FUNCTION exchange.use_consent(o exchange."order", moment timestamptz, today date)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF o.code IS NOT NULL THEN
        UPDATE exchange.payment_code SET used_at = moment, used_by = o.party
            WHERE digest = decode(o.code, 'hex');
    ELSE
        UPDATE exchange.link SET spent_on = today,
                spent = o.points + CASE WHEN spent_on = today THEN spent ELSE 0 END
            WHERE id = o.link;
    END IF;
END $$;

CREATE FUNCTION exchange.post_redemption(o exchange."order", in_window integer, moment timestamptz)
RETURNS exchange.outcome LANGUAGE plpgsql AS $$
DECLARE
    s record;
    picked record;
    first uuid;
    p exchange.party;
    today date := (moment AT TIME ZONE (SELECT zone FROM exchange.setting))::date;
BEGIN
    SELECT id INTO first FROM exchange.journal
        WHERE party_id = o.party AND kind = 'redemption' AND reference = o.reference;
    IF FOUND THEN
        RETURN exchange.refused('duplicate-reference', jsonb_build_object('first', first, 'kind', o.kind));
    END IF;
    SELECT * INTO s FROM exchange.spender(o, moment, today);
    IF (s.refusal).code IS NOT NULL THEN RETURN s.refusal; END IF;
    SELECT * INTO picked FROM exchange.pick_lots((s.wallet).id, o.points, today);
    IF picked.found < o.points THEN
        RETURN exchange.refused('insufficient-points', jsonb_strip_nulls(jsonb_build_object('requested', o.points,
            'available', CASE WHEN (s.link).shares_balance THEN picked.found END)));
    END IF;
    SELECT * INTO p FROM exchange.party WHERE id = o.party;
    INSERT INTO exchange.journal (id, window_id, kind, party_id, wallet_id, points, reference,
            request_key, occurred_at, at)
        VALUES (o.id, in_window, 'redemption', o.party, (s.wallet).id, o.points, o.reference,
            o.key, o.occurred_at, moment)
        ON CONFLICT ON CONSTRAINT journal_reference_once DO NOTHING;
    IF NOT FOUND THEN
        SELECT id INTO first FROM exchange.journal
            WHERE party_id = o.party AND kind = 'redemption' AND reference = o.reference;
        RETURN exchange.refused('duplicate-reference', jsonb_build_object('first', first, 'kind', o.kind));
    END IF;
    -- Every refusal is above this line.
    UPDATE exchange.lot l SET available = available - t.take
        FROM unnest(picked.lots, picked.takes) AS t(id, take)
        WHERE l.wallet_id = (s.wallet).id AND l.id = t.id;
    UPDATE exchange.wallet SET available = available - o.points WHERE id = (s.wallet).id;
    INSERT INTO exchange.posting (journal_id, line, window_id, movement, party_id, debit, credit,
            points, issuer_id, expires_on, lot_id, issued_at, valued_at)
        SELECT o.id, t.n, in_window, 'spent', o.party, (s.wallet).id, p.accepting_account,
               t.take, t.issuer, t.expiry, t.id, t.issued, moment
        FROM unnest(picked.lots, picked.takes, picked.issuers, picked.expiries, picked.issued)
            WITH ORDINALITY AS t(id, take, issuer, expiry, issued, n);
    PERFORM exchange.use_consent(o, moment, today);
    RETURN exchange.done(jsonb_strip_nulls(jsonb_build_object(
        'id', o.id, 'kind', 'redemption', 'member', o.link, 'points', o.points,
        'reference', o.reference, 'at', moment)));
END $$;

CREATE FUNCTION exchange.post_authorisation(o exchange."order", moment timestamptz)
RETURNS exchange.outcome LANGUAGE plpgsql AS $$
DECLARE
    s record;
    picked record;
    first uuid;
    setting exchange.setting;
    today date;
    until timestamptz;
BEGIN
    SELECT * INTO setting FROM exchange.setting;
    today := (moment AT TIME ZONE setting.zone)::date;
    until := moment + CASE WHEN o.online THEN setting.online_hold ELSE setting.till_hold END;
    SELECT id INTO first FROM exchange.hold WHERE party_id = o.party AND reference = o.reference;
    IF FOUND THEN
        RETURN exchange.refused('duplicate-reference', jsonb_build_object('first', first, 'kind', o.kind));
    END IF;
    SELECT * INTO s FROM exchange.spender(o, moment, today);
    IF (s.refusal).code IS NOT NULL THEN RETURN s.refusal; END IF;
    SELECT * INTO picked FROM exchange.pick_lots((s.wallet).id, o.points, today);
    IF picked.found < o.points THEN
        RETURN exchange.refused('insufficient-points', jsonb_strip_nulls(jsonb_build_object('requested', o.points,
            'available', CASE WHEN (s.link).shares_balance THEN picked.found END)));
    END IF;
    INSERT INTO exchange.hold (id, party_id, wallet_id, points, reference, request_key, held_at,
            expires_at)
        VALUES (o.id, o.party, (s.wallet).id, o.points, o.reference, o.key, moment, until)
        ON CONFLICT ON CONSTRAINT hold_reference_once DO NOTHING;
    IF NOT FOUND THEN
        SELECT id INTO first FROM exchange.hold
            WHERE party_id = o.party AND reference = o.reference;
        RETURN exchange.refused('duplicate-reference', jsonb_build_object('first', first, 'kind', o.kind));
    END IF;
    -- Every refusal is above this line.
    INSERT INTO exchange.hold_lot (hold_id, lot_id, wallet_id, points)
        SELECT o.id, t.id, (s.wallet).id, t.take
        FROM unnest(picked.lots, picked.takes) AS t(id, take);
    UPDATE exchange.lot l SET available = available - t.take, held = held + t.take
        FROM unnest(picked.lots, picked.takes) AS t(id, take)
        WHERE l.wallet_id = (s.wallet).id AND l.id = t.id;
    UPDATE exchange.wallet SET available = available - o.points, held = held + o.points
        WHERE id = (s.wallet).id;
    PERFORM exchange.use_consent(o, moment, today);
    RETURN exchange.done(jsonb_strip_nulls(jsonb_build_object(
        'id', o.id, 'kind', 'authorisation', 'member', o.link, 'points', o.points,
        'state', 'held', 'reference', o.reference, 'at', moment, 'expires_at', until)));
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
    SELECT * INTO h FROM exchange.hold
        WHERE id = o.hold AND (party_id = o.party OR o.kind = 'hold-expiry');
    IF NOT FOUND THEN RETURN exchange.refused('authorization-not-found'); END IF;
    PERFORM 1 FROM exchange.wallet WHERE id = h.wallet_id FOR UPDATE;
    SELECT * INTO h FROM exchange.hold WHERE id = o.hold;
    IF h.state <> 'held' OR (o.kind = 'capture' AND h.expires_at <= moment)
            OR (o.kind = 'hold-expiry' AND h.expires_at > moment) THEN
        RETURN exchange.refused('hold-not-open', jsonb_build_object('state',
            CASE WHEN h.state = 'held' AND h.expires_at <= moment THEN 'expired'
                 ELSE h.state END));
    END IF;
    IF o.kind = 'capture' THEN
        taken := coalesce(o.points, h.points);
        IF taken > h.points THEN
            RETURN exchange.refused('exceeds-hold', jsonb_build_object('requested', taken, 'held', h.points));
        END IF;
        SELECT * INTO p FROM exchange.party WHERE id = o.party;
    END IF;
    -- Every refusal is above this line.
    IF taken > 0 THEN
        INSERT INTO exchange.journal (id, window_id, kind, party_id, wallet_id, points, reference,
                request_key, hold_id, occurred_at, at)
            VALUES (o.id, in_window, 'capture', o.party, h.wallet_id, taken, h.reference,
                o.key, h.id, o.occurred_at, moment);
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
    RETURN exchange.done(jsonb_strip_nulls(jsonb_build_object(
        'id', CASE WHEN taken > 0 THEN o.id END, 'kind', o.kind, 'authorization', h.id,
        'state', ends_as, 'points', h.points, 'captured', taken, 'released', h.points - taken,
        'reference', h.reference, 'at', moment)));
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
    IF NOT FOUND THEN RETURN exchange.refused('transaction-not-found'); END IF;
    SELECT id INTO first FROM exchange.journal
        WHERE party_id = o.party AND kind = 'refund' AND reference = o.reference;
    IF FOUND THEN
        RETURN exchange.refused('duplicate-reference', jsonb_build_object('first', first, 'kind', o.kind));
    END IF;
    PERFORM 1 FROM exchange.wallet WHERE id = j.wallet_id FOR UPDATE;
    SELECT j.points - coalesce(sum(u.undone), 0) INTO remaining
        FROM exchange.undone u WHERE u.journal_id = j.id;
    amount := coalesce(o.points, remaining);
    IF amount > remaining OR remaining = 0 THEN
        RETURN exchange.refused('exceeds-captured',
            jsonb_build_object('requested', coalesce(o.points, j.points), 'refundable', remaining));
    END IF;
    INSERT INTO exchange.journal (id, window_id, kind, party_id, wallet_id, points, reference,
            request_key, undoes, occurred_at, at)
        VALUES (o.id, in_window, 'refund', o.party, j.wallet_id, amount, o.reference, o.key, j.id,
            o.occurred_at, moment)
        ON CONFLICT ON CONSTRAINT journal_reference_once DO NOTHING;
    IF NOT FOUND THEN
        SELECT id INTO first FROM exchange.journal
            WHERE party_id = o.party AND kind = 'refund' AND reference = o.reference;
        RETURN exchange.refused('duplicate-reference', jsonb_build_object('first', first, 'kind', o.kind));
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
        WHERE s.journal_id = j.id ORDER BY s.line DESC
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
    RETURN exchange.done(jsonb_strip_nulls(jsonb_build_object(
        'id', o.id, 'kind', 'refund', 'points', amount, 'undoes', j.id,
        'reference', o.reference, 'at', moment)));
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
        WHERE wallet_id = of_wallet AND issuer_id = o.party AND available > 0
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
    IF NOT FOUND THEN RETURN exchange.refused('transaction-not-found'); END IF;
    SELECT id INTO first FROM exchange.journal
        WHERE party_id = o.party AND kind = 'clawback' AND reference = o.reference;
    IF FOUND THEN
        RETURN exchange.refused('duplicate-reference', jsonb_build_object('first', first, 'kind', o.kind));
    END IF;
    PERFORM 1 FROM exchange.wallet WHERE id = j.wallet_id FOR UPDATE;
    SELECT j.points - coalesce(sum(u.undone), 0) INTO remaining
        FROM exchange.undone u WHERE u.journal_id = j.id;
    amount := coalesce(o.points, remaining);
    IF amount > remaining OR remaining = 0 THEN
        RETURN exchange.refused('exceeds-accrued',
            jsonb_build_object('requested', coalesce(o.points, j.points), 'reclaimable', remaining));
    END IF;
    INSERT INTO exchange.journal (id, window_id, kind, party_id, wallet_id, points, reference,
            request_key, undoes, occurred_at, at)
        VALUES (o.id, in_window, 'clawback', o.party, j.wallet_id, amount, o.reference, o.key, j.id,
            o.occurred_at, moment)
        ON CONFLICT ON CONSTRAINT journal_reference_once DO NOTHING;
    IF NOT FOUND THEN
        SELECT id INTO first FROM exchange.journal
            WHERE party_id = o.party AND kind = 'clawback' AND reference = o.reference;
        RETURN exchange.refused('duplicate-reference', jsonb_build_object('first', first, 'kind', o.kind));
    END IF;
    -- Every refusal is above this line.
    SELECT lot_id INTO of_lot FROM exchange.posting WHERE journal_id = j.id AND movement = 'issued';
    SELECT * INTO took FROM exchange.debit(o, j.wallet_id, amount, of_lot, j.at, in_window);
    INSERT INTO exchange.undone AS u (journal_id, points, undone) VALUES (j.id, j.points, amount)
        ON CONFLICT ON CONSTRAINT undone_pk DO UPDATE SET undone = u.undone + excluded.undone;
    RETURN exchange.done(jsonb_strip_nulls(jsonb_build_object(
        'id', o.id, 'kind', 'clawback', 'points', amount, 'taken', took.taken, 'owed', took.owed,
        'forgiven', nullif(took.forgiven, 0), 'undoes', j.id, 'reference', o.reference, 'at', moment)));
END $$;

-- Sweep what a wallet let expire into its issuers' breakage, as one journal.
CREATE FUNCTION exchange.post_lot_expiry(o exchange."order", in_window integer, moment timestamptz)
RETURNS exchange.outcome LANGUAGE plpgsql AS $$
DECLARE
    amount bigint;
    today date := (moment AT TIME ZONE (SELECT zone FROM exchange.setting))::date;
BEGIN
    PERFORM 1 FROM exchange.wallet WHERE id = o.wallet FOR UPDATE;
    IF NOT FOUND THEN RETURN exchange.refused('wallet-not-found'); END IF;
    SELECT sum(available) INTO amount FROM exchange.lot
        WHERE wallet_id = o.wallet AND expires_on < today AND available > 0;
    IF amount IS NULL THEN RETURN exchange.refused('nothing-expired'); END IF;
    -- Every refusal is above this line.
    INSERT INTO exchange.journal (id, window_id, kind, wallet_id, points, at)
        VALUES (o.id, in_window, 'expiry', o.wallet, amount, moment);
    INSERT INTO exchange.posting (journal_id, line, window_id, movement, party_id, debit, credit,
            points, issuer_id, expires_on, lot_id, issued_at, valued_at)
        SELECT o.id, row_number() OVER (ORDER BY l.id), in_window, 'expired', l.issuer_id, o.wallet,
               p.breakage_account, l.available, l.issuer_id, l.expires_on, l.id, l.opened_at, moment
        FROM exchange.lot l JOIN exchange.party p ON p.id = l.issuer_id
        WHERE l.wallet_id = o.wallet AND l.expires_on < today AND l.available > 0;
    UPDATE exchange.lot SET available = 0
        WHERE wallet_id = o.wallet AND expires_on < today AND available > 0;
    UPDATE exchange.wallet SET available = available - amount WHERE id = o.wallet;
    RETURN exchange.done(jsonb_build_object('id', o.id, 'kind', 'expiry', 'points', amount, 'at', moment));
END $$;

-- Wallet to wallet: the lots keep their issuer and expiry.
CREATE FUNCTION exchange.post_transfer(o exchange."order", in_window integer, moment timestamptz)
RETURNS exchange.outcome LANGUAGE plpgsql AS $$
DECLARE
    giver exchange.wallet;
    picked record;
    today date := (moment AT TIME ZONE (SELECT zone FROM exchange.setting))::date;
BEGIN
    IF o.wallet = o.to_wallet THEN RETURN exchange.refused('same-wallet'); END IF;
    PERFORM 1 FROM exchange.wallet WHERE id IN (o.wallet, o.to_wallet) ORDER BY id FOR UPDATE;
    SELECT * INTO giver FROM exchange.wallet WHERE id = o.wallet;
    IF NOT FOUND OR NOT EXISTS (SELECT FROM exchange.wallet WHERE id = o.to_wallet) THEN
        RETURN exchange.refused('wallet-not-found');
    END IF;
    IF giver.frozen THEN RETURN exchange.refused('wallet-frozen'); END IF;
    SELECT * INTO picked FROM exchange.pick_lots(o.wallet, o.points, today);
    IF picked.found < o.points THEN
        RETURN exchange.refused('insufficient-points',
            jsonb_build_object('requested', o.points, 'available', picked.found));
    END IF;
    -- Every refusal is above this line.
    INSERT INTO exchange.journal (id, window_id, kind, wallet_id, to_wallet_id, points, note, at)
        VALUES (o.id, in_window, 'transfer', o.wallet, o.to_wallet, o.points, o.note, moment);
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
    UPDATE exchange.wallet SET available = available - o.points WHERE id = o.wallet;
    UPDATE exchange.wallet SET available = available + o.points WHERE id = o.to_wallet;
    RETURN exchange.done(jsonb_build_object('id', o.id, 'kind', 'transfer', 'points', o.points,
        'at', moment));
END $$;

-- A correction that two people agreed on: an issuer's points into a wallet, or out of it.
CREATE FUNCTION exchange.post_adjustment(o exchange."order", in_window integer, moment timestamptz)
RETURNS exchange.outcome LANGUAGE plpgsql AS $$
DECLARE
    cap record;
    there bigint;
BEGIN
    PERFORM 1 FROM exchange.wallet WHERE id = o.wallet FOR UPDATE;
    IF NOT FOUND THEN RETURN exchange.refused('wallet-not-found'); END IF;
    IF EXISTS (SELECT FROM exchange.journal WHERE approval_id = o.approval) THEN
        RETURN exchange.refused('approval-used');
    END IF;
    IF o.direction = 'credit' THEN
        SELECT * INTO cap FROM exchange.within_cap(o, o.wallet, o.points);
        IF NOT cap.allowed THEN
            RETURN exchange.refused('position-limit', jsonb_build_object('requested', o.points, 'room', cap.room));
        END IF;
    ELSE
        PERFORM 1 FROM exchange.exposure WHERE party_id = o.party FOR UPDATE;
        SELECT coalesce(sum(available), 0) INTO there FROM exchange.lot
            WHERE wallet_id = o.wallet AND issuer_id = o.party;
        IF there < o.points THEN
            RETURN exchange.refused('insufficient-points',
                jsonb_build_object('requested', o.points, 'available', there));
        END IF;
    END IF;
    -- Every refusal is above this line.
    INSERT INTO exchange.journal (id, window_id, kind, party_id, wallet_id, points, approval_id,
            note, at)
        VALUES (o.id, in_window, 'adjustment', o.party, o.wallet, o.points, o.approval, o.note,
            moment);
    IF o.direction = 'credit' THEN
        PERFORM exchange.credit(o, o.wallet, o.points, moment, in_window);
    ELSE
        PERFORM exchange.debit(o, o.wallet, o.points, NULL, moment, in_window);
    END IF;
    RETURN exchange.done(jsonb_build_object('id', o.id, 'kind', 'adjustment', 'points', o.points,
        'direction', o.direction, 'at', moment));
END $$;

-- Claim an idempotency key for this transaction. NULL code: go on and do the work. Otherwise the
-- code of a refusal, or 'replay' with the saved code and facts.
CREATE FUNCTION exchange.claim_key(
    of_party integer, of_key text, of_fingerprint bytea, of_key_id text, of_nonce text,
    moment timestamptz, OUT verdict text, OUT code text, OUT facts jsonb)
LANGUAGE plpgsql AS $$
DECLARE
    c exchange.claim;
BEGIN
    INSERT INTO exchange.nonce VALUES (of_key_id, of_nonce, moment) ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN verdict := 'signature-replayed'; RETURN; END IF;
    IF of_key IS NULL THEN RETURN; END IF;
    -- A twin in flight is told so at once, rather than left waiting with a connection in its hand.
    IF NOT pg_try_advisory_xact_lock(hashtextextended(of_party || '/' || of_key, 0)) THEN
        verdict := 'request-in-progress';
        RETURN;
    END IF;
    SELECT * INTO c FROM exchange.claim WHERE party_id = of_party AND key = of_key;
    IF NOT FOUND THEN RETURN; END IF;
    IF c.fingerprint <> of_fingerprint THEN
        verdict := 'idempotency-key-reused';
    ELSIF c.code IS NULL AND c.facts IS NULL THEN
        verdict := 'answer-expired';
    ELSE
        verdict := 'replay';
        code := c.code;
        facts := c.facts;
    END IF;
END $$;

CREATE FUNCTION exchange.post(
    orders jsonb, moment timestamptz DEFAULT NULL,
    OUT line integer, OUT code text, OUT facts jsonb, OUT replayed boolean)
RETURNS SETOF record LANGUAGE plpgsql AS $$
DECLARE
    todo exchange."order"[];
    o exchange."order";
    r exchange.outcome;
    c record;
    in_window integer;
    now_ timestamptz;
    is_open boolean;
BEGIN
    -- Closing takes this lock exclusively for the moment it opens the next window, so a journal's
    -- window cannot close under it.
    PERFORM pg_advisory_xact_lock_shared(7209070);
    SELECT id INTO in_window FROM exchange."window" WHERE closed_at IS NULL;
    IF NOT FOUND THEN RAISE EXCEPTION 'no window is open' USING ERRCODE = 'TB001'; END IF;
    todo := ARRAY(SELECT x FROM jsonb_populate_recordset(NULL::exchange."order", orders) x);
    IF cardinality(todo) > 1 THEN PERFORM exchange.lock_in_order(todo); END IF;
    line := -1;
    FOREACH o IN ARRAY todo LOOP
        line := line + 1;
        now_ := coalesce(moment, clock_timestamp());
        replayed := false;
        IF o.nonce IS NOT NULL THEN
            SELECT * INTO c FROM exchange.claim_key(
                o.party, o.key, decode(o.fingerprint, 'hex'), o.key_id, o.nonce, now_);
            IF c.verdict = 'replay' THEN
                code := c.code; facts := c.facts; replayed := true;
                RETURN NEXT;
                CONTINUE;
            ELSIF c.verdict IS NOT NULL THEN
                code := c.verdict; facts := '{}';
                RETURN NEXT;
                CONTINUE;
            END IF;
        END IF;
        is_open := true;
        IF o.party IS NOT NULL THEN
            SELECT state = 'open' INTO is_open FROM exchange.party WHERE id = o.party;
        END IF;
        IF is_open IS NOT TRUE AND o.kind NOT IN ('void', 'refund', 'clawback') THEN
            r := exchange.refused('partner-not-active');
        ELSIF o.unpriced THEN
            r := exchange.refused('terms-missing');
        ELSE
            r := CASE o.kind
                WHEN 'redemption' THEN exchange.post_redemption(o, in_window, now_)
                WHEN 'accrual' THEN exchange.post_accrual(o, in_window, now_)
                WHEN 'import' THEN exchange.post_accrual(o, in_window, now_)
                WHEN 'authorisation' THEN exchange.post_authorisation(o, now_)
                WHEN 'capture' THEN exchange.post_hold_end(o, in_window, now_)
                WHEN 'void' THEN exchange.post_hold_end(o, in_window, now_)
                WHEN 'hold-expiry' THEN exchange.post_hold_end(o, in_window, now_)
                WHEN 'refund' THEN exchange.post_refund(o, in_window, now_)
                WHEN 'clawback' THEN exchange.post_clawback(o, in_window, now_)
                WHEN 'lot-expiry' THEN exchange.post_lot_expiry(o, in_window, now_)
                WHEN 'transfer' THEN exchange.post_transfer(o, in_window, now_)
                WHEN 'adjustment' THEN exchange.post_adjustment(o, in_window, now_)
            END;
        END IF;
        IF r.code IS NULL THEN
            INSERT INTO exchange.event (party_id, kind, subject, facts, at)
                VALUES (o.party, o.kind, coalesce(o.hold, o.id), r.facts, now_);
        END IF;
        -- What may pass by itself in a minute is not saved: a later try must be able to succeed.
        IF o.nonce IS NOT NULL AND o.key IS NOT NULL
                AND r.code IS DISTINCT FROM 'too-many-codes' THEN
            INSERT INTO exchange.claim VALUES (o.party, o.key, decode(o.fingerprint, 'hex'), o.kind,
                r.code, r.facts, o.evidence, now_);
        END IF;
        code := r.code; facts := r.facts;
        RETURN NEXT;
    END LOOP;
END $$;
