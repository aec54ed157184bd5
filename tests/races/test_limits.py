"""Limits under a crowd: reached exactly, never passed (T19, T21).

10 rounds of 50 accruals at a cap and 50 rounds for payment codes; ten times that with HUB_FULL=1.
"""

from tests.races.volleys import Race, rounds, split


def exposure(race: Race, party: int) -> int:
    return race.coalition.books.exposure(party)


def test_a_cap_is_reached_and_not_passed(race: Race) -> None:
    """Fifty accruals of five points each at a cap of a hundred: twenty of them, every time."""
    for _ in range(rounds(10)):
        issuer = race.coalition.partner(cap=100)
        members = [issuer.enrol() for _ in range(5)]
        requests = [
            race.request("accruals", partner=issuer, member=members[n % 5], points=5)
            for n in range(50)
        ]
        won, lost = split(race.volley(requests))
        assert len(won) == 20
        assert set(lost) == {(422, "position-limit")}
        assert exposure(race, issuer.party) == 100


def test_clawing_back_makes_room_for_just_as_much(race: Race) -> None:
    issuer = race.coalition.partner(cap=100)
    member = issuer.enrol()
    ids = [issuer.accrue(member, 10).body["id"] for _ in range(10)]
    for _ in range(rounds(5)):
        requests = [
            *(race.request(f"accruals/{id_}/clawbacks", partner=issuer) for id_ in ids[:4]),
            *(
                race.request("accruals", partner=issuer, member=member, points=10)
                for _ in range(12)
            ),
        ]
        answers = race.volley(requests)
        assert len(split(answers[:4])[0]) == 4
        won, lost = split(answers[4:])
        assert set(lost) <= {(422, "position-limit")}
        assert exposure(race, issuer.party) == 60 + 10 * len(won) <= 100
        ids = ids[4:] + [answer.json["id"] for answer in won]
        while len(ids) < 10:
            ids.append(issuer.accrue(member, 10).body["id"])


def test_a_rates_daily_cap(race: Race) -> None:
    for _ in range(rounds(5)):
        issuer = race.coalition.partner()
        race.coalition.rate(issuer, 10, 3, daily_cap=1_000)
        member = issuer.enrol()
        requests = [
            race.request("imports", partner=issuer, member=member, theirs=100) for _ in range(20)
        ]
        won, lost = split(race.volley(requests))
        assert len(won) == 10
        assert set(lost) == {(422, "daily-cap")}


def test_a_mandates_day(race: Race) -> None:
    """A member lets a brand spend a hundred a day: tills of it at once take a hundred."""
    race.one("accruals", points=10_000)
    for _ in range(rounds(10)):
        brand = race.coalition.partner()
        there = brand.link(race.shop, race.member, daily_limit=100)
        requests = [
            race.request(path, partner=brand, member=there, points=20)
            for path in ("redemptions", "authorizations") * 6
        ]
        won, lost = split(race.volley(requests))
        assert len(won) == 5
        assert set(lost) == {(422, "mandate-limit")}


def test_a_payment_code_pays_once(race: Race) -> None:
    """Shown at ten tills of two brands in the same moment."""
    owner = race.coalition.books.owner
    owner.execute("UPDATE exchange.setting SET code_failures_a_minute = 1000000")
    race.one("accruals", points=1_000_000)
    other = race.coalition.partner()
    for _ in range(rounds(50)):
        before = sum(race.balance())
        made = race.one(f"members/{race.member}/payment-codes", max_points=50)
        requests = [
            race.request(path, partner=till, member=None, payment_code=made.json["code"], points=50)
            for till in (race.shop, other)
            for path in ("redemptions", "authorizations", "redemptions", "authorizations")
        ]
        won, lost = split(race.volley(requests))
        assert len(won) == 1
        assert set(lost) == {(422, "payment-code-invalid")}
        available, held = race.balance()
        assert before - available - held in (0, 50)  # Held or spent.


def test_guesses_are_counted_under_a_crowd(race: Race) -> None:
    """However many guess at once, no more than twenty are heard in a minute."""
    requests = [
        race.request("redemptions", member=None, payment_code=f"80{n:016d}", points=1)
        for n in range(40)
    ]
    heard = [answer.code for answer in race.volley(requests)].count("payment-code-invalid")
    # The count is read before the guess is: those in flight together may each see the last one.
    assert heard <= 20 + 16
    assert (
        race.wire.send(
            race.request("redemptions", member=None, payment_code="80" + "9" * 16, points=1)
        ).status
        == 429
    )
