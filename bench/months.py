"""A database with months behind it: every month's trade in a window of its own, all but the last
closed, all but the last two of them settled."""

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy.orm import Session

from bench.filling import LOTS
from bench.place import FIRST_WINDOW, Place, filled
from exchange import rollup as totals
from kit.database import Database
from partners.public_keys import PrivateKey
from settlement import agreed, closing, rollup, store
from settlement.sealing.sealer import Sealer
from staff import approvals
from staff import store as personnel
from staff.roles import Role

MONTHS = 12
SALES = 17  # of every member, beside the issue of its lots
OPEN = 2  # Closed windows whose money is still to come.

# As if each window had opened and closed with its month: the closing reads the database's clock.
_DATED = (
    'UPDATE exchange."window" SET opened_at = least(opened_at, %(begins)s), closed_at = %(ends)s'
    " WHERE id = %(window)s",
    'UPDATE exchange."window" SET opened_at = %(ends)s WHERE id = %(window)s + 1',
    "UPDATE settlement.settlement SET closed_at = %(ends)s, advice_on = %(ends)s::date + 1,"
    " call_on = %(ends)s::date + 7, disputes_until = %(ends)s::date + 7"
    " WHERE window_id = %(window)s",
    "UPDATE settlement.statement SET issued_at = %(ends)s WHERE window_id = %(window)s",
    "UPDATE settlement.revision SET made_at = %(ends)s WHERE window_id = %(window)s",
)
Progress = Callable[[str], None]  # told which month is done


def starts(now: datetime, months: int = MONTHS) -> list[datetime]:
    """When each of so many months began, in UTC, the one of `now` being the last."""
    first = now.year * 12 + now.month - months
    return [
        datetime(number // 12, number % 12 + 1, 1, tzinfo=UTC)
        for number in range(first, first + months)
    ]


@contextmanager
def filled_months(
    home: Path, *, journals: int, partners: int, progress: Progress = lambda _: None
) -> Iterator[Place]:
    """So many journals over twelve months, the last of which goes on."""
    members = max(partners, journals // (LOTS + SALES))
    begun = starts(datetime.now(UTC))
    share, more = divmod(SALES, MONTHS)
    with filled(home, members=members, tills=partners, at=begun[0], later=SALES) as place:
        with psycopg.connect(place.superuser_url) as connection:
            connection.execute(
                'UPDATE exchange."window" SET name = %s, opened_at = %s WHERE name = %s',
                (f"{begun[0]:%Y-%m}", begun[0], FIRST_WINDOW),
            )
        sealer = Sealer(
            "bench", PrivateKey.generate(), secrets.token_bytes(32), home / f"{place.database}.log"
        )
        database = Database(place.app_url)
        sold = 0
        for number, begins in enumerate(begun):
            sales = share + (number < more)
            place.sell(sales, before=sold, at=begins, taken=True)
            sold += sales
            with database.transaction() as session:
                rollup.roll_up(session)
            with database.transaction() as session:
                totals.roll_up(session)
            if number + 1 < MONTHS:
                _close(place, database, sealer, begun, number)
            progress(f"{begins:%Y-%m}")
        database.close()
        with psycopg.connect(place.superuser_url, autocommit=True) as connection:
            connection.execute("VACUUM (ANALYZE)")
        yield place


def _close(
    place: Place, database: Database, sealer: Sealer, begun: list[datetime], number: int
) -> None:
    name, begins, ends = f"{begun[number]:%Y-%m}", begun[number], begun[number + 1]
    closing.close(
        database, window=name, next_name=f"{ends:%Y-%m}", currency="CNY", by="mei", now=ends,
        signer=sealer,
    )  # fmt: skip
    with database.transaction() as session:
        values = {"window": store.get_window(session, name).id, "begins": begins, "ends": ends}
    with psycopg.connect(place.superuser_url) as connection:
        for statement in _DATED:
            connection.execute(statement, values)
    if number < MONTHS - 1 - OPEN:
        with database.transaction() as session:
            _settle(session, name, ends)


def _settle(session: Session, window: str, now: datetime) -> None:
    """Take a window through all its steps, as two people agree to each; no bank shows its money."""
    for name, role in (("ann", Role.FINANCE), ("ben", Role.APPROVER)):
        if personnel.roles(session, name) is None:
            personnel.insert_operator(session, name, [role.value], now)
    figures = agreed.figures(session, window)
    because = _agree(session, "window-approval", figures, now)
    closing.approve(session, window, now, by="ben", because=because)
    because = _agree(session, "window-payment", {**figures, "files": []}, now)
    closing.start_paying(session, window, now, by="ann, ben", because=because)
    because = _agree(session, "settle-regardless", {"window": window, "revision": 1}, now)
    closing.mark_settled(session, window, now, by="ann, ben", regardless=because)


def _agree(session: Session, kind: str, content: Mapping[str, Any], now: datetime) -> UUID:
    proposal = approvals.propose(
        session, kind=kind, content=content, reason="a benchmark", by="ann", now=now
    )
    approvals.decide(session, proposal=proposal, by="ben", approve=True, now=now)
    return proposal
