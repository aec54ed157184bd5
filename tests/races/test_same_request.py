"""One purchase sent many times at once: done once, whoever answers (T5, T15, T17).

10 rounds of 20 copies for each of five operations, and 50 of verbatim ones; ten times as many with
HUB_FULL=1.
"""

from collections.abc import Callable
from typing import Any

import pytest

from tests.attacks.wire import Request, new_key
from tests.races.volleys import Race, rounds, split

COPIES = 20
Content = Callable[[Race], tuple[str, dict[str, Any]]]


def accrual(race: Race) -> tuple[str, dict[str, Any]]:
    return "accruals", {"points": 5}


def redemption(race: Race) -> tuple[str, dict[str, Any]]:
    return "redemptions", {"points": 5}


def authorisation(race: Race) -> tuple[str, dict[str, Any]]:
    return "authorizations", {"points": 5}


def refund(race: Race) -> tuple[str, dict[str, Any]]:
    sale = race.one("redemptions", points=5).json["id"]
    return "refunds", {"transaction": sale, "points": 1}


def clawback(race: Race) -> tuple[str, dict[str, Any]]:
    accrual = race.one("accruals", points=5).json["id"]
    return f"accruals/{accrual}/clawbacks", {"points": 1}


def effects(race: Race) -> int:
    counts = race.coalition.counts()
    return counts["journal"] + counts["hold"]


EVERY = [accrual, redemption, authorisation, refund, clawback]


@pytest.mark.parametrize("what", EVERY)
def test_copies_under_one_key_act_once(what: Content, race: Race) -> None:
    """Retries of an impatient client: each signed afresh, all under the key of the purchase."""
    race.one("accruals", points=100_000)
    for number in range(rounds(10)):
        path, content = what(race)
        content["reference"] = f"C-{number}"
        key, before = new_key(), effects(race)
        answers = race.volley([race.request(path, key=key, **content) for _ in range(COPIES)])
        won, lost = split(answers)
        assert len({answer.body for answer in won}) == 1
        assert [answer.replayed for answer in won].count(False) == 1
        assert set(lost) <= {(409, "request-in-progress")}
        assert effects(race) == before + 1


@pytest.mark.parametrize("what", EVERY)
def test_one_receipt_under_many_keys_is_taken_once(what: Content, race: Race) -> None:
    """A client that forgot its keys: the receipt's number is the second line of defence."""
    race.one("accruals", points=100_000)
    for number in range(rounds(10)):
        path, content = what(race)
        content["reference"] = f"C-{number}"
        before = effects(race)
        answers = race.volley([race.request(path, **content) for _ in range(COPIES)])
        won, lost = split(answers)
        assert len(won) == 1
        assert set(lost) == {(409, "duplicate-reference")}
        named = {answer.json["first"] for answer in answers if answer not in won}
        assert named == {won[0].json["id"]}
        assert effects(race) == before + 1


def test_verbatim_copies_act_once(race: Race) -> None:
    """A captured request, sent from twenty sockets."""
    for _ in range(rounds(50)):
        copy: Request = race.request("accruals", points=5)
        won, lost = split(race.volley([copy] * COPIES))
        assert len(won) == 1
        assert set(lost) == {(401, "signature-replayed")}


def test_one_customer_is_enrolled_once(race: Race) -> None:
    for number in range(rounds(10)):
        wallets = race.coalition.counts()["wallet"]
        requests = [race.request("members", reference=f"K-{number}") for _ in range(8)]
        won, lost = split(race.volley(requests))
        assert len(won) == 1
        assert set(lost) == {(409, "customer-known")}
        assert race.coalition.counts()["wallet"] == wallets + 1


def test_one_link_token_links_once(race: Race) -> None:
    others = [race.coalition.partner() for _ in range(4)]
    for _ in range(rounds(5)):
        member = race.one("members").json["id"]
        token = race.one(f"members/{member}/link-tokens").json["token"]
        answers = race.volley(
            [race.request("members/links", partner=one, token=token) for one in others * 2]
        )
        won, lost = split(answers)
        assert len(won) == 1
        assert set(lost) <= {(422, "link-token-invalid"), (409, "already-linked")}


def test_one_quote_is_used_once(race: Race) -> None:
    race.coalition.rate(race.shop, 10, 3)
    for _ in range(rounds(10)):
        quote = race.wire.send(
            race.request("quotes", member=race.member, theirs=100, reference=None)
        ).json["id"]
        before = race.balance()[0]
        requests = [race.request("imports", member=race.member, quote=quote) for _ in range(8)]
        won, lost = split(race.volley(requests))
        assert len(won) == 1
        assert set(lost) == {(409, "quote-used")}
        assert race.balance()[0] == before + 30
