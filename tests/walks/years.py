"""Ten years of a coalition, written by SQL: many members, one who bought something every day, and
one whose partner has rested for years.

Rows have the shape and the order that trade would have left, no more: these books do not balance.
"""

import time
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import psycopg

import exchange.rollup
import settlement.rollup
from kit.database import Database
from partners.public_keys import PrivateKey
from settlement.bank import invoice_files
from settlement.bank.invoice import Invoice, InvoiceLine, PayTo
from settlement.reconciliation.matching import OUTCOMES
from settlement.statement_files import as_json
from settlement.statements import BankDetails
from tests.factories import build_key, build_partner, build_terms
from tests.settlement.samples import crowd

PARTNERS = 20
WINDOWS = 120  # closed ones, a month each
MEMBERS = 50_000
JOURNALS = 300_000  # half of them in the open window
LONG = 15  # every fifteenth is the long member's: 20,000
EMPTIED = 2_000  # lots of the long member without points, half of them expired
REQUESTS = 5_000  # kept, of the first journals
RECORDS = 1_200  # for reconciliation
TAIL = 1_000  # journals since the last roll-up


@dataclass(frozen=True, slots=True)
class Known:
    """A member with a purchase, a hold and a link at `party`; a record of the party's, a dispute
    an approval and an exchange."""

    party: int
    member: UUID
    journal: UUID
    hold: UUID
    record: UUID
    dispute: UUID
    approval: UUID
    exchange: UUID


def uuid(number: str, part: int) -> str:
    """In the order of the numbers, as UUIDs of version 7 are in that of time."""
    return f"(lpad(to_hex({number}), 12, '0') || '7000800000000000000{part}')::uuid"


_PARTY = "(%(parties)s::integer[])[1 + ({}) %% %(partners)s]"
# Member 1 is the long one; who the others are depends on the journal's number.
_MEMBER = "(CASE WHEN i %% %(long)s = 0 THEN 1 ELSE 2 + i %% (%(members)s - 1) END)"
# The last partner rests: after a fifth of the time its tills are another's.
_TILL = (
    f"CASE WHEN i > %(journals)s / 5 THEN (%(parties)s::integer[])"
    f"[1 + {_MEMBER} %% (%(partners)s - 1)] ELSE {_PARTY.format(_MEMBER)} END"
)
_WINDOW = "least(1 + i * 2 * %(windows)s / %(journals)s, %(windows)s + 1)"

_CLOSED = (
    """INSERT INTO exchange."window" (name, opened_at, closed_at)
       SELECT to_char(m, 'YYYY-MM'), m,
              CASE WHEN n <= %(windows)s THEN m + interval '1 month' END
       FROM generate_series(1, %(windows)s + 1) n,
            LATERAL (SELECT timestamptz '2016-11-01' + n * interval '1 month' AS m) each""",
    """INSERT INTO settlement.settlement (window_id, state, revision, currency, route, advice_on,
           call_on, disputes_until, closed_at, closed_by)
       SELECT id, 'settled', 1, 'CNY', 'hub', closed_at, closed_at, closed_at, closed_at, 'mei'
       FROM exchange."window" WHERE closed_at IS NOT NULL""",
    """INSERT INTO settlement.revision
       SELECT window_id, 1, 'closing', NULL, 'mei', closed_at FROM settlement.settlement""",
    """INSERT INTO settlement.obligation
       SELECT window_id, 1, d, c, 'spent', 100, 100 FROM settlement.settlement,
              unnest(%(parties)s::integer[]) d, unnest(%(parties)s::integer[]) c WHERE d <> c
       UNION ALL
       SELECT window_id, 1, d, 1, kind, 100 * (%(partners)s - 1), 0
       FROM settlement.settlement, unnest(%(parties)s::integer[]) d,
            unnest(ARRAY['fee', 'spread']) kind
       ORDER BY 1""",
    """INSERT INTO settlement.moved
       SELECT window_id, 'spent', d.party_id, c.party_id, d.id, d.id, c.id, 100
       FROM settlement.settlement, partners.terms d, partners.terms c WHERE d.id <> c.id
       ORDER BY 1""",
    """INSERT INTO settlement.position
       SELECT window_id, 1, p, 100 * (%(partners)s - 1), 100 * (%(partners)s - 1), 0, 0, 'CNY',
              1, 1, 0
       FROM settlement.settlement, unnest(%(parties)s::integer[]) p""",
    """INSERT INTO settlement.payment
       SELECT window_id, 1, n, (%(parties)s::integer[])[n],
              (%(parties)s::integer[])[1 + n %% %(partners)s], 5
       FROM settlement.settlement, generate_series(1, %(partners)s) n""",
    """INSERT INTO settlement.statement
       SELECT format('ST-%%s-%%s', window_id, p), window_id, 1, p, %(document)s, '', '', 'hub',
              '', now()
       FROM settlement.settlement, unnest(%(parties)s::integer[]) p""",
    """INSERT INTO settlement.invoice
       SELECT format('INV-%%s-%%s', window_id, p), window_id, 1, p, 'invoice', NULL, 'CNY', 5,
              closed_at::date, %(invoice)s, '', '', closed_at
       FROM settlement.settlement, unnest(%(parties)s::integer[]) p""",
    """INSERT INTO exchange.total
       SELECT window_id, i, p, m, 10, 10
       FROM settlement.settlement, unnest(%(parties)s::integer[]) i,
            unnest(%(parties)s::integer[]) p, unnest(ARRAY['spent', 'refunded']) m""",
)

