"""What must be true of gifts and family purses at any time (see `exchange.invariants`)."""

from exchange.invariants import Invariant

WAITING = Invariant(
    "a-waiting-gift-holds-its-points",
    "A gift that waits holds exactly its points, less what expired in it, and waits for a number;"
    " one that has ended holds nothing, and what was left of it is what it says.",
    """
    WITH lost AS (
        SELECT p.debit AS wallet_id, sum(p.points) AS points
        FROM exchange.posting p WHERE p.movement = 'expired' GROUP BY p.debit)
    SELECT g.id, format('%s, %s points, moved %s', g.state,
               CASE WHEN g.state = 'waiting' THEN g.points - coalesce(l.points, 0) ELSE 0 END,
               CASE WHEN g.state <> 'waiting' THEN g.points - coalesce(l.points, 0) END),
           format('%s available, %s held, moved %s', w.available, w.held, g.moved)
    FROM members.gift g
    LEFT JOIN exchange.wallet w ON w.id = g.escrow_id
    LEFT JOIN lost l ON l.wallet_id = g.escrow_id
    WHERE w.held IS DISTINCT FROM 0
        OR w.available <> CASE WHEN g.state = 'waiting' THEN g.points - coalesce(l.points, 0)
                               ELSE 0 END
        OR g.moved IS DISTINCT FROM CASE WHEN g.state <> 'waiting'
                                         THEN g.points - coalesce(l.points, 0) END
        OR (g.state = 'waiting') <> (g.phone_index IS NOT NULL)
    """,
)

WENT = Invariant(
    "a-gift-goes-to-its-recipient-or-back",
    "A gift came in one transfer from its giver's wallet; it left in one at most, to the wallet of"
    " whoever accepted it, or else back. Nobody accepts or declines a gift of their own.",
    """
    WITH came AS (
        SELECT g.id, count(*) AS transfers,
               bool_and(j.id = g.journal_id AND j.wallet_id = g.wallet_id AND j.points = g.points)
                   AS well
        FROM members.gift g
        JOIN exchange.journal j ON j.to_wallet_id = g.escrow_id
        GROUP BY g.id),
    gone AS (
        SELECT g.id, count(*) AS transfers, sum(j.points) AS points,
               bool_and(j.kind = 'expiry' OR j.to_wallet_id = CASE WHEN g.state = 'accepted'
                            THEN m.wallet_id ELSE g.wallet_id END) AS well
        FROM members.gift g
        JOIN exchange.journal j ON j.wallet_id = g.escrow_id AND j.kind <> 'expiry'
        LEFT JOIN members.person p ON p.id = g.recipient_id
        LEFT JOIN members.member m ON m.id = p.member_id
        GROUP BY g.id)
    SELECT g.id, format('%s from wallet %s, then %s', g.points, g.wallet_id,
               coalesce(g.moved::text, 'nothing')),
           format('%s in (%s), %s out with %s points (%s), %s by %s', coalesce(c.transfers, 0),
               c.well, coalesce(o.transfers, 0), o.points, o.well, g.state, g.recipient_id)
    FROM members.gift g
    LEFT JOIN came c ON c.id = g.id
    LEFT JOIN gone o ON o.id = g.id
    WHERE c.transfers IS DISTINCT FROM 1 OR c.well IS NOT TRUE
        OR coalesce(o.points, 0) <> coalesce(g.moved, 0)
        OR o.transfers > 1 OR o.well IS FALSE
        OR (o.id IS NOT NULL AND o.well IS NULL)
        OR g.recipient_id = g.giver_id
        OR (g.state IN ('accepted', 'declined')) <> (g.recipient_id IS NOT NULL)
    """,
)

PURSE = Invariant(
    "a-purse-holds-what-was-put-in",
    "A family purse holds what its members put in, less what was paid with it and not refunded,"
    " what expired, and what went back when it was closed.",
    """
    WITH moved AS (
        SELECT purse_id, sum(CASE WHEN kind = 'contributed' THEN points ELSE -points END) AS points
        FROM members.purse_move GROUP BY purse_id),
    used AS (
        SELECT u.id, sum(u.points) AS points
        FROM (SELECT p.id, t.points FROM members.purse p
              JOIN exchange.posting t ON t.credit = p.wallet_id AND t.movement <> 'moved'
              UNION ALL
              SELECT p.id, -t.points FROM members.purse p
              JOIN exchange.posting t ON t.debit = p.wallet_id AND t.movement <> 'moved') u
        GROUP BY u.id)
    SELECT p.id, coalesce(m.points, 0) + coalesce(u.points, 0),
           coalesce(w.available + w.held, -1)
    FROM members.purse p
    LEFT JOIN exchange.wallet w ON w.id = p.wallet_id
    LEFT JOIN moved m ON m.purse_id = p.id
    LEFT JOIN used u ON u.id = p.id
    WHERE coalesce(w.available + w.held, -1) <> coalesce(m.points, 0) + coalesce(u.points, 0)
    """,
)

