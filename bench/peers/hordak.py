"""django-hordak, double entry for Django: `Account.transfer_to` from a member to a till.

One transfer is one durable transaction: the member's account is read, a transaction and its two
legs are written, and hordak's triggers check that the legs balance. There is no HTTP, no
signature, no idempotency key, no lots, no balance on a row, and so no lock and no refusal of an
overdraft: a balance is the sum of an account's legs.
"""

import json
import multiprocessing
import os
import random
import resource
import sys
import time
from multiprocessing.synchronize import Barrier
from typing import Any

import dj_database_url
import django
from django.conf import settings

settings.configure(
    DATABASES={"default": dj_database_url.parse(os.environ["PEER_URL"])},
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "mptt", "hordak"],
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    DEFAULT_CURRENCY="CNY",
    HORDAK_INTERNAL_CURRENCY="CNY",
    CURRENCIES=["CNY"],
    USE_TZ=True,
)
django.setup()

from django.core.management import call_command  # noqa: E402 - Django is to be set up first
from django.db import connection, connections, transaction  # noqa: E402
from hordak.models import Account, AccountType, Leg, Transaction  # noqa: E402
from moneyed import Money  # noqa: E402

PROCESSES = 8
AMOUNT = Money(3, "CNY")


def fill(members: int, tills: int) -> None:
    """Accounts 1 … `members` are the members', those after them the tills'."""
    call_command("migrate", verbosity=0)
    Account.objects.bulk_create(
        [
            Account(
                id=n,
                name=f"account {n}",
                type=AccountType.liability,
                currencies=["CNY"],
                lft=1,
                rght=2,
                tree_id=n,
                level=0,
            )
            for n in range(1, members + tills + 1)
        ],
        batch_size=1000,
    )


def transfer(members: int, tills: list[Account]) -> None:
    number = random.randint(1, members)
    with transaction.atomic():
        Account.objects.get(id=number).transfer_to(tills[number % len(tills)], AMOUNT)


def run(members: int, seconds: float) -> dict[str, float]:
    """Transfers by PROCESSES at once, and what they cost: {transfers, seconds, cpu_seconds}."""
    connections.close_all()  # A connection cannot be shared with the processes forked here.
    context = multiprocessing.get_context("fork")
    ready = context.Barrier(PROCESSES + 1)
    counts: Any = context.Queue()
    workers = [
        context.Process(target=_work, args=(members, seconds, ready, counts))
        for _ in range(PROCESSES)
    ]
    for worker in workers:
        worker.start()
    ready.wait()
    _told_to_go()
    ready.wait()
    found = [counts.get() for _ in workers]
    for worker in workers:
        worker.join()
    return {
        "transfers": sum(count for count, _, _ in found),
        "seconds": max(took for _, took, _ in found),
        "cpu_seconds": sum(cpu for _, _, cpu in found),
    }


def _work(members: int, seconds: float, ready: Barrier, counts: Any) -> None:
    tills = list(Account.objects.filter(id__gt=members).order_by("id"))
    ready.wait()
    ready.wait()
    before, started = _cpu(), time.perf_counter()
    count = 0
    while time.perf_counter() - started < seconds:
        transfer(members, tills)
        count += 1
    counts.put((count, time.perf_counter() - started, _cpu() - before))


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _told_to_go() -> None:
    print("ready", flush=True)
    sys.stdin.readline()


def check() -> dict[str, Any]:
    """How many transfers there are, and what is wrong with the books: {name: how many}."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM hordak_transaction")
        transfers = cursor.fetchone()[0]
        cursor.execute(
            "SELECT count(*) FROM (SELECT transaction_id FROM hordak_leg GROUP BY 1"
            " HAVING sum(debit) IS DISTINCT FROM sum(credit) OR count(*) <> 2) unbalanced"
        )
        unbalanced = cursor.fetchone()[0]
    credited, debited = Leg.objects.sum_to_debit_and_credit()
    found = {
        "a transaction does not balance": unbalanced,
        "debits are not credits": int(credited != debited),
        "a transfer without its two legs": abs(2 * transfers - Leg.objects.count()),
        "points were made or lost": int(credited != Transaction.objects.count() * AMOUNT),
    }
    return {"transfers": transfers, "faults": {name: n for name, n in found.items() if n}}


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["fill", members, tills]:
            fill(int(members), int(tills))
        case ["run", members, _, seconds]:
            print(json.dumps(run(int(members), float(seconds))))
        case ["check"]:
            print(json.dumps(check()))
        case _:
            sys.exit("usage: hordak fill MEMBERS TILLS | run MEMBERS TILLS SECONDS | check")
