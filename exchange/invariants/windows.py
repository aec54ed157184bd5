"""Windows lose nothing, and their totals are the postings behind the watermark."""

from exchange.invariants.checking import Invariant

IN_A_WINDOW = Invariant(
    "journal-is-in-a-window-that-was-open",
    "Every journal is in exactly one window, which exists and had not closed by then.",
    """
    SELECT j.id, format('by %s', w.closed_at), format('window %s at %s', j.window_id, j.at)
    FROM exchange.journal j LEFT JOIN exchange."window" w ON w.id = j.window_id
    WHERE w.id IS NULL OR j.at > w.closed_at
    """,
)

FOLLOW = Invariant(
    "windows-follow-one-another",
    "A window opens in the moment in which the one before it closes; none but the last is open.",
    """
    SELECT name, before, opened_at
    FROM (SELECT name, opened_at, lag(closed_at) OVER w AS before, row_number() OVER w AS n
          FROM exchange."window" WINDOW w AS (ORDER BY id)) each
    WHERE n > 1 AND before IS DISTINCT FROM opened_at
    """,
)

TOTALS = Invariant(
    "totals-are-the-postings-behind-the-watermark",
    "Per window, issuer, party and movement, the rolled-up total is the sum of the postings of"
    " the transactions before the watermark. (Party 0 stands for none.)",
    """
    SELECT format('window %s, issuer %s, party %s, %s', coalesce(t.window_id, p.window_id),
                  coalesce(t.issuer_id, p.issuer_id), coalesce(t.party_id, p.party_id),
                  coalesce(t.movement, p.movement)),
           format('%s in %s lines', coalesce(p.points, 0), coalesce(p.lines, 0)),
           format('%s in %s lines', coalesce(t.points, 0), coalesce(t.lines, 0))
    FROM exchange.total t
    FULL JOIN (SELECT window_id, issuer_id, coalesce(party_id, 0) AS party_id, movement,
                      sum(points) AS points, count(*) AS lines
               FROM exchange.posting
               WHERE xid < (SELECT xid FROM exchange.watermark)
               GROUP BY window_id, issuer_id, coalesce(party_id, 0), movement) p
        ON p.window_id = t.window_id AND p.issuer_id = t.issuer_id
            AND p.party_id = t.party_id AND p.movement = t.movement
    WHERE coalesce(t.points, 0) <> coalesce(p.points, 0)
        OR coalesce(t.lines, 0) <> coalesce(p.lines, 0)
    """,
)

INVARIANTS = [IN_A_WINDOW, FOLLOW, TOTALS]
