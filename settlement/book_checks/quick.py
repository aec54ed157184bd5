"""The invariants that are asked every few minutes: their cost grows with partners and windows, and
with what was posted since the last time, and not with all that was ever posted.

What sums every posting is left to the full check. In its place stand two comparisons of figures
that are kept apart from one another, and a look at each journal that came since.
"""

from exchange.invariants import Invariant
from settlement.book_checks.every import EVERY

# By name, so that one that is renamed is missed (see the test), whatever its module is called.
_BOUNDED = (
    "windows-follow-one-another",
    "exposure-owed-is-what-is-not-settled",
    "exposure-within-the-cap",
    "adjustment-was-approved",
    "decided-by-another-on-the-same-content",
    "no-window-is-left-unsettled",
    "position-is-the-sum-of-its-obligations",
    "nets-sum-to-zero",
    "payments-settle-the-nets",
    "one-statement-per-partner-and-window",
    "release-is-what-the-issuer-owes",
    "statement-adds-up",
    "both-sides-see-the-same",
    "statements-join",
    "bank-account-was-agreed",
    "bank-statement-adds-up",
    "bank-match-is-its-entry",
    "bank-papers-are-as-made",
    "invoices-and-files-ask-for-the-payments",
    "settled-window-agrees-with-the-bank",
    "security-is-never-negative",
    "shortfall-is-met-to-the-unit",
    "default-takes-a-net-to-zero",
    "what-was-drawn-is-what-was-shared",
    "what-came-back-was-given",
)

# The tail of the postings, behind the totals' watermark. `{mark}` is a number, not a read of the
# watermark: for a number that the planner knows it reads the end of the postings alone.
_TAIL = """
    SELECT window_id, issuer_id, coalesce(party_id, 0) AS party_id, movement, sum(points) AS points
    FROM exchange.posting WHERE xid >= {mark} GROUP BY 1, 2, 3, 4
"""

_EXPOSURE = """
    SELECT format('party %s', coalesce(e.party_id, x.party_id)), coalesce(x.points, 0),
           coalesce(e.points::text, 'no exposure')
    FROM exchange.exposure e
    FULL JOIN (SELECT party_id, sum(points) AS points
               FROM (SELECT issuer_id AS party_id,
                            CASE movement WHEN 'issued' THEN points ELSE -points END AS points
                     FROM (SELECT issuer_id, movement, points FROM exchange.total
                           UNION ALL SELECT issuer_id, movement, points FROM ({tail}) t) every
                     WHERE movement IN ('issued', 'clawed_back')
                     UNION ALL
                     SELECT party_id, -points FROM exchange.exposure_release) m
               GROUP BY party_id) x ON x.party_id = e.party_id
    WHERE e.points IS DISTINCT FROM coalesce(x.points, 0)
"""

_MOVED = """
    SELECT format('window %s, issuer %s, %s', window_id, issuer, kind), coalesce(t.points, 0),
           coalesce(m.points, 0)
    FROM (SELECT window_id, issuer, kind, sum(points) AS points FROM settlement.moved
          GROUP BY 1, 2, 3) m
    FULL JOIN (SELECT window_id, issuer_id AS issuer, movement AS kind, sum(points) AS points
               FROM (SELECT window_id, issuer_id, movement, points FROM exchange.total
                     UNION ALL SELECT window_id, issuer_id, movement, points FROM ({tail}) t) every
               WHERE movement IN ('issued', 'clawed_back', 'spent', 'refunded', 'expired')
                   AND window_id IN (SELECT window_id FROM settlement.settlement
                                     WHERE state <> 'closing')
               GROUP BY 1, 2, 3) t USING (window_id, issuer, kind)
    WHERE coalesce(m.points, 0) <> coalesce(t.points, 0)
        AND window_id IN (SELECT window_id FROM settlement.settlement WHERE state <> 'closing')
"""

_LINES = """
    SELECT x.journal_id, coalesce(j.points::text, 'a journal'), coalesce(x.points, 0)
    FROM (SELECT journal_id, sum(points) AS points FROM exchange.posting
          WHERE xid >= {low} GROUP BY journal_id) x
    LEFT JOIN exchange.journal j ON j.id = x.journal_id
    WHERE j.points IS DISTINCT FROM x.points
"""

# What the recent journals touched: a wallet is looked up, and its lots by the wallet.
_WALLETS = """
    SELECT w.id, format('%s, held %s', l.available, l.held),
           format('%s, held %s', w.available, w.held)
    FROM (SELECT debit AS id FROM exchange.posting WHERE xid >= {low}
          UNION SELECT credit FROM exchange.posting WHERE xid >= {low}) touched
    JOIN exchange.wallet w ON w.id = touched.id
    CROSS JOIN LATERAL (SELECT coalesce(sum(available), 0) AS available,
                               coalesce(sum(held), 0) AS held
                        FROM exchange.lot WHERE wallet_id = w.id) l
    WHERE w.available <> l.available OR w.held <> l.held
"""


def invariants(*, since: int, mark: int) -> list[Invariant]:
    """What to ask. `since` is the transaction from which on nobody has looked at the journals,
    `mark` the totals' watermark."""
    tail = _TAIL.format(mark=int(mark))
    return [
        *(each for each in EVERY if each.name in _BOUNDED),
        Invariant(
            "exposure-is-what-the-totals-say",
            "An issuer's exposure in points, which posting keeps, is what the roll-up and the"
            " postings behind it say was issued and not released.",
            _EXPOSURE.format(tail=tail),
        ),
        Invariant(
            "moved-is-what-the-totals-say",
            "The points that a closed window's figures are worked out from are those that the"
            " roll-up has of it.",
            _MOVED.format(tail=tail),
        ),
        Invariant(
            "recent-journals-are-their-lines",
            "Every journal since the last check has lines, and its points are theirs.",
            _LINES.format(low=int(since)),
        ),
        Invariant(
            "recent-wallets-are-their-lots",
            "Every wallet that was posted to since the last check has the points of its lots.",
            _WALLETS.format(low=int(since)),
        ),
    ]
