"""What must be true of `members.trust` at any time."""

from exchange.invariants import Invariant
from members.trust.levels import LIMITS

_LIMITS = ", ".join(f"({level}, {limit.unapproved_daily})" for level, limit in LIMITS.items())

INVARIANTS: list[Invariant] = [
    Invariant(
        "the-living-stand-somewhere",
        "Every person who is not erased has a level of trust, and nobody else has one",
        """
        SELECT coalesce(p.id, s.person_id), p.id IS NOT NULL, s.person_id IS NOT NULL
        FROM (SELECT id FROM members.person WHERE erased_at IS NULL) p
        FULL JOIN members.standing s ON s.person_id = p.id
        WHERE p.id IS NULL OR s.person_id IS NULL
        """,
    ),
    Invariant(
        "wallet-limit-is-its-levels",
        "What brands may take from a person's wallet in a day is what their level says",
        f"""
        SELECT w.id, t.points, w.unapproved_limit
        FROM members.standing s
        JOIN members.person p ON p.id = s.person_id
        JOIN members.member m ON m.id = p.member_id
        JOIN exchange.wallet w ON w.id = m.wallet_id
        JOIN (VALUES {_LIMITS}) AS t (level, points) ON t.level = s.level
        WHERE w.unapproved_limit IS DISTINCT FROM t.points
        """,  # noqa: S608
    ),
]
