"""A batch at work on the wallets that tills are at work on, and beside its own twins (T15, T17).

Ten rounds of twins here, a hundred with HUB_FULL=1.
"""

import secrets
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

from sqlalchemy import text

from kit.ids import from_text
from partners.api.batches import PART
from sdk.python.tongbao_client import Answer, Client
from tests.attacks.wire import new_key
from tests.races.volleys import Race, rounds, split
from tests.server import Partner

MEMBERS = 12
TILLS = 6
PROCESSES = 2  # of the tests' hub
PATIENCE = 5.0  # seconds that a till may wait at the very worst, on a machine full of tests


def mixed(members: list[str], count: int, random: Random) -> list[dict[str, Any]]:
    """Lines that give and take, all of the same few members."""
    return [
        {
            "kind": random.choice(("accrual", "accrual", "redemption", "authorization")),
            "member": random.choice(members),
            "points": random.randint(1, 20),
            "reference": f"B-{secrets.token_hex(8)}",
        }
        for _ in range(count)
    ]


def patient(race: Race, shop: Partner) -> Client:
    """A back office: it waits for its answer, and comes again as long as the hub is busy."""
    return race.coalition.client(shop.key_id, shop.private, attempts=100)


@contextmanager
def locked(race: Race, member: str) -> Iterator[None]:
    """Somebody else's transaction is at work on the member's wallet."""
    with race.coalition.database.transaction() as session:
        query = (
            "SELECT FROM exchange.wallet WHERE id ="
            " (SELECT wallet_id FROM exchange.link WHERE id = :link) FOR UPDATE"
        )
        session.execute(text(query), {"link": from_text("mbr", member)})
        yield


class Till(threading.Thread):
    """Redeems and accrues until it is told that this is enough."""

    def __init__(self, number: int, race: Race, members: list[str], enough: threading.Event):
        super().__init__()
        self.client = race.coalition.client(race.shop.key_id, race.shop.private)
        self.random, self.members, self.enough = Random(number), members, enough  # noqa: S311
        self.earned: Counter[str] = Counter()
        self.answers: Counter[str] = Counter()
        self.longest = 0.0

    def run(self) -> None:
        while not self.enough.is_set():
            member, points = self.random.choice(self.members), self.random.randint(1, 20)
            kind = self.random.choice(("accruals", "redemptions"))
            content = {"member": member, "points": points, "reference": f"T-{new_key()}"}
            began = time.monotonic()
            answer = self.client.call("POST", f"/v1/{kind}", content)
            self.longest = max(self.longest, time.monotonic() - began)
            self.answers[str(answer.body.get("code", answer.status))] += 1
            if answer.status == 201:
                self.earned[member] += points if kind == "accruals" else -points
        self.client.close()


def earned(lines: list[dict[str, Any]], answer: Answer) -> Counter[str]:
    """What each member has more, available or held."""
    found: Counter[str] = Counter()
    for line, outcome in zip(lines, answer.body["outcomes"], strict=True):
        if "answer" in outcome and line["kind"] != "authorization":
            found[line["member"]] += line["points"] * (1 if line["kind"] == "accrual" else -1)
    return found


def test_tills_trade_on_while_a_batch_is_at_work(race: Race) -> None:
    """On the very wallets that the batch locks: everybody is answered, nothing is lost."""
    members = [race.shop.enrol(10**9, shares_balance=True) for _ in range(MEMBERS)]
    lines, enough = mixed(members, 8 * PART, Random(7)), threading.Event()  # noqa: S311
    tills = [Till(number, race, members, enough) for number in range(TILLS)]
    for till in tills:
        till.start()
    try:
        answer = patient(race, race.shop).call("POST", "/v1/batches", {"orders": lines})
        during = sum(sum(till.answers.values()) for till in tills)
    finally:
        enough.set()
        for till in tills:
            till.join()
    assert answer.status == 200, answer.body
    codes = Counter(o.get("problem", {}).get("code") for o in answer.body["outcomes"])
    assert set(codes) <= {None, "insufficient-points"}
    assert codes[None] == answer.body["done"] > PART
    total = earned(lines, answer)
    for till in tills:
        assert set(till.answers) <= {"201", "insufficient-points"}
        assert till.longest < PATIENCE
        total.update(till.earned)
    assert during >= 8 * TILLS, "the tills stood still while the batch was at work"
    for member in members:
        told = race.shop.call("GET", f"/v1/members/{member}/balance").body
        assert told["available"] + told["held"] == total[member]


