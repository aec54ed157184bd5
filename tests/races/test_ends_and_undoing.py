"""Ends and ways back, raced: one end for a hold, nothing undone beyond what was done (T22, T23).

100 rounds for holds and 20 for the rest; ten times that with HUB_FULL=1.
"""

from threading import Thread

from exchange import expiry
from tests.races.volleys import Race, rounds, split


def test_a_hold_has_one_end(race: Race) -> None:
    """Captures and voids at once: one is told yes, the others what the hold came to."""
    race.one("accruals", points=1_000_000)
    ends: set[str] = set()
    available, _ = race.balance()
    for _ in range(rounds(100)):
        hold = race.one("authorizations", points=10).json["id"]
        requests = [
            race.request(
                f"authorizations/{hold}/{'void' if place % 2 else 'capture'}", points=points
            )
            for place, points in enumerate([7, None, 10, None, 3, None])
        ]
        answers = race.volley(requests)
        won, lost = split(answers)
        assert len(won) == 1, answers
        assert set(lost) == {(409, "hold-not-open")}
        state = won[0].json["state"]
        assert {answer.json["state"] for answer in answers} == {state}
        assert won[0].json["captured"] + won[0].json["released"] == 10
        available -= won[0].json["captured"]
        ends.add(state)
    assert race.balance() == (available, 0)
    assert ends == {"captured", "voided"}, "the race always had the same winner"


def test_a_hold_that_expires_meanwhile(race: Race) -> None:
    """The job that ends holds races the till: captured or expired, never both."""
    race.one("accruals", points=1_000_000)
    owner, database = race.coalition.books.owner, race.coalition.database
    ends = set()
    for _ in range(rounds(20)):
        hold = race.one("authorizations", points=10).json["id"]
        owner.execute(
            "UPDATE exchange.hold"
            " SET expires_at = clock_timestamp() + interval '10 ms' WHERE state = 'held'"
        )
        job = Thread(target=lambda: expiry.expire_holds(database))
        job.start()
        requests = [race.request(f"authorizations/{hold}/capture") for _ in range(3)]
        won, lost = split(race.volley(requests))
        job.join()
        expiry.expire_holds(database)
        assert len(won) <= 1
        assert set(lost) <= {(409, "hold-not-open")}
        path = f"/v1/authorizations/{hold}"
        state = race.wire.ask(race.shop, "GET", path).json["state"]
        if won:
            assert state == "captured"
        ends.add(state)
    assert ends <= {"captured", "expired"}
    assert race.balance()[1] == 0


def test_refunds_never_exceed_the_sale(race: Race) -> None:
    race.one("accruals", points=1_000)
    for _ in range(rounds(20)):
        before = race.balance()[0]
        sale = race.one("redemptions", points=100).json["id"]
        requests = [race.request("refunds", transaction=sale, points=30) for _ in range(8)]
        won, lost = split(race.volley(requests))
        assert len(won) == 3
        assert set(lost) == {(422, "exceeds-captured")}
        assert race.balance()[0] == before - 10
        # What is left, without an amount: one takes it all.
        requests = [race.request("refunds", transaction=sale) for _ in range(4)]
        won, lost = split(race.volley(requests))
        assert [answer.json["points"] for answer in won] == [10]
        assert set(lost) == {(422, "exceeds-captured")}
        assert race.balance()[0] == before


def test_clawbacks_never_exceed_the_accrual(race: Race) -> None:
    """While the points are being spent: what is gone is owed, and the wallet stays above zero."""
    for _ in range(rounds(20)):
        accrual = race.one("accruals", points=100).json["id"]
        path = f"accruals/{accrual}/clawbacks"
        requests = [
            *(race.request(path, points=30) for _ in range(5)),
            *(race.request("redemptions", points=25) for _ in range(3)),
        ]
        answers = race.volley(requests)
        won, lost = split(answers[:5])
        assert len(won) == 3
        assert set(lost) == {(422, "exceeds-accrued")}
        spent, refused = split(answers[5:])
        assert set(refused) <= {(422, "insufficient-points")}
        taken = sum(answer.json["taken"] for answer in won)
        owed = sum(answer.json["owed"] for answer in won)
        assert taken + owed == 90
        left = race.balance()[0]
        assert left == 100 - taken - 25 * len(spent)
        # Whatever was owed is repaid by the next accrual, and all is as before.
        repaid = race.one("accruals", points=owed + 1).json["repaid"]
        assert repaid == owed
        race.one("redemptions", points=left + 1)
        assert race.balance() == (0, 0)


def test_refunds_and_clawbacks_meet(race: Race) -> None:
    """One sale refunded while the points it spent are clawed back: the sums hold either way."""
    for _ in range(rounds(20)):
        accrual = race.one("accruals", points=100).json["id"]
        sale = race.one("redemptions", points=100).json["id"]
        requests = [
            *(race.request("refunds", transaction=sale, points=50) for _ in range(4)),
            *(race.request(f"accruals/{accrual}/clawbacks", points=50) for _ in range(4)),
        ]
        answers = race.volley(requests)
        assert len(split(answers[:4])[0]) == 2
        back = split(answers[4:])[0]
        assert len(back) == 2
        owed = sum(answer.json["owed"] for answer in back)
        assert race.balance() == (owed, 0)
        if owed:
            race.one("redemptions", points=owed)
            assert race.one("accruals", points=owed).json["repaid"] == owed
