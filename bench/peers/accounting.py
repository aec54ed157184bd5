"""python-accounting, double entry on SQLAlchemy: a JournalEntry posted from a member to a till.

One transfer is a journal entry of one line, posted to the hashed ledger. The library commits
where it sees fit, and always durably. There is no HTTP, no signature, no idempotency key, no
lots, no balance on a row and no refusal of an overdraft. One process alone: the library numbers
an entry by counting those before it, and two at once would take the same number.
"""

import json
import os
import random
import resource
import sys
import time
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from python_accounting.database.session import get_session
from python_accounting.models import Account, Base, Currency, Entity, LineItem
from python_accounting.models.recyclable import Recyclable
from python_accounting.transactions import JournalEntry
from sqlalchemy import Engine, create_engine, insert, make_url, select, text

AMOUNT = Decimal(3)
NUMBERED_FROM = 1_000_000  # the accounts' ids; what is made after them is numbered from 1


def fill(engine: Engine, members: int, tills: int) -> None:
    """An entity, and an account for each member and till, in that order from NUMBERED_FROM + 1."""
    Base.metadata.create_all(engine)
    with get_session(engine) as session:
        entity = Entity(name="The coalition")
        session.add(entity)
        session.commit()
        currency = Currency(name="Points", code="CNY", entity_id=entity.id)
        session.add(currency)
        session.commit()
        facts = {"entity_id": entity.id, "currency_id": currency.id}
    numbers = range(NUMBERED_FROM + 1, NUMBERED_FROM + members + tills + 1)
    now = datetime.now(UTC).replace(tzinfo=None)
    # By the session each account would count those before it: an hour for what is not measured.
    with engine.begin() as connection:
        connection.execute(
            insert(Recyclable.__table__),
            [
                {"id": n, "recycled_type": "Account", "created_at": now, "updated_at": now}
                for n in numbers
            ],
        )
        connection.execute(
            insert(Account.__table__),
            [
                {
                    "id": n,
                    "name": f"account {n}",
                    "account_code": n,
                    "account_type": Account.AccountType.CURRENT_LIABILITY,
                    **facts,
                }
                for n in numbers
            ],
        )


def transfer(session: Any, entity: int, member: int, till: int) -> None:
    session.entity = session.get(Entity, entity)
    entry = JournalEntry(
        narration="redemption",
        transaction_date=datetime.now(),  # noqa: DTZ005 - the library's columns have no zone
        account_id=member,
        entity_id=entity,
        credited=False,
    )
    session.add(entry)
    session.flush()
    line = LineItem(narration="points", account_id=till, amount=AMOUNT, entity_id=entity)
    session.add(line)
    session.flush()
    entry.line_items.add(line)
    session.add(entry)
    entry.post(session)


def run(engine: Engine, members: int, tills: int, seconds: float) -> dict[str, float]:
    """Transfers one after another, and what they cost: {transfers, seconds, cpu_seconds}."""
    with engine.connect() as connection:
        entity = connection.scalars(select(Entity.__table__.c.id)).one()
    print("ready", flush=True)
    sys.stdin.readline()
    before, started = _cpu(), time.perf_counter()
    count = 0
    while time.perf_counter() - started < seconds:
        number = random.randint(1, members)
        till = NUMBERED_FROM + members + 1 + number % tills
        with get_session(engine) as session:
            transfer(session, entity, NUMBERED_FROM + number, till)
        count += 1
    return {
        "transfers": count,
        "seconds": time.perf_counter() - started,
        "cpu_seconds": _cpu() - before,
    }


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


FAULTS = {
    "debits are not credits": """
        SELECT count(*) FROM (SELECT transaction_id FROM ledger GROUP BY 1
            HAVING sum(amount) FILTER (WHERE entry_type = 'DEBIT')
                IS DISTINCT FROM sum(amount) FILTER (WHERE entry_type = 'CREDIT')) unbalanced""",
    "an entry without its two ledger rows": """
        SELECT abs(2 * (SELECT count(*) FROM transaction) - (SELECT count(*) FROM ledger))""",
    "points were made or lost": f"""
        SELECT (coalesce(sum(amount) FILTER (WHERE entry_type = 'DEBIT'), 0)
            <> {AMOUNT} * (SELECT count(*) FROM transaction))::integer FROM ledger""",
}


def check(engine: Engine) -> dict[str, Any]:
    """How many transfers there are, and what is wrong with the books: {name: how many}."""
    with engine.connect() as connection:
        found = {name: connection.scalar(text(query)) for name, query in FAULTS.items()}
        return {
            "transfers": connection.scalar(text("SELECT count(*) FROM transaction")),
            "faults": {name: int(count) for name, count in found.items() if count},
        }


if __name__ == "__main__":
    its_engine = create_engine(
        make_url(os.environ["PEER_URL"]).set(drivername="postgresql+psycopg")
    )
    match sys.argv[1:]:
        case ["fill", members, tills]:
            fill(its_engine, int(members), int(tills))
        case ["run", members, tills, seconds]:
            print(json.dumps(run(its_engine, int(members), int(tills), float(seconds))))
        case ["check"]:
            print(json.dumps(check(its_engine)))
        case _:
            sys.exit("usage: accounting fill MEMBERS TILLS | run MEMBERS TILLS SECONDS | check")
