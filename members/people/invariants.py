"""What must be true of persons at any time (see `exchange.invariants`)."""

from exchange.invariants import Invariant

ERASED = Invariant(
    "the-erased-have-nothing",
    "Who was erased has no key, no number, nothing sealed, no preference; no session, passkey,"
    " device or link to come in by; no notice and no standing. No brand calls them anything or is"
    " linked to their wallet, which is frozen.",
    """
    SELECT p.id, 'nothing', concat_ws(', ', t.key, t.number, t.sealed, t.choices, t.sessions,
        t.passkeys, t.devices, t.ways_in, t.notices, t.standing, t.customers, t.tokens, t.links,
        t.wallet)
    FROM members.person p
    JOIN members.member m ON m.id = p.member_id
    JOIN exchange.wallet w ON w.id = m.wallet_id,
    LATERAL (SELECT
        CASE WHEN p.wrapped_key IS NOT NULL THEN 'a key' END AS key,
        CASE WHEN p.phone_index IS NOT NULL OR p.phone_verified_at IS NOT NULL
             THEN 'a number' END AS number,
        CASE WHEN p.sealed IS NOT NULL THEN 'particulars' END AS sealed,
        CASE WHEN p.language IS NOT NULL OR p.theme IS NOT NULL THEN 'preferences' END AS choices,
        CASE WHEN EXISTS (SELECT FROM members.session s WHERE s.person_id = p.id)
             THEN 'a session' END AS sessions,
        CASE WHEN EXISTS (SELECT FROM members.passkey k WHERE k.person_id = p.id)
             THEN 'a passkey' END AS passkeys,
        CASE WHEN EXISTS (SELECT FROM members.device d WHERE d.person_id = p.id)
             THEN 'a device' END AS devices,
        CASE WHEN EXISTS (SELECT FROM members.sign_in_link l WHERE l.person_id = p.id)
             THEN 'a way in' END AS ways_in,
        CASE WHEN EXISTS (SELECT FROM members.notice n WHERE n.person_id = p.id)
             THEN 'a notice' END AS notices,
        CASE WHEN EXISTS (SELECT FROM members.standing s WHERE s.person_id = p.id)
             THEN 'a standing' END AS standing,
        CASE WHEN EXISTS (SELECT FROM members.customer c WHERE c.member_id = m.id)
             THEN 'a name at a brand' END AS customers,
        CASE WHEN EXISTS (SELECT FROM members.link_token t WHERE t.member_id = m.id)
             THEN 'a token' END AS tokens,
        CASE WHEN EXISTS (SELECT FROM exchange.link l WHERE l.wallet_id = w.id AND l.active)
             THEN 'a link' END AS links,
        CASE WHEN NOT w.frozen THEN 'a wallet that is not frozen' END AS wallet) t
    WHERE p.erased_at IS NOT NULL AND num_nonnulls(t.key, t.number, t.sealed, t.choices,
        t.sessions, t.passkeys, t.devices, t.ways_in, t.notices, t.standing, t.customers,
        t.tokens, t.links, t.wallet) > 0
    """,
)

LIVING = Invariant(
    "the-living-can-be-found-and-read",
    "Who is not erased has a number's index of 32 bytes, a wrapped key of 60 (nonce, key, tag), and"
    " something sealed with it. No two persons have one number.",
    """
    SELECT p.id, '32, 60, sealed, alone', format('%s, %s, %s, %s with this number',
               octet_length(p.phone_index), octet_length(p.wrapped_key),
               octet_length(p.sealed), count(*) OVER (PARTITION BY p.phone_index))
    FROM members.person p
    WHERE p.erased_at IS NULL AND (
        octet_length(p.phone_index) IS DISTINCT FROM 32
        OR octet_length(p.wrapped_key) IS DISTINCT FROM 60
        OR coalesce(octet_length(p.sealed), 0) <= 28
        OR EXISTS (SELECT FROM members.person o
                   WHERE o.phone_index = p.phone_index AND o.id <> p.id))
    """,
)

OWNERS = Invariant(
    "a-person-owns-one-member",
    "Every person owns a member that there is, and no two persons own the same.",
    """
    SELECT p.id, 'a member of their own', coalesce(m.id::text, 'none')
    FROM members.person p LEFT JOIN members.member m ON m.id = p.member_id
    WHERE m.id IS NULL OR EXISTS (
        SELECT FROM members.person o WHERE o.member_id = p.member_id AND o.id <> p.id)
    """,
)

WAYS_IN = Invariant(
    "whoever-comes-in-is-somebody",
    "Every session, passkey, device and link that signs in is a person's; a session has a digest of"
    " 32 bytes, and is not proved before it was opened; a code has tries left that were given.",
    """
    SELECT s.id, 'a session of somebody', coalesce(p.id::text, 'nobody')
    FROM members.session s LEFT JOIN members.person p ON p.id = s.person_id
    WHERE p.id IS NULL OR octet_length(s.digest) <> 32 OR s.proved_at < s.opened_at
    UNION ALL
    SELECT k.id, 'a passkey of somebody', 'nobody' FROM members.passkey k
    WHERE NOT EXISTS (SELECT FROM members.person p WHERE p.id = k.person_id)
    UNION ALL
    SELECT d.person_id, 'a device of somebody', 'nobody' FROM members.device d
    WHERE NOT EXISTS (SELECT FROM members.person p WHERE p.id = d.person_id)
    UNION ALL
    SELECT l.person_id, 'a link of somebody', 'nobody' FROM members.sign_in_link l
    WHERE NOT EXISTS (SELECT FROM members.person p WHERE p.id = l.person_id)
    UNION ALL
    SELECT c.id, 'at most 5 tries', c.tries_left::text FROM members.sign_in_code c
    WHERE c.tries_left NOT BETWEEN 0 AND 5
    """,
)

INVARIANTS: list[Invariant] = [ERASED, LIVING, OWNERS, WAYS_IN]
