"""Whatever was changed in a true record is found, and nothing else: random changes, all at once.

30 records here; HUB_FULL=1 makes it 500.
"""

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.orm import Session

from exchange import windows
from kit.database import Database
from kit.ids import uuid7
from partners.api.operations import File
from settlement.reconciliation import receiving, store
from settlement.reconciliation.matching import OUTCOMES
from settlement.reconciliation.records import CSV
from tests.books import Books

EXAMPLES = 500 if os.environ.get("HUB_FULL") else 30
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
TOLERANCE = 60  # seconds
APART = timedelta(hours=1)  # between two sales, so that no two are near each other

Line = tuple[str, str, int, datetime]


@dataclass
class Changed:
    """A record after its changes, and how many findings of each kind they must make."""

    lines: list[Line] = field(default_factory=list)
    expected: Counter[tuple[str, str]] = field(default_factory=Counter)

    def change(self, how: str, line: Line) -> None:
        """Take over one line of the true record, as `how` says."""
        reference, kind, points, at = line
        other = "refund" if kind == "spent" else "spent"
        wrong: dict[str, tuple[list[Line], list[tuple[str, str]]]] = {
            "leave": ([line], [("matched", "")]),
            "near": ([(reference, kind, points, at + timedelta(seconds=TOLERANCE))],
                     [("matched", "")]),
            "drop": ([], [("missing_there", "")]),
            "add": ([line, (f"X{reference}", kind, points, at + APART / 2)],
                    [("matched", ""), ("missing_here", "")]),
            "points": ([(reference, kind, points + 7, at)], [("differing", "points")]),
            "late": ([(reference, kind, points, at + timedelta(seconds=TOLERANCE + 1))],
                     [("differing", "time")]),
            "both": ([(reference, kind, points + 7, at + APART / 2)],
                     [("differing", "points time")]),
            "kind": ([(reference, other, points, at)], [("differing", "kind")]),
            "rename": ([(f"X{reference}", kind, points, at)], [("differing", "reference")]),
            "copy": ([line, line, line], [("matched", ""), *[("duplicate", "")] * 2]),
            "split": ([(reference, kind, 1, at), (reference, kind, points - 1, at)],
                      [("matched", "")]),
        }  # fmt: skip
        lines, expected = wrong[how]
        self.lines += lines
        self.expected.update(expected)


CHANGES = ("leave", "near", "drop", "add", "points", "late", "both", "kind", "rename", "copy")


@pytest.fixture
def session(database: Database, books: Books) -> Iterator[Session]:
    """A transaction in which nothing is kept: what is matched here would not balance."""
    with database.engine.connect() as connection, connection.begin() as transaction:
        with Session(connection, join_transaction_mode="create_savepoint") as made:
            yield made
        transaction.rollback()


def sell(session: Session, books: Books, count: int) -> tuple[int, list[Line]]:
    """A party with so many sales and refunds in a window that has closed, and its true record."""
    party = books.party()
    window = session.execute(
        text('SELECT id FROM exchange."window" WHERE closed_at IS NULL')
    ).scalar_one()
    true: list[Line] = []
    for number in range(count):
        kind = "refund" if number % 3 == 2 else "spent"
        true.append((f"R-{number}", kind, 10 + number, NOON + number * APART))
        values = {
            "id": uuid7(),
            "party": party,
            "window": window,
            "kind": "redemption" if kind == "spent" else "refund",
            "movement": "spent" if kind == "spent" else "refunded",
            "undoes": None if kind == "spent" else uuid7(),
            "points": 10 + number,
            "reference": f"R-{number}",
            "at": NOON + number * APART,
        }
        session.execute(
            text(
                "INSERT INTO exchange.journal (id, window_id, kind, party_id, wallet_id, points,"
                " reference, undoes, at) VALUES (:id, :window, :kind, :party, 1, :points,"
                " :reference, :undoes, :at)"
            ),
            values,
        )
        # Two issuers' points in every sale: a journal is one line all the same.
        for line, (points, issuer) in enumerate(((4, 1), (6 + number, 2))):
            session.execute(
                text(
                    "INSERT INTO exchange.posting (journal_id, line, window_id, movement, party_id,"
                    " debit, credit, points, issuer_id, issued_at, valued_at) VALUES (:id, :line,"
                    " :window, :movement, :party, 1, 2, :p, :issuer, :at, :at)"
                ),
                values | {"line": line, "p": points, "issuer": issuer},
            )
    return party, true


def reconciled(
    session: Session, party: int, lines: list[Line], **options: Any
) -> Counter[tuple[str, str]]:
    """How many findings there are of each outcome, with what differs."""
    now = datetime.now(UTC)
    record = receiving.begin(
        session,
        party=party,
        window=session.execute(
            text('SELECT name FROM exchange."window" WHERE closed_at IS NOT NULL')
        ).scalar_one(),
        side="accepted",
        tolerance=TOLERANCE,
        now=now,
        **options,
    )
    rows = [",".join([r, k, str(p), at.isoformat()]) for r, k, p, at in lines]
    body = "\n".join(["reference,kind,points,at", *rows]).encode()
    receiving.receive(session, record.id, 1, File(body, CSV), party=party, now=now)
    receiving.ask(session, record.id, lines=len(lines), party=party, now=now)
    found = list(store.every_finding(session, record.id, list(OUTCOMES)))
    told = [number for each in found for number in each["their_lines"] or ()]
    assert len(told) == len(set(told)) == len(lines), "each line is in one finding"
    return Counter((each["outcome"], " ".join(each["differs"])) for each in found)


@pytest.mark.parametrize("many", [False, True])
def test_changes_are_found_exactly(many: bool, session: Session, books: Books) -> None:
    party, true = sell(session, books, 12)
    windows.close_and_open_next(session, "the next")
    changes = [*CHANGES, "split"] if many else CHANGES

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(st.sampled_from(changes), min_size=len(true), max_size=len(true)), st.randoms())
    def check(hows: list[str], random: Any) -> None:
        changed = Changed()
        for how, line in zip(hows, true, strict=True):
            changed.change(how, line)
        random.shuffle(changed.lines)
        with session.begin_nested() as kept:
            assert reconciled(session, party, changed.lines, many=many) == changed.expected
            kept.rollback()

    check()
