"""What must be true of contested lines at any time (see `exchange.invariants`)."""

from exchange.invariants import Invariant

FROZEN = Invariant(
    "contested-lines-are-left-out",
    "A dispute's line is deferred from the day it is opened, by a deferral that names it, until it"
    " is resolved; and no longer.",
    """
    SELECT d.id, format('%s, deferred', d.state),
           CASE WHEN x.id IS NULL THEN 'no deferral'
                ELSE format('for %s, released %s', x.because, x.released_at) END
    FROM settlement.dispute d
    LEFT JOIN settlement.deferral x ON x.id = d.deferral_id AND x.because = d.id
        AND x.journal_id = d.journal_id AND x.issuer_id = d.issuer_id
    WHERE x.id IS NULL OR (d.state = 'resolved') <> (x.released_at IS NOT NULL)
    """,
)

LINE = Invariant(
    "a-dispute-is-about-a-line",
    "A dispute names a sale, its acceptor, and how many of its points the issuer stands for.",
    """
    SELECT d.id, format('%s at %s', d.points, d.acceptor_id),
           format('%s at %s', coalesce(sum(p.points), 0), j.party_id)
    FROM settlement.dispute d
    JOIN exchange.journal j ON j.id = d.journal_id
    LEFT JOIN exchange.posting p ON p.journal_id = j.id AND p.issuer_id = d.issuer_id
        AND p.movement = 'spent'
    GROUP BY d.id, j.id
    HAVING d.points <> coalesce(sum(p.points), 0) OR d.acceptor_id <> j.party_id
        OR d.window_id <> j.window_id
    """,
)

CORRECTED = Invariant(
    "what-was-upheld-is-given-back",
    "An upheld dispute names the refund that gives the line's points back, and that refund's"
    " reference names the dispute.",
    """
    SELECT d.id, format('refund of %s', d.upheld_points),
           format('%s of %s, reference %s', coalesce(j.kind, 'nothing'), coalesce(sum(p.points), 0),
                  j.reference)
    FROM settlement.dispute d
    LEFT JOIN exchange.journal j ON j.id = d.correction
    LEFT JOIN exchange.posting p ON p.journal_id = j.id AND p.movement = 'refunded'
        AND p.issuer_id = d.issuer_id
    WHERE d.outcome = 'upheld'
    GROUP BY d.id, j.id
    HAVING j.kind IS DISTINCT FROM 'refund' OR j.undoes IS DISTINCT FROM d.journal_id
        OR j.party_id IS DISTINCT FROM d.acceptor_id OR j.points IS DISTINCT FROM d.upheld_points
        OR sum(p.points) IS DISTINCT FROM d.upheld_points
        OR coalesce(j.reference, '') NOT LIKE 'dsp\\_%.%'
    """,
)

STEPS = Invariant(
    "a-dispute's-steps-lead-to-its-state",
    "Steps are numbered without a gap and the first is the opening; of two people of the hub both"
    " agreed where the hub decided.",
    """
    SELECT d.id, format('%s %s', d.state, d.outcome), string_agg(s.step, ', ' ORDER BY s.number)
    FROM settlement.dispute d
    LEFT JOIN settlement.dispute_step s ON s.dispute_id = d.id
    GROUP BY d.id
    HAVING count(s.number) <> coalesce(max(s.number), 0)
        OR min(s.step) FILTER (WHERE s.number = 1) IS DISTINCT FROM 'opened'
        OR bool_or(s.step IN ('uphold', 'dismiss')) <> (d.approval_id IS NOT NULL)
        OR bool_or((s.step IN ('uphold', 'dismiss', 'carry')) <> (s.approval_id IS NOT NULL))
    """,
)

CARRIED = Invariant(
    "a-carried-dispute-says-by-whom",
    "A dispute in a later window than its line's has a step that carried it there: of two people,"
    " or of time.",
    """
    SELECT d.id, 'a step', 'none'
    FROM settlement.dispute d
    WHERE d.carried_into IS NOT NULL AND NOT EXISTS (
        SELECT FROM settlement.dispute_step s
        WHERE s.dispute_id = d.id AND s.step IN ('carry', 'lapse'))
    """,
)

INVARIANTS: list[Invariant] = [FROZEN, LINE, CORRECTED, STEPS, CARRIED]
