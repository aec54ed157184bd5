"""One wallet, many tills: what is spent is exactly what there was.

100 rounds of eight spends of the full balance, and thirty processes that spend until nothing is
left; HUB_FULL=1 makes it 1,000 rounds each of two, eight and fifty.
"""

import multiprocessing
import threading
from collections import Counter
from typing import Any

import pytest

from sdk.python.tongbao_client import Client
from tests.races.volleys import FULL, Race, rounds, split

PROCESSES = 30
POINTS = 1_000


@pytest.mark.parametrize("tills", [2, 8, 50] if FULL else [8])
def test_the_full_balance_is_spent_once(tills: int, race: Race) -> None:
    """Holds and redemptions alike: one wins, and the others are told that there is too little."""
    for number in range(rounds(100)):
        points = 10 + number
        race.one("accruals", points=points)
        paths = ["redemptions", "authorizations"] * (tills // 2)
        answers = race.volley([race.request(path, points=points) for path in paths])
        won, lost = split(answers)
        assert len(won) == 1, answers
        assert set(lost) == {(422, "insufficient-points")}
        assert race.balance()[0] == 0
        if won[0].json.get("state") == "held":
            race.one(f"authorizations/{won[0].json['id']}/capture")
        assert race.balance() == (0, 0)


def spend(
    number: int, origin: str, key: tuple[str, str], hub_keys: Any, member: str,
    start: Any, results: Any,
) -> None:  # fmt: skip
    """A till process: redeems, or holds and captures, until there is not enough for it."""
    client = Client(origin, *key, hub_keys, timeout=30)
    points = 3 + number % 5
    done: Counter[str] = Counter()
    start.wait()
    for sale in range(10_000):
        content = {"member": member, "points": points, "reference": f"P{number}-{sale}"}
        if number % 2:
            answer = client.call("POST", "/v1/redemptions", content)
        else:
            answer = client.call("POST", "/v1/authorizations", content)
        done[str(answer.body.get("code", answer.status))] += 1
        if answer.status != 201:
            break
        if number % 2:
            done["spent"] += points
        elif sale % 3:
            ended = client.call("POST", f"/v1/authorizations/{answer.body['id']}/capture", {})
            assert ended.status == 200, ended.body
            done["spent"] += points
        else:
            ended = client.call("POST", f"/v1/authorizations/{answer.body['id']}/void", {})
            assert ended.status == 200, ended.body
    client.close()
    results.put(done)


def test_thirty_processes_spend_what_there_is_and_no_more(race: Race) -> None:
    """And whoever reads the balance meanwhile never sees a point too many or too few."""
    race.one("accruals", points=POINTS)
    fork = multiprocessing.get_context("fork")
    start, results = fork.Barrier(PROCESSES + 1), fork.Queue()
    server = race.wire.server
    key = (race.shop.key_id, race.shop.private.to_pem())
    tills = [
        fork.Process(
            target=spend,
            args=(number, server.origin, key, server.keys, race.member, start, results),
        )
        for number in range(PROCESSES)
    ]
    for till in tills:
        till.start()
    seen: list[tuple[int, int]] = []
    finished = threading.Event()

    def read() -> None:
        while not finished.is_set():
            seen.append(race.balance())
        race.shop.client.close()

    reader = threading.Thread(target=read)
    reader.start()
    done: Counter[str] = Counter()
    try:
        start.wait(60)
        for _ in tills:
            done += results.get(timeout=120)  # A till that died is not waited for.
        for till in tills:
            till.join(30)
            assert till.exitcode == 0
    finally:
        finished.set()
        reader.join()
        for till in tills:
            till.kill()
    available, held = race.balance()
    assert held == 0
    assert done["spent"] == POINTS - available
    assert available < 7  # Too little for the dearest sale; each till tried until refused.
    assert done["insufficient-points"] == PROCESSES
    assert all(there >= 0 and on_hold >= 0 for there, on_hold in seen)
    assert all(there + on_hold <= POINTS for there, on_hold in seen)
    assert len(seen) > 5