def test_twins_of_a_batch_act_once(race: Race) -> None:
    """Signed afresh each time, all under one key: every line has one effect, all answers agree."""
    members = [race.shop.enrol(10**9) for _ in range(MEMBERS)]
    for _ in range(rounds(10)):
        lines = mixed(members, 2 * PART + 1, Random(1))  # noqa: S311
        key, before = new_key(), race.coalition.counts()
        requests = [
            race.request("batches", key=key, reference=None, orders=lines) for _ in range(6)
        ]
        won, lost = split(race.wire.volley(requests))
        assert set(lost) <= {(409, "request-in-progress"), (503, "busy")}
        again = race.wire.send(race.request("batches", key=key, reference=None, orders=lines))
        assert again.replayed
        assert {answer.body for answer in won} <= {again.body}
        after = race.coalition.counts()
        made = sum(after[table] - before[table] for table in ("journal", "hold"))
        assert made == again.json["done"]


def test_one_batch_at_a_time_in_each_process(race: Race) -> None:
    """Whoever comes while one is at work is told to come again, and nothing of it is done."""
    for number in range(rounds(2)):
        before, answers = race.coalition.counts()["journal"], []
        requests = [
            race.request(
                "batches",
                reference=None,
                orders=[
                    {
                        "kind": "accrual",
                        "member": race.member,
                        "points": 1,
                        "reference": f"P{number}-{each}",
                    }
                ],
            )
            for each in range(8)
        ]
        thread = threading.Thread(target=lambda: answers.extend(race.wire.volley(requests)))  # noqa: B023
        with locked(race, race.member):
            thread.start()
            time.sleep(1.5)
        thread.join()
        won, lost = split(answers)
        assert 1 <= len(won) <= PROCESSES
        assert lost == [(503, "busy")] * (8 - len(won))
        for answer in answers:
            assert answer.signed
            assert answer.status == 200 or answer.headers["retry-after"]
        assert race.coalition.counts()["journal"] - before == len(won)


def test_batches_of_two_partners_on_the_same_wallets(race: Race) -> None:
    """Each in the other's order of members: neither waits for the other for ever."""
    other = race.coalition.partner()
    members = [race.shop.enrol(10**9) for _ in range(MEMBERS)]
    there = {member: other.link(race.shop, member) for member in members}
    lines = [
        {"kind": "accrual", "member": members[n % MEMBERS], "points": 1, "reference": f"W-{n}"}
        for n in range(3 * PART)
    ]
    mirrored = [{**line, "member": there[line["member"]]} for line in reversed(lines)]
    answers: list[Answer] = []

    def send(shop: Partner, orders: list[dict[str, Any]]) -> None:
        answers.append(patient(race, shop).call("POST", "/v1/batches", {"orders": orders}))

    threads = [
        threading.Thread(target=send, args=each) for each in ((race.shop, lines), (other, mirrored))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.body["done"] for answer in answers] == [3 * PART] * 2


class TestSomebodyInTheWay:
    """A wallet that is locked for longer than the hub waits for a lock, which is a second."""

    def accruals(self, members: list[str]) -> list[dict[str, Any]]:
        return [
            {"kind": "accrual", "member": member, "points": 1, "reference": f"L-{n}"}
            for n, member in enumerate(members)
        ]

    def test_a_part_is_tried_again(self, race: Race) -> None:
        lines = self.accruals([race.member] * 10)
        request = race.request("batches", reference=None, orders=lines)
        answers = []
        thread = threading.Thread(target=lambda: answers.append(race.wire.send(request)))
        with locked(race, race.member):
            thread.start()
            time.sleep(1.5)
        thread.join()
        assert [(one.status, one.json["done"]) for one in answers] == [(200, 10)]

    def test_of_the_first_part_nothing_is_done(self, race: Race) -> None:
        lines, key = self.accruals([race.member] * (PART + 1)), new_key()
        before = race.coalition.counts()
        with locked(race, race.member):
            answer = race.wire.send(race.request("batches", key=key, reference=None, orders=lines))
        assert (answer.status, answer.code) == (503, "busy")
        assert race.coalition.counts() == before
        answer = race.wire.send(race.request("batches", key=key, reference=None, orders=lines))
        assert (answer.status, answer.replayed, answer.json["done"]) == (200, False, PART + 1)

    def test_of_a_later_part_the_retry_does_the_rest(self, race: Race) -> None:
        late = race.shop.enrol()
        lines, key = self.accruals([race.member] * PART + [late]), new_key()
        before = race.coalition.counts()["journal"]
        with locked(race, late):
            answer = race.wire.send(race.request("batches", key=key, reference=None, orders=lines))
        assert answer.signed
        assert (answer.status, answer.code) == (503, "batch-unfinished")
        assert answer.json["retryable"]
        assert answer.headers["retry-after"]
        assert race.coalition.counts()["journal"] == before + PART
        answer = race.wire.send(race.request("batches", key=key, reference=None, orders=lines))
        assert (answer.status, answer.replayed, answer.json["done"]) == (200, False, PART + 1)
        assert race.coalition.counts()["journal"] == before + PART + 1
