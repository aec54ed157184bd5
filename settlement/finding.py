"""From what somebody holds in their hand to what it is: an id, a number, a receipt, a name, a day.

Every question is answered by an index, or from tables as small as the coalition. Members are found
by the ids that partners have for them, never by a name or a phone number.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.orm import Session

from kit.ids import from_text, to_text
from settlement.bank import dues
from settlement.bank.errors import PaymentNotFound

LONGEST: Final = 120  # characters of a question
MOST: Final = 8  # of a kind

_DAY: Final = re.compile(r"(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?")
_DAY_FIRST: Final = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})")
# Whatever a till or a partner gave a number of its own.
_REFERRED: Final = ("accrual", "import", "redemption", "capture", "refund", "clawback")


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """Something that was meant. `kind` is window, partner, journal, reference, statement, invoice,
    key, dispute, proposal, reconciliation, file, payment, exchange or member; `key` is how its
    page knows it, `name` how people do. `exact`: the question names it and nothing else."""

    kind: str
    key: str
    name: str
    exact: bool
    party: str = ""
    at: datetime | None = None
    points: int | None = None


def find(session: Session, asked: str) -> list[Found]:
    """What a question may mean, group by group; nothing for one without a letter or a digit."""
    words = " ".join(asked[:LONGEST].replace("\0", "").split())
    if not any(letter.isalnum() for letter in words):
        return []
    if by_id := _by_id(session, words.lower()):
        return [by_id]
    return [found for look in _LOOKS for found in look(session, words)]


def _by_id(session: Session, words: str) -> Found | None:
    """What a prefixed id names."""
    prefix = words.partition("_")[0]
    look = _IDS.get(prefix)
    id_ = from_text(prefix, words) if look else None
    return look(session, id_, words) if look and id_ else None


def _journal(session: Session, id_: UUID, words: str) -> Found | None:
    rows = _journals(session, "j.id = :id", id=id_)
    return rows[0] if rows else None


def _hold(session: Session, id_: UUID, words: str) -> Found | None:
    """What a hold came to: its capture."""
    rows = _journals(
        session,
        "j.kind = 'capture' AND (j.party_id, j.reference) ="
        " (SELECT h.party_id, h.reference FROM exchange.hold h WHERE h.id = :id)",
        id=id_,
    )
    return rows[0] if rows else None


def _journals(session: Session, where: str, **values: Any) -> list[Found]:
    rows = _all(
        session,
        "SELECT j.id, j.points, j.at, p.name FROM exchange.journal j"  # noqa: S608
        f" LEFT JOIN partners.partner p ON p.party_id = j.party_id WHERE {where}",
        **values,
    )
    return [
        Found(
            kind="journal",
            key=to_text("jrn", row["id"]),
            name=to_text("jrn", row["id"]),
            exact=True,
            party=row["name"] or "",
            at=row["at"],
            points=row["points"],
        )
        for row in rows
    ]


def _one_of(kind: str, sql: str) -> Callable[[Session, UUID, str], Found | None]:
    """A look into one table, for what is known on its page as it is outside."""

    def look(session: Session, id_: UUID, words: str) -> Found | None:
        for row in _all(session, sql, id=id_):
            return Found(
                kind=kind,
                key=row.get("key") or words,
                name=row.get("name") or words,
                exact=True,
                party=row.get("party") or "",
                at=row.get("at"),
            )
        return None

    return look


_IDS: Final = {
    "jrn": _journal,
    "aut": _hold,
    "exg": _one_of(
        "exchange",
        "SELECT x.confirmed_at AS at, p.name AS party FROM partners.exchange x"
        " JOIN partners.partner p ON p.party_id = x.party_id"
        " WHERE x.id = :id AND x.confirmed_at IS NOT NULL",
    ),
    "dsp": _one_of("dispute", "SELECT opened_at AS at FROM settlement.dispute WHERE id = :id"),
    "prp": _one_of("proposal", "SELECT proposed_at AS at FROM staff.proposal WHERE id = :id"),
    "rec": _one_of(
        "reconciliation",
        "SELECT r.created_at AS at, p.name AS party FROM settlement.reconciliation r"
        " LEFT JOIN partners.partner p ON p.party_id = r.party_id WHERE r.id = :id",
    ),
    "ptr": _one_of("partner", "SELECT slug AS key, name FROM partners.partner WHERE id = :id"),
    "mbr": _one_of(
        "member",
        "SELECT l.linked_at AS at, p.name AS party FROM exchange.link l"
        " LEFT JOIN partners.partner p ON p.party_id = l.party_id WHERE l.id = :id",
    ),
}


def _windows(session: Session, words: str) -> Iterator[Found]:
    """By the beginning of the name, or a day that the window has."""
    day = _day(words)
    rows = _all(
        session,
        'SELECT name, opened_at FROM exchange."window" WHERE lower(name) LIKE :begins'
        " OR (CAST(:noon AS timestamptz) >= opened_at"
        "     AND (closed_at IS NULL OR CAST(:noon AS timestamptz) < closed_at))"
        " ORDER BY id DESC LIMIT :most",
        most=MOST,
        begins=_escaped(words) + "%",
        noon=day and datetime(day.year, day.month, day.day, 12, tzinfo=UTC),
    )
    for row in rows:
        yield Found(
            kind="window",
            key=row["name"],
            name=row["name"],
            exact=row["name"].lower() == words.lower(),
            at=row["opened_at"],
        )


def _partners(session: Session, words: str) -> Iterator[Found]:
    rows = _all(
        session,
        "SELECT slug, name FROM partners.partner"
        " WHERE slug LIKE :within OR lower(name) LIKE :within"
        " ORDER BY lower(name) = :whole DESC, slug = :whole DESC, slug LIMIT :most",
        most=MOST,
        within=f"%{_escaped(words)}%",
        whole=words.lower(),
    )
    for row in rows:
        exact = words.lower() in (row["slug"], row["name"].lower())
        yield Found(kind="partner", key=row["slug"], name=row["name"], exact=exact)


def _references(session: Session, words: str) -> Iterator[Found]:
    """By a till's receipt number, or whatever a partner called what it did."""
    parties = [row["id"] for row in _all(session, "SELECT id FROM exchange.party")]
    rows = _all(
        session,
        "SELECT j.id, j.reference, j.points, j.at, p.name FROM exchange.journal j"
        " LEFT JOIN partners.partner p ON p.party_id = j.party_id"
        " WHERE j.party_id = ANY(:parties) AND j.kind = ANY(:kinds) AND j.reference = :words"
        " ORDER BY j.at DESC LIMIT :most",
        most=MOST,
        parties=parties,
        kinds=list(_REFERRED),
        words=words,
    )
    for row in rows:
        yield Found(
            kind="reference",
            key=to_text("jrn", row["id"]),
            name=row["reference"],
            exact=True,
            party=row["name"] or "",
            at=row["at"],
            points=row["points"],
        )


