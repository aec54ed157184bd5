"""What must be true of defaults at any time (see `exchange.invariants`)."""

from exchange.invariants import Invariant

SECURITY = Invariant(
    "security-is-never-negative",
    "Neither a partner's collateral nor its part of the mutual fund was ever below zero.",
    """
    SELECT format('%s of party %s, movement %s', account, party_id, id), 'at least 0', held
    FROM (SELECT id, party_id, account,
                 sum(amount) OVER (PARTITION BY party_id, account ORDER BY id) AS held
          FROM settlement.security) AS balance
    WHERE held < 0
    """,
)

MET = Invariant(
    "shortfall-is-met-to-the-unit",
    "The shares that cover a default sum to it; one worked out without the partner has none.",
    """
    SELECT s.id, CASE s.method WHEN 'cover' THEN s.amount ELSE 0 END, coalesce(sum(g.amount), 0)
    FROM settlement.shortfall s LEFT JOIN settlement.shortfall_share g ON g.shortfall_id = s.id
    GROUP BY s.id
    HAVING coalesce(sum(g.amount), 0) <> CASE s.method WHEN 'cover' THEN s.amount ELSE 0 END
    """,
)

COVERED = Invariant(
    "default-takes-a-net-to-zero",
    "In the revision that dealt with a default, the partner's net went from what it failed to pay"
    " to nothing: by a cover of just that, or by leaving it out.",
    """
    SELECT s.id, format('net %s, then 0; cover %s more', -s.amount,
                        CASE s.method WHEN 'cover' THEN s.amount ELSE 0 END),
           format('net %s, then %s; cover %s more', before.net, after.net,
                  after.cover - before.cover)
    FROM settlement.shortfall s
    LEFT JOIN settlement.position before ON before.window_id = s.window_id
        AND before.party_id = s.party_id AND before.revision = s.revision - 1
    LEFT JOIN settlement.position after ON after.window_id = s.window_id
        AND after.party_id = s.party_id AND after.revision = s.revision
    WHERE (before.net, after.net, after.cover - before.cover) IS DISTINCT FROM
        (-s.amount, 0, CASE s.method WHEN 'cover' THEN s.amount ELSE 0 END)
    """,
)

DRAWN = Invariant(
    "what-was-drawn-is-what-was-shared",
    "Collateral and fund were drawn on, and refilled, by just what defaults and recoveries say.",
    """
    WITH said AS (
        SELECT s.proposal_id, g.party_id, g.step, -g.amount AS amount
        FROM settlement.shortfall s JOIN settlement.shortfall_share g ON g.shortfall_id = s.id
        UNION ALL
        SELECT r.proposal_id, g.party_id, g.step, g.amount
        FROM settlement.recovery r JOIN settlement.recovery_share g ON g.recovery_id = r.id),
    shares AS (
        SELECT proposal_id, party_id,
               CASE step WHEN 'collateral' THEN step ELSE 'fund' END AS account,
               sum(amount) AS amount
        FROM said WHERE step <> 'loss' GROUP BY 1, 2, 3),
    moved AS (
        SELECT proposal_id, party_id, account, sum(amount) AS amount
        FROM settlement.security WHERE kind IN ('use', 'recovery') GROUP BY 1, 2, 3)
    SELECT format('proposal %s, %s of party %s', proposal_id, account, party_id), shares.amount,
           moved.amount
    FROM shares FULL JOIN moved USING (proposal_id, party_id, account)
    WHERE shares.amount IS DISTINCT FROM moved.amount
    """,
)

RETURNED = Invariant(
    "what-came-back-was-given",
    "Nobody gets back more than it gave, and a covered default is cured when all has come back.",
    """
    WITH back AS (
        SELECT r.shortfall_id, g.step, g.party_id, sum(g.amount) AS amount
        FROM settlement.recovery r JOIN settlement.recovery_share g ON g.recovery_id = r.id
        GROUP BY 1, 2, 3)
    SELECT format('%s to party %s of %s', back.step, back.party_id, shortfall_id),
           format('at most %s', coalesce(given.amount, 0)), back.amount::text
    FROM back LEFT JOIN settlement.shortfall_share given USING (shortfall_id, step, party_id)
    WHERE back.amount > coalesce(given.amount, 0)
    UNION ALL
    SELECT format('recovery %s', r.id), r.amount::text, coalesce(sum(g.amount), 0)::text
    FROM settlement.recovery r LEFT JOIN settlement.recovery_share g ON g.recovery_id = r.id
    GROUP BY r.id HAVING r.amount <> coalesce(sum(g.amount), 0)
    UNION ALL
    SELECT format('cured %s', s.id), s.amount::text, coalesce(sum(r.amount), 0)::text
    FROM settlement.shortfall s LEFT JOIN settlement.recovery r ON r.shortfall_id = s.id
    WHERE s.method = 'cover' GROUP BY s.id
    HAVING (s.cured_at IS NOT NULL) <> (coalesce(sum(r.amount), 0) = s.amount)
    """,
)

INVARIANTS: list[Invariant] = [SECURITY, MET, COVERED, DRAWN, RETURNED]
