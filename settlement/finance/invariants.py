"""What must be true of it at any time (see `exchange.invariants`)."""

from exchange.invariants import Invariant

VINTAGE = Invariant(
    "vintage-is-not-after-its-use",
    "No posting is earlier than the issue of the points that it moves: points have an age, and a"
    " curve of redemption begins at none.",
    """
    SELECT format('journal %s, line %s', p.journal_id, p.line), format('from %s', p.issued_at), j.at
    FROM exchange.posting p JOIN exchange.journal j ON j.id = p.journal_id
    WHERE p.issued_at > j.at
    """,
)

INVARIANTS: list[Invariant] = [VINTAGE]
