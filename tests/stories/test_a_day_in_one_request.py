"""A merchant whose tills were cut off sends its whole day in the evening: 10,000 lines at once.

Every line's outcome is foretold, because the lines of one member are done in the order given.
"""

import secrets
from collections import Counter, defaultdict
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from sqlalchemy import text

from sdk.python.tongbao_client import Answer, Client
from tests.server import Coalition, Partner

LINES = 10_000
MEMBERS = 150
KINDS = {"accrual": 55, "redemption": 30, "authorization": 10, "import": 5}


@pytest.fixture
def shop(coalition: Coalition) -> Partner:
    made = coalition.partner()
    coalition.rate(made, 10, 3)
    return made


@pytest.fixture
def evening(coalition: Coalition, shop: Partner) -> Iterator[Client]:
    """The shop's back office, which has time to wait for a long answer."""
    server = coalition.server
    client = Client(server.origin, shop.key_id, shop.private.to_pem(), server.keys, timeout=120)
    yield client
    client.close_all()


class Day:
    """Lines as they come, and what must become of each."""

    def __init__(self, members: list[str]) -> None:
        self.members = members
        self.available: dict[str, int] = defaultdict(int)
        self.held: dict[str, int] = defaultdict(int)
        self.lines: list[dict[str, Any]] = []
        self.foretold: list[str | None] = []  # The code of a refusal, or none.
        self._random = Random(2026)  # noqa: S311
        self._receipts: list[dict[str, Any]] = []

    def go_on(self) -> None:
        """One more line."""
        random = self._random
        kind = random.choices(list(KINDS), weights=list(KINDS.values()))[0]
        member, points = random.choice(self.members), random.randint(1, 90)
        line = {"kind": kind, "member": member, "reference": f"{kind[0]}-{len(self.lines)}"}
        line["theirs" if kind == "import" else "points"] = points * 10
        gain = {"accrual": points * 10, "import": points * 3}.get(kind, -points * 10)
        refusal = None
        if random.random() < 0.01 and self._receipts:
            line = dict(random.choice(self._receipts))
            refusal = "duplicate-reference"
        elif self.available[member] + gain < 0:
            refusal = "insufficient-points"
        else:
            self.available[member] += gain
            self.held[member] -= gain if kind == "authorization" else 0
            self._receipts.append(line)
        self.lines.append(line)
        self.foretold.append(refusal)


def by_kind(day: Day, answer: Answer, kind: str) -> list[tuple[str, dict[str, Any]]]:
    """Member and answer of every line of a kind that was done."""
    return [
        (line["member"], outcome["answer"])
        for line, outcome in zip(day.lines, answer.body["outcomes"], strict=True)
        if line["kind"] == kind and "answer" in outcome
    ]


def test_a_day_in_one_request(coalition: Coalition, shop: Partner, evening: Client) -> None:
    day = Day([shop.enrol(10**9, shares_balance=True) for _ in range(MEMBERS)])
    while len(day.lines) < LINES:
        day.go_on()
    before = coalition.counts()
    key = secrets.token_urlsafe(18)
    answer = evening.call("POST", "/v1/batches", {"orders": day.lines}, idempotency_key=key)
    assert answer.status == 200, answer.body

    outcomes = answer.body["outcomes"]
    assert [one["line"] for one in outcomes] == list(range(LINES))
    assert [one.get("problem", {}).get("code") for one in outcomes] == day.foretold
    refused = Counter(code for code in day.foretold if code)
    assert min(refused["duplicate-reference"], refused["insufficient-points"]) > 50
    assert answer.body["refused"] == refused.total()
    assert answer.body["done"] == LINES - refused.total()
    for line, one in zip(day.lines, outcomes, strict=True):
        told = one.get("answer") or one["problem"]
        assert one["status"] == (201 if "answer" in one else told["status"])
        if "answer" in one:
            assert (told["member"], told["reference"]) == (line["member"], line["reference"])
    holds = by_kind(day, answer, "authorization")
    after = coalition.counts()
    assert after["hold"] - before["hold"] == len(holds)
    assert after["journal"] - before["journal"] == answer.body["done"] - len(holds)
    _check_balances(shop, day)
    _check_evidence(coalition, key)

    for one in outcomes[:LINES:500]:  # A line's answer is what the transaction says of itself.
        if one.get("answer", {}).get("id", "").startswith("jrn_"):
            single = shop.call("GET", f"/v1/transactions/{one['answer']['id']}").body
            assert {name: single[name] for name in ("kind", "member", "points", "reference")} == {
                name: one["answer"][name] for name in ("kind", "member", "points", "reference")
            }

    again = evening.call("POST", "/v1/batches", {"orders": day.lines}, idempotency_key=key)
    assert (again.status, again.replayed, answer.replayed) == (200, True, False)
    assert again.body == answer.body
    assert again.headers["content-digest"] == answer.headers["content-digest"]
    assert coalition.counts() == after

    # The same lines under another key are refused line by line, and name the first.
    done = [
        (line, one["answer"])
        for line, one in zip(day.lines, outcomes, strict=True)
        if "answer" in one
    ][:1_000]
    twice = evening.call("POST", "/v1/batches", {"orders": [line for line, _ in done]})
    assert (twice.body["done"], twice.body["refused"]) == (0, 1_000)
    for (_, first), second in zip(done, twice.body["outcomes"], strict=True):
        assert second["problem"]["code"] == "duplicate-reference"
        assert second["problem"]["first"] == first["id"]

    _undo_some(shop, evening, day, answer)
    _check_balances(shop, day)


