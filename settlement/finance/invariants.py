"""What must be true of it at any time (see `exchange.invariants`)."""

from exchange.invariants import Invariant

VINTAGE = Invariant(
    "vintage-is-not-after-its-use",
    "No points are spent before they were issued: they have an age, and a curve of redemption"
    " begins at none.",
    """
    SELECT format('journal %s, line %s', p.journal_id, p.line), format('from %s', p.issued_at), j.at
    FROM exchange.posting p JOIN exchange.journal j ON j.id = p.journal_id
    WHERE p.movement IN ('spent', 'refunded') AND p.issued_at > j.at
    """,
)

INVARIANTS: list[Invariant] = [VINTAGE]