_PEOPLE = (
    """INSERT INTO exchange.account (id, kind) OVERRIDING SYSTEM VALUE
       SELECT %(base)s + n, 'wallet' FROM generate_series(1, %(members)s) n""",
    """INSERT INTO exchange.wallet (id, available, opened_at)
       SELECT %(base)s + n, 30, now() FROM generate_series(1, %(members)s) n""",
    f"""INSERT INTO exchange.link (id, party_id, wallet_id, shares_balance, linked_at)
        SELECT {uuid("n", 1)}, {_PARTY.format("n")}, %(base)s + n, true, now()
        FROM generate_series(1, %(members)s) n""",
    f"""INSERT INTO members.member
        SELECT {uuid("n", 2)}, %(base)s + n, {_PARTY.format("n")}, now()
        FROM generate_series(1, %(members)s) n""",
    f"""INSERT INTO members.customer
        SELECT {_PARTY.format("n")}, 'C-' || n, {uuid("n", 2)}, {uuid("n", 1)}
        FROM generate_series(1, %(members)s) n""",
    f"""INSERT INTO exchange.lot (wallet_id, issuer_id, expires_on, available, opened_at)
        SELECT %(base)s + n, {_PARTY.format("n + k")}, current_date + 100 * k, 10, now()
        FROM generate_series(1, 3) k, generate_series(1, %(members)s) n""",
    # A lot for each day on which its points ceased to be pending, until they were spent; between
    # the long member's lie others'.
    """INSERT INTO exchange.lot
           (wallet_id, issuer_id, expires_on, spendable_from, available, opened_at)
       SELECT %(base)s + CASE n %% 20 WHEN 0 THEN 1 ELSE n END, (%(parties)s::integer[])[2],
              current_date + CASE n %% 40 WHEN 0 THEN -50 ELSE 50 END, current_date - n / 20, 0,
              now()
       FROM generate_series(1, 20 * %(emptied)s) n""",
    f"""INSERT INTO exchange.hold
            (id, party_id, wallet_id, points, released, state, reference, held_at, expires_at,
             ended_at)
        SELECT {uuid("n", 3)}, {_PARTY.format("n")}, %(base)s + n, 5, 5, 'voided', 'H-' || n,
               now(), now(), now()
        FROM generate_series(1, %(members)s) n""",
)