def _undo_some(shop: Partner, evening: Client, day: Day, answer: Answer) -> None:
    """The next batch: ends of holds, refunds, and last the clawbacks."""
    lines: list[dict[str, Any]] = []
    for number, (member, hold) in enumerate(by_kind(day, answer, "authorization")):
        held = hold["points"]
        if number % 3:
            spent = held // 2 if number % 3 == 1 else held
            lines.append({"kind": "capture", "authorization": hold["id"], "points": spent})
            day.available[member] += held - spent
        else:
            lines.append({"kind": "void", "authorization": hold["id"]})
            day.available[member] += held
        day.held[member] -= held
    for member, sale in by_kind(day, answer, "redemption")[::2]:
        lines.append(
            {"kind": "refund", "transaction": sale["id"], "reference": f"b-{sale['reference']}"}
        )
        day.available[member] += sale["points"]
    taken = []
    for member, accrual in by_kind(day, answer, "accrual")[::5]:
        lines.append(
            {
                "kind": "clawback",
                "transaction": accrual["id"],
                "reference": accrual["reference"],
                "points": accrual["points"] - 5,
            }
        )
        taken.append(min(accrual["points"] - 5, day.available[member]))
        day.available[member] -= taken[-1]
    assert len(lines) > 2_000
    undone = evening.call("POST", "/v1/batches", {"orders": lines})
    assert (undone.status, undone.body["refused"]) == (200, 0), undone.body
    assert undone.body["done"] == len(lines)
    for line, one in zip(lines, undone.body["outcomes"], strict=True):
        single = 201 if line["kind"] in ("refund", "clawback") else 200
        assert one["status"] == single
    clawed = [one["answer"] for one in undone.body["outcomes"] if "taken" in one["answer"]]
    assert [one["taken"] for one in clawed] == taken
    states = Counter(one["answer"].get("state") for one in undone.body["outcomes"])
    assert states["captured"] == sum(line["kind"] == "capture" for line in lines)
    assert states["voided"] == sum(line["kind"] == "void" for line in lines)


def _check_balances(shop: Partner, day: Day) -> None:
    for member in day.members:
        told = shop.call("GET", f"/v1/members/{member}/balance").body
        assert (told["available"], told["held"]) == (day.available[member], day.held[member])


def _check_evidence(coalition: Coalition, key: str) -> None:
    """The signed request is kept once, beside the first of its parts."""
    with coalition.database.transaction() as session:
        kept = session.execute(
            text(
                "SELECT key, evidence ->> 'body' IS NOT NULL, jsonb_array_length(facts)"
                " FROM exchange.claim WHERE key = :key OR starts_with(key, :key || '/')"
            ),
            {"key": key},
        ).all()
    assert sum(lines for _, _, lines in kept) == LINES
    assert [whose for whose, evidence, _ in kept if evidence] == [key]