MOVES = Invariant(
    "what-a-purse-got-is-in-the-books",
    "Every contribution is a transfer from that member's wallet into the purse, everything paid"
    " back one from the purse, and no transfer of a purse is anything else.",
    """
    SELECT coalesce(m.id, j.id), format('%s %s', m.kind, m.points),
           format('journal %s of %s from %s to %s', j.id, j.points, j.wallet_id, j.to_wallet_id)
    FROM (SELECT m.*, p.wallet_id AS purse_wallet, b.wallet_id AS own_wallet
          FROM members.purse_move m
          JOIN members.purse p ON p.id = m.purse_id
          JOIN members.person r ON r.id = m.person_id
          JOIN members.member b ON b.id = r.member_id) m
    FULL JOIN (SELECT j.* FROM exchange.journal j
               JOIN members.purse p ON p.wallet_id = j.wallet_id
               WHERE j.kind = 'transfer'
               UNION
               SELECT j.* FROM exchange.journal j
               JOIN members.purse p ON p.wallet_id = j.to_wallet_id
               WHERE j.kind = 'transfer') j ON j.id = m.journal_id
    WHERE m.id IS NULL OR j.id IS NULL OR j.points <> m.points
        OR CASE WHEN m.kind = 'contributed'
                THEN (j.wallet_id, j.to_wallet_id) <> (m.own_wallet, m.purse_wallet)
                ELSE (j.wallet_id, j.to_wallet_id) <> (m.purse_wallet, m.own_wallet) END
    """,
)

ONCE = Invariant(
    "nobody-is-in-a-purse-twice",
    "A person's times as a member of one purse do not overlap.",
    """
    SELECT a.purse_id || '/' || a.person_id, 'once', format('since %s and since %s', a.joined_at,
           b.joined_at)
    FROM members.purse_member a
    JOIN members.purse_member b ON b.purse_id = a.purse_id AND b.person_id = a.person_id
        AND b.joined_at > a.joined_at AND b.joined_at < coalesce(a.left_at, 'infinity')
    """,
)

OPENER = Invariant(
    "an-open-purse-has-its-opener",
    "An open purse has whoever opened it as the one member without a limit, and that person was"
    " not erased; a closed one has no members, and nobody is invited to it.",
    """
    WITH inside AS (
        SELECT m.purse_id, count(*) AS members,
               count(*) FILTER (WHERE m.daily_limit IS NULL) AS unlimited,
               count(*) FILTER (WHERE m.daily_limit IS NULL AND m.person_id = p.opened_by)
                   AS opener
        FROM members.purse_member m JOIN members.purse p ON p.id = m.purse_id
        WHERE m.left_at IS NULL GROUP BY m.purse_id),
    outside AS (
        SELECT purse_id, count(*) AS invited FROM members.purse_invitation
        WHERE state = 'waiting' GROUP BY purse_id)
    SELECT p.id, CASE WHEN p.closed_at IS NULL THEN 'its opener without a limit'
                      ELSE 'nobody' END,
           format('%s members, %s without a limit, %s invited', m.members, m.unlimited, i.invited)
    FROM members.purse p
    LEFT JOIN inside m ON m.purse_id = p.id
    LEFT JOIN outside i ON i.purse_id = p.id
    LEFT JOIN members.person r ON r.id = p.opened_by
    WHERE CASE WHEN p.closed_at IS NULL
               THEN m.unlimited IS DISTINCT FROM 1 OR m.opener <> 1 OR r.erased_at IS NOT NULL
               ELSE m.members > 0 OR i.invited > 0 END
    """,
)

ERASED = Invariant(
    "giving-forgets-the-erased",
    "No words are kept of what an erased person gave, received or was invited to, and none of them"
    " is in a purse.",
    """
    SELECT g.id, 'no words', format('a gift of %s to %s', r.id, t.id) FROM members.gift g
    JOIN members.person r ON r.id = g.giver_id
    LEFT JOIN members.person t ON t.id = g.recipient_id
    WHERE g.sealed IS NOT NULL AND (r.erased_at IS NOT NULL OR t.erased_at IS NOT NULL)
    UNION ALL
    SELECT i.id, 'no words', 'an invitation of ' || r.id FROM members.purse_invitation i
    JOIN members.person r ON r.id = i.person_id
    WHERE r.erased_at IS NOT NULL AND i.sealed IS NOT NULL
    UNION ALL
    SELECT m.purse_id, 'no member', 'member ' || r.id FROM members.purse_member m
    JOIN members.person r ON r.id = m.person_id
    WHERE r.erased_at IS NOT NULL AND m.left_at IS NULL
    """,
)

INVARIANTS: list[Invariant] = [WAITING, WENT, PURSE, MOVES, ONCE, OPENER, ERASED]