# Party 1's first three journals of all are its only imports.
_TRADE = (
    f"""INSERT INTO exchange.journal
            (id, window_id, kind, party_id, wallet_id, points, reference, request_key, at)
        SELECT {uuid("i", 4)}, {_WINDOW},
               CASE WHEN i <= 3 THEN 'import' WHEN i %% 10 = 0 THEN 'accrual'
                    ELSE 'redemption' END,
               CASE WHEN i <= 3 THEN (%(parties)s::integer[])[2]
                    ELSE {_TILL} END,
               %(base)s + {_MEMBER}, 1, 'R-' || i, 'K-' || i, now()
        FROM generate_series(%(first)s, %(last)s) i""",
    # The requests of the first, as they were signed: the members that are known have theirs there.
    f"""INSERT INTO exchange.claim
        SELECT j.party_id, j.request_key, '', j.kind, NULL, NULL,
               jsonb_build_object('key_id', k.id, 'base', 'it', 'signature', '00', 'body', ''),
               j.at
        FROM generate_series(%(first)s, least(%(last)s, {REQUESTS})) i
        JOIN exchange.journal j ON j.id = {uuid("i", 4)}
        JOIN partners.partner p ON p.party_id = j.party_id
        CROSS JOIN LATERAL (
            SELECT id FROM partners.key WHERE partner_id = p.id ORDER BY id LIMIT 1) k""",
    f"""INSERT INTO exchange.posting (journal_id, line, window_id, movement, party_id, debit,
            credit, points, issuer_id, issued_at, valued_at)
        SELECT {uuid("i", 4)}, 1, {_WINDOW}, CASE i %% 10 WHEN 0 THEN 'issued' ELSE 'spent' END,
               CASE i %% 10 WHEN 0 THEN {_PARTY.format("i")} ELSE {_TILL} END,
               1, 2, 1, {_PARTY.format("i")}, now(), now()
        FROM generate_series(%(first)s, %(last)s) i""",
    f"""INSERT INTO exchange.undone SELECT {uuid("i", 4)}, 1, 1
        FROM generate_series(%(first)s, %(last)s) i WHERE i %% 10 = 5""",
)

# The closed windows' journals, in the log; nobody here looks at what the hashes are of.
_SEALED = (
    f"""INSERT INTO settlement.leaf
        SELECT i - 1, {uuid("i", 4)}, {_WINDOW}, i, sha256(i::text::bytea)
        FROM generate_series(1, %(journals)s / 2) i""",
    """INSERT INTO settlement.node
       SELECT level, n - 1, sha256(n::text::bytea)
       FROM unnest(ARRAY[1, 2]) level,
            generate_series(1, %(journals)s / 2 / (256 ^ level)::integer) n""",
    """INSERT INTO settlement.head
       SELECT n * %(journals)s / 20, sha256(''), now(), 'hub', ''
       FROM generate_series(1, 10) n""",
)


# Records of every partner's, with as many findings of each outcome.
_RECORDS = (
    f"""INSERT INTO settlement.reconciliation
            (id, party_id, window_id, side, tolerance, many, state, created_at, matched_at)
        SELECT {uuid("n", 5)}, {_PARTY.format("n")}, 1 + n %% %(windows)s, 'accepted', 60, false,
               'differs', now(), now()
        FROM generate_series(1, %(records)s) n""",
    f"""INSERT INTO settlement.reconciliation_part
        SELECT {uuid("n", 5)}, p, 100, 100, '', now()
        FROM generate_series(1, %(records)s) n, generate_series(1, 3) p""",
    f"""INSERT INTO settlement.reconciliation_outcome
        SELECT {uuid("n", 5)}, o, 30, 30, 30, 30, 30
        FROM generate_series(1, %(records)s) n, unnest(%(outcomes)s::text[]) o""",
    f"""INSERT INTO settlement.reconciliation_finding (reconciliation_id, outcome, number, differs,
            their_lines, their_reference, their_kind, their_points, our_window_id)
        SELECT {uuid("n", 5)}, o, f, '{{}}', ARRAY[f], 'R-' || f, 'spent', 1, 1
        FROM generate_series(1, %(records)s) n, unnest(%(outcomes)s::text[]) o,
             generate_series(1, 30) f""",
)