_PAPERS: Final = {
    "statement": "SELECT s.number AS key, s.number AS name, p.name AS party, s.issued_at AS at"
    " FROM settlement.statement s LEFT JOIN partners.partner p ON p.party_id = s.party_id"
    " WHERE s.number = ANY(:numbers)",
    "invoice": "SELECT w.name AS key, i.number AS name, p.name AS party, i.issued_at AS at"
    ' FROM settlement.invoice i JOIN exchange."window" w ON w.id = i.window_id'
    " LEFT JOIN partners.partner p ON p.party_id = i.party_id WHERE i.number = ANY(:numbers)",
    "file": "SELECT w.name AS key, f.message_id AS name, '' AS party, f.made_at AS at"
    ' FROM settlement.payment_file f JOIN exchange."window" w ON w.id = f.window_id'
    " WHERE f.message_id = ANY(:numbers)",
}


def _papers(session: Session, words: str) -> Iterator[Found]:
    """Statements and invoices by their numbers, payment files by theirs."""
    # Revisions end in a small letter: `ST-2026-10-000003-r2`.
    numbers = list({words, words.upper(), re.sub("-R([0-9]+)$", r"-r\1", words.upper())})
    for kind, sql in _PAPERS.items():
        for row in _all(session, sql, numbers=numbers):
            yield Found(kind=kind, exact=True, **dict(row))


def _payments(session: Session, words: str) -> Iterator[Found]:
    """By the name that a payment has on every paper, `2026-11-R1-P000003`."""
    if not re.search("-R[0-9]+-P[0-9]{6}$", words.upper()):
        return
    for name in {words, words.upper()}:
        try:
            due = dues.find(session, name)
        except PaymentNotFound:
            continue
        yield Found(kind="payment", key=due.window.name, name=due.end_to_end, exact=True)


def _keys(session: Session, words: str) -> Iterator[Found]:
    """By a key's id, or by the key itself."""
    rows = _all(
        session,
        "SELECT p.slug AS key, k.id AS name, p.name AS party, k.created_at AS at"
        " FROM partners.key k JOIN partners.partner p ON p.id = k.partner_id"
        " WHERE k.id = :small OR k.public = :words",
        small=words.lower(),
        words=words,
    )
    for row in rows:
        yield Found(kind="key", exact=True, **dict(row))


_LOOKS: Final = (_windows, _partners, _references, _papers, _payments, _keys)


def _day(words: str) -> date | None:
    """A day in one of the ways that people write it, if it is one."""
    if found := _DAY.fullmatch(words):
        year, month, day = found.groups()
    elif found := _DAY_FIRST.fullmatch(words):
        day, month, year = found.groups()
    else:
        return None
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def _escaped(words: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", words.lower())


def _all(session: Session, sql: str, /, **values: Any) -> list[RowMapping]:
    return list(session.execute(text(sql), values).mappings())
