"""What must be true of `members.notices` at any time."""

from exchange.invariants import Invariant

INVARIANTS: list[Invariant] = [
    Invariant(
        "notices-belong-to-the-living",
        "Notices, and choices of what to be told, belong to persons who are not erased",
        """
        SELECT n.person_id, 'a living person', n.what
        FROM (SELECT DISTINCT person_id, 'notices' AS what FROM members.notice
              UNION ALL SELECT person_id, 'choices' FROM members.notice_choice) n
        LEFT JOIN members.person p ON p.id = n.person_id AND p.erased_at IS NULL
        WHERE p.id IS NULL
        """,
    ),
    Invariant(
        "notices-tell-what-happened",
        "A notice about a journal is told to whose wallet it is, with its points and party",
        """
        SELECT n.id, concat_ws(' ', j.wallet_id, j.points, j.party_id),
               concat_ws(' ', m.wallet_id, n.facts ->> 'points', n.facts ->> 'party')
        FROM members.notice n
        JOIN exchange.journal j ON j.id = n.about
        JOIN members.person p ON p.id = n.person_id
        JOIN members.member m ON m.id = p.member_id
        WHERE m.wallet_id <> j.wallet_id OR (n.facts ->> 'points')::bigint <> j.points
            OR (n.facts ->> 'party')::integer IS DISTINCT FROM j.party_id
        """,
    ),
    Invariant(
        "expiry-is-told-once",
        "Of points that expire on one day a person is told at 30, 7 and 1 days, at most once each",
        """
        SELECT n.id, 'one of three', concat_ws(' ', n.facts ->> 'day', n.facts ->> 'left')
        FROM members.notice n
        LEFT JOIN (VALUES (30), (7), (1)) AS t (days)
            ON n.about = md5('expiry ' || (n.facts ->> 'day') || ' ' || t.days)::uuid
        WHERE n.kind = 'expiry'
            AND (t.days IS NULL OR (n.facts ->> 'left')::integer NOT BETWEEN 0 AND t.days)
        """,
    ),
]