# Each about a journal of its own, between one partner and the next.
_DISPUTES = (
    f"""INSERT INTO settlement.dispute (id, window_id, journal_id, issuer_id, acceptor_id, points,
            opened_by, reason, opened_at)
        SELECT {uuid("n", 6)}, 1 + n %% %(windows)s, {uuid("n", 4)}, {_PARTY.format("n")},
               {_PARTY.format("n + 1")}, 10, {_PARTY.format("n")}, 'other', now()
        FROM generate_series(1, 20 * %(records)s) n""",
    f"""INSERT INTO settlement.dispute_step
        SELECT {uuid("n", 6)}, s, 'opened', NULL, 'words', now()
        FROM generate_series(1, 20 * %(records)s) n, generate_series(1, 3) s""",
    f"""INSERT INTO settlement.dispute_evidence
        SELECT {uuid("n", 6)}, {uuid("n", 6)}, 3, 'z.txt', 'text/plain', sha256('z'), 'z', now()
        FROM generate_series(1, 20 * %(records)s) n""",
)

# Each given, and each a payment code.
_APPROVALS = (
    f"""INSERT INTO partners.approval (id, party_id, wallet_id, points, reference, description,
            return_url, asked_at, expires_at, state, decided_by, decided_at, code_digest)
        SELECT {uuid("n", 7)}, {_PARTY.format("n")}, n, 10, n, 'words', '', now(), now(),
               'approved', {uuid("n", 1)}, now(), sha256(n::text::bytea)
        FROM generate_series(1, 20 * %(records)s) n""",
    f"""INSERT INTO exchange.payment_code (digest, wallet_id, max_points, party_id, expires_at)
        SELECT sha256(n::text::bytea), n, 10, {_PARTY.format("n")}, now()
        FROM generate_series(1, 20 * %(records)s) n""",
    f"""INSERT INTO partners.return_origin
        SELECT {_PARTY.format("n")}, format('https://%%s.example', n), now()
        FROM generate_series(1, 10 * %(records)s) n""",
    """INSERT INTO exchange.rate (party_id, direction, theirs, ours, minimum, step, fee_ppm, valid)
        SELECT p, 'export', 3, 10, 1, 1, 0, '[2020-01-01,)'
        FROM unnest(%(parties)s::integer[]) p""",
    f"""INSERT INTO partners.exchange (id, party_id, wallet_id, link_id, direction, rate_id, points,
            theirs, fee, quoted_at, expires_at, state, confirmed_at, journal_id, done_at)
        SELECT {uuid("n", 8)}, {_PARTY.format("n")}, n, {uuid("n", 1)}, 'export',
               (SELECT min(id) FROM exchange.rate), 10, 3, 0, now(), now(), 'done', now(),
               {uuid("n", 9)}, now()
        FROM generate_series(1, 20 * %(records)s) n""",
    """INSERT INTO partners.exchange_endpoint (party_id, url, registered_at)
        SELECT p, 'https://own.example', now() FROM unnest(%(parties)s::integer[]) p""",
)

# Rows refer to each other by construction; to look up each would take longer than to write it.
_LET_GO = """DO $$ DECLARE c record; BEGIN
    FOR c IN SELECT conrelid::regclass AS t, conname AS n FROM pg_constraint WHERE contype = 'f'
    LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', c.t, c.n); END LOOP;
END $$"""


