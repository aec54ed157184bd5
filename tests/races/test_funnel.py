"""The funnel behind HTTP: a hub that dies or ends while orders share transactions; hot wallets.

A hub of the test's own, over its database: what PostgreSQL does with a transaction does not depend
on who is alive to hear of it.
"""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import psycopg
import pytest

from tests.attacks.wire import Request, Wire, connect, new_key, receive, sign
from tests.races.own_hub import OwnHub
from tests.races.volleys import Race, rounds
from tests.server import Coalition

CLIENTS = 16
OUTCOMES = {(201, None), (422, "insufficient-points"), (503, "busy")}
BROKEN = (ConnectionError, TimeoutError)


@pytest.fixture
def hub(address, database, tmp_path) -> Iterator[OwnHub]:
    made = OwnHub(address, tmp_path)
    yield made
    made.stop()


@pytest.fixture
def own_race(hub, database, books) -> Iterator[Race]:
    """As `race`, at the hub that may be killed."""
    coalition = Coalition(hub.start(), database, books)
    wire = Wire(coalition.server)
    yield Race(coalition, wire)
    wire.close()
    coalition.close()


@contextmanager
def locked(address) -> Iterator[psycopg.Connection]:
    """While this lasts, whoever posts waits for a wallet."""
    with psycopg.connect(address.owner) as other:
        other.execute("SELECT FROM exchange.wallet FOR NO KEY UPDATE")
        yield other
        other.rollback()


def until(true: Callable[[], object], seconds: float = 5) -> None:
    give_up = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < give_up, "it never came"
        time.sleep(0.002)


def again(race: Race, request: Request) -> Request:
    """The same request under the same idempotency key, signed again."""
    headers = {k: v for k, v in request.headers.items() if not k.startswith("signature")}
    return sign(replace(request, headers=headers), race.shop)


def found(race: Race) -> dict[str, int]:
    """How often each idempotency key took effect as a redemption."""
    rows = race.coalition.books.rows(
        "SELECT request_key, count(*) AS times FROM exchange.journal WHERE kind = 'redemption'"
        " GROUP BY request_key"
    )
    return {row.request_key: row.times for row in rows}


def key_of(request: Request) -> str:
    return request.headers["idempotency-key"]


def test_killed_between_commit_and_answer(hub, own_race, address):
    """The workers are stopped while PostgreSQL works: it commits, and nobody reads that it did."""
    race, books = own_race, own_race.coalition.books
    race.one("accruals", points=100)
    requests = [race.request("redemptions", points=10, key=new_key()) for _ in range(5)]
    workers = hub.workers()
    assert len(workers) == 2
    sent = [connect(race.wire.server) for _ in requests]
    stuck = (
        "SELECT FROM pg_stat_activity WHERE datname = current_database()"
        " AND wait_event_type = 'Lock'"
    )
    with locked(address):
        for connection, request in zip(sent, requests, strict=True):
            connection.sendall(bytes(request))
        until(lambda: len(books.rows(stuck)) > 0)
        for pid in workers:
            os.kill(pid, signal.SIGSTOP)
        assert found(race) == {}
    until(lambda: found(race))  # Committed; those who stood in line behind were not begun.
    until(lambda: not books.rows(stuck))
    before = found(race)
    hub.kill()
    for connection in sent:
        with pytest.raises(BROKEN):
            receive(connection)
        connection.close()
    assert found(race) == before
    hub.start()
    answers = [race.wire.send(again(race, request)) for request in requests]
    assert [answer.status for answer in answers] == [201] * 5
    assert {key_of(r) for r, a in zip(requests, answers, strict=True) if a.replayed} == set(before)
    assert found(race) == dict.fromkeys(map(key_of, requests), 1)
    assert race.balance() == (50, 0)


class Tills:
    """Threads that redeem a point at a time until the hub is gone."""

    def __init__(self, race: Race) -> None:
        self.race = race
        self.answered: dict[str, int] = {}
        self.unanswered: dict[str, Request] = {}
        self.threads = [threading.Thread(target=self._sell) for _ in range(CLIENTS)]

    def _sell(self) -> None:
        connection = None
        while True:
            request = self.race.request("redemptions", points=1, key=new_key())
            try:
                if connection is None:
                    connection = connect(self.race.wire.server)
            except BROKEN:  # Nothing was sent.
                return
            try:
                connection.sendall(bytes(request))
                answer, keep = receive(connection, "POST")
            except BROKEN:
                self.unanswered[key_of(request)] = request
                connection.close()
                connection = None
                continue
            self.answered[key_of(request)] = answer.status
            if not keep:
                connection.close()
                connection = None


def test_a_hub_that_is_told_to_end_answers_what_it_has_begun(hub, own_race):
    race = own_race
    race.one("accruals", points=1_000_000)
    tills = Tills(race)
    for thread in tills.threads:
        thread.start()
    until(lambda: len(tills.answered) > 20 * CLIENTS, 60)
    asked = time.monotonic()
    hub.process.terminate()
    hub.process.wait(10)
    print(f"ended after {time.monotonic() - asked:.2f} s, {len(tills.answered)} answered,")
    for thread in tills.threads:
        thread.join(30)
        assert not thread.is_alive()
    print(f"{len(tills.unanswered)} not")
    assert set(tills.answered.values()) == {201}
    assert found(race) == dict.fromkeys(tills.answered, 1)
    hub.start()
    for request in tills.unanswered.values():
        assert race.wire.send(again(race, request)).status == 201
    assert found(race) == dict.fromkeys([*tills.answered, *tills.unanswered], 1)


def test_a_hot_wallet_is_not_overspent(race):
    """32 connections at a time, until it is empty and beyond."""
    race.one("accruals", points=500)
    spent = 0
    for _ in range(rounds(8)):
        points = [1 + number % 4 for number in range(32)]
        answers = race.wire.volley(race.request("redemptions", points=p) for p in points)
        for taken, answer in zip(points, answers, strict=True):
            spent += taken * (answer.status == 201)
            assert (answer.status, answer.code) in OUTCOMES, answer.body
            assert answer.status != 503 or int(answer.headers["retry-after"]) > 0
    assert race.balance() == (500 - spent, 0)
    assert spent > 496  # What is left is less than the dearest sale.


def test_a_wallet_that_stays_locked_keeps_nobody_waiting_for_long(race, address):
    """All are told in time that the hub is busy; nothing was written, and retries act once."""
    race.one("accruals", points=100)
    requests = [race.request("redemptions", points=1, key=new_key()) for _ in range(24)]
    with locked(address):
        asked = time.monotonic()
        answers = race.wire.volley(requests)
        assert time.monotonic() - asked < 20  # On a busy machine; 6 on a quiet one.
    assert {(answer.status, answer.code) for answer in answers} == {(503, "busy")}
    assert all(int(answer.headers["retry-after"]) > 0 for answer in answers)
    assert found(race) == {}
    retried = race.wire.volley(again(race, request) for request in requests)
    assert [answer.status for answer in retried] == [201] * 24
    assert not any(answer.replayed for answer in retried)
    assert found(race) == dict.fromkeys(map(key_of, requests), 1)
    assert race.balance() == (76, 0)
