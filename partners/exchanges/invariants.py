"""What must be true of `partners.exchanges` at any time."""

from exchange.invariants import Invariant

DONE = Invariant(
    "exchange-done-as-quoted",
    "An exchange that is done is one capture of its hold, or one import at its quote: of its"
    " wallet, its partner and its rate, of as many points, theirs and fee as were quoted.",
    """
    SELECT x.id,
           format('%s of wallet %s by party %s: %s points, %s theirs, fee %s, rate %s',
                  CASE x.direction WHEN 'export' THEN 'capture' ELSE 'import' END,
                  x.wallet_id, x.party_id, x.points, x.theirs, x.fee, x.rate_id),
           CASE WHEN j.id IS NULL THEN 'none' ELSE
           format('%s of wallet %s by party %s: %s points, %s theirs, fee %s, rate %s',
                  j.kind, j.wallet_id, j.party_id, j.points, j.theirs, j.fee, j.rate_id) END
    FROM partners.exchange x LEFT JOIN exchange.journal j ON j.id = x.journal_id
    WHERE x.state IN ('done', 'undoing', 'undone') AND (j.id IS NULL
        OR (j.kind, j.wallet_id, j.party_id, j.points, j.theirs, j.fee, j.rate_id)
            IS DISTINCT FROM (CASE x.direction WHEN 'export' THEN 'capture' ELSE 'import' END,
                x.wallet_id, x.party_id, x.points, x.theirs, x.fee, x.rate_id)
        OR (x.direction = 'export' AND j.hold_id IS DISTINCT FROM x.hold_id)
        OR (x.direction = 'import'
            AND NOT EXISTS (SELECT FROM exchange.quote q WHERE q.id = x.id AND q.used_by = j.id)))
    """,
)

NOT_DONE = Invariant(
    "exchange-not-done-moves-nothing",
    "An exchange that is not done took nothing from the wallet and brought nothing to it; one that"
    " was returned, or is about to be, holds nothing either.",
    """
    SELECT x.id, format('%s: nothing', x.state),
           coalesce('hold ' || h.state, 'quote used by ' || q.used_by)
    FROM partners.exchange x
    LEFT JOIN exchange.hold h ON h.id = x.hold_id
    LEFT JOIN exchange.quote q ON q.id = x.id AND q.used_by IS NOT NULL
    WHERE x.journal_id IS NULL AND (q.id IS NOT NULL OR h.state IN ('captured', 'expired')
        OR (h.state = 'held' AND x.state IN ('returning', 'returned')))
    """,
)

HELD = Invariant(
    "exchange-under-way-is-held",
    "What an export under way gives is held for its partner, firmly and for longer than anybody"
    " asks, unless the partner itself let go.",
    """
    SELECT x.id, format('%s points of wallet %s for party %s', x.points, x.wallet_id, x.party_id),
           CASE WHEN h.id IS NULL THEN 'none'
                ELSE format('%s points of wallet %s for party %s, %s until %s', h.points,
                            h.wallet_id, h.party_id, h.state, h.expires_at) END
    FROM partners.exchange x LEFT JOIN exchange.hold h ON h.id = x.hold_id
    WHERE x.direction = 'export' AND x.state IN ('reserved', 'asked') AND (h.id IS NULL
        OR h.state NOT IN ('held', 'voided') OR NOT h.firm
        OR h.expires_at < x.confirmed_at + interval '5 years'
        OR (h.points, h.wallet_id, h.party_id)
            IS DISTINCT FROM (x.points, x.wallet_id, x.party_id))
    """,
)

UNDONE = Invariant(
    "exchange-undone-once-and-whole",
    "What was undone is whole: all points of an export are back, all of an import are gone. It was"
    " begun in time, and no exchange that is done was undone by halves.",
    """
    SELECT x.id, format('%s, %s points undone before %s', x.state,
                        CASE WHEN x.state = 'done' THEN 0 ELSE x.points END, x.undo_until),
           format('%s points at %s', coalesce(u.undone, 0), x.undo_asked_at)
    FROM partners.exchange x
    LEFT JOIN exchange.undone u ON u.journal_id = x.journal_id
    LEFT JOIN exchange.journal j ON j.id = x.undo_id
    WHERE (x.state = 'undone' OR (x.state = 'undoing' AND x.direction = 'import'))
            AND coalesce(u.undone, 0) <> x.points
        OR x.undo_id IS NOT NULL AND (j.undoes IS DISTINCT FROM x.journal_id
            OR x.state NOT IN ('undoing', 'undone'))
        OR x.state = 'undoing' AND x.direction = 'import' AND x.undo_id IS NULL
        OR x.state IN ('undoing', 'undone')
            AND (x.undo_asked_at IS NULL OR x.undo_asked_at >= x.undo_until) IS NOT FALSE
    """,
)

PRICED = Invariant(
    "exchange-priced-by-its-rate",
    "A quote is what its rate says: of an import all that it is worth and no point more, of an"
    " export no fewer points than it costs; for the rate's own party, on the link's own wallet.",
    """
    SELECT x.id,
           format('party %s, %s, wallet %s', r.party_id, r.direction, l.wallet_id),
           format('party %s, %s, wallet %s: %s points, %s theirs, fee %s', x.party_id,
                  x.direction, x.wallet_id, x.points, x.theirs, x.fee)
    FROM partners.exchange x
    JOIN exchange.rate r ON r.id = x.rate_id
    JOIN exchange.link l ON l.id = x.link_id
    WHERE (r.party_id, r.direction, l.party_id, l.wallet_id)
            IS DISTINCT FROM (x.party_id, x.direction, x.party_id, x.wallet_id)
        OR x.direction = 'import' AND x.points + x.fee
            <> div(x.theirs::numeric * r.ours + r.theirs - 1, r.theirs)
        OR x.direction = 'import'
            AND x.fee <> div((x.points + x.fee)::numeric * r.fee_ppm, 1000000)
        OR x.direction = 'export' AND (x.fee <> div(x.points::numeric * r.fee_ppm, 1000000)
            OR div((x.points - x.fee)::numeric * r.theirs + r.ours - 1, r.ours) < x.theirs)
    """,
)

INVARIANTS: list[Invariant] = [DONE, NOT_DONE, HELD, UNDONE, PRICED]