def fill(database: Database, owner: psycopg.Connection) -> dict[str, Known]:
    """Write it all, rolled up but for the tail; three members by what they are like."""
    values = {"partners": PARTNERS, "windows": WINDOWS, "members": MEMBERS, "long": LONG}
    values |= {"journals": JOURNALS, "emptied": EMPTIED, "records": RECORDS}
    values |= {"outcomes": list(OUTCOMES), "parties": _partners(database)}
    values |= {"document": _document(), "invoice": _invoice()}
    row = owner.execute("SELECT max(id) FROM exchange.account").fetchone()
    values["base"] = row and row[0]
    owner.execute("SET synchronous_commit = off")
    owner.execute(_LET_GO)
    with psycopg.ClientCursor(owner) as cursor:
        for statement in (*_CLOSED, *_PEOPLE, *_RECORDS, *_DISPUTES, *_APPROVALS):
            cursor.execute(statement, values)
        for first, last in ((1, JOURNALS // 2), (JOURNALS // 2 + 1, JOURNALS - TAIL)):
            for statement in _TRADE:
                cursor.execute(statement, values | {"first": first, "last": last})
        for statement in _SEALED:
            cursor.execute(statement, values)
        owner.execute("VACUUM (ANALYZE)")
        _roll_up(database, owner)
        for statement in _TRADE:
            cursor.execute(statement, values | {"first": JOURNALS - TAIL + 1, "last": JOURNALS})
    numbers = {"plain": 20, "long": 1, "resting": PARTNERS - 1}
    return {what: _known(owner, values, number) for what, number in numbers.items()}


def _document() -> bytes:
    """A statement under a head over all that is sealed."""
    statement = crowd(4)
    assert statement.head is not None
    return as_json(replace(statement, head=replace(statement.head, size=JOURNALS // 2)))


def _invoice() -> bytes:
    """What a partner is asked to pay."""
    to = BankDetails(name="Hub", account="6222", bank="ICBC", bank_code="ICBKCNBJ")
    return invoice_files.as_json(
        Invoice(
            number="INV-1", kind="invoice", cancels=None, window="w-1", revision=1, party=3,
            name="Market", statement=None, issued_at=datetime(2026, 1, 1, tzinfo=UTC),
            due_on=date(2026, 1, 8), base="CNY", lines=(InvoiceLine(kind="spent", amount=5),),
            net=5, numerator=1, denominator=1, currency="CNY", amount=5,
            pay=(PayTo(amount=5, reference="w-1-R1-P000001", to=to, collected=False),),
        )
    )  # fmt: skip


def _partners(database: Database) -> list[int]:
    parties = []
    with database.transaction() as session:
        for _ in range(PARTNERS):
            partner = build_partner(session)
            parties.append(partner.party_id)
            build_terms(session, partner.party_id, currency="CNY")
            for _ in range(3):
                build_key(session, partner, public=PrivateKey.generate().public_key.to_text())
    return parties


def _roll_up(database: Database, owner: psycopg.Connection) -> None:
    """The watermark waits for every transaction of the server: here, for other tests' as well."""
    for _ in range(200):
        with database.transaction() as session:
            exchange.rollup.roll_up(session)
            settlement.rollup.roll_up(session)
        row = owner.execute(
            "SELECT (SELECT max(xid) FROM exchange.posting) < ALL (SELECT xid FROM"
            " exchange.watermark UNION ALL SELECT xid FROM settlement.watermark)"
        ).fetchone()
        if row == (True,):
            return
        time.sleep(0.05)
    raise TimeoutError("somebody's transaction on this server does not end")


def _known(owner: psycopg.Connection, values: dict[str, Any], number: int) -> Known:
    row = owner.execute(
        f"SELECT {uuid('%(n)s::bigint', 1)}, {uuid('%(n)s::bigint', 3)},"
        f" {uuid('%(n)s::bigint', 5)}, {uuid('%(n)s::bigint', 6)},"
        f" {uuid('%(n)s::bigint', 7)}, {uuid('%(n)s::bigint', 8)},"
        " (SELECT id FROM exchange.journal WHERE wallet_id = %(wallet)s ORDER BY id LIMIT 1)",
        {"n": number, "wallet": values["base"] + number},
    ).fetchone()
    assert row is not None
    return Known(
        party=values["parties"][number % PARTNERS],
        member=row[0],
        hold=row[1],
        record=row[2],
        dispute=row[3],
        approval=row[4],
        exchange=row[5],
        journal=row[6],
    )
