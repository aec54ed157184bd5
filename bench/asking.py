"""What a benchmark asks of the hub: one function for each operation, none of it signed yet."""

import json
import secrets
from typing import Any, NamedTuple

from bench.filling import link_id
from bench.place import Place
from kit import ids
from partners.public_keys import ED25519

POINTS = 3


class Ask(NamedTuple):
    """A request without its signature; `till` is the number of who asks in `place.tills`."""

    till: int
    method: str
    target: str
    body: bytes = b""
    algorithm: str = ED25519


def post(till: int, target: str, content: dict[str, Any], algorithm: str = ED25519) -> Ask:
    """A request with content."""
    return Ask(till, "POST", target, json.dumps(content).encode(), algorithm)


def member(number: int, other: int = 0) -> str:
    """A till's name for a member; `other` as in `link_id`."""
    return ids.to_text("mbr", link_id(number, other))


def reference() -> str:
    """A receipt number that nobody used."""
    return f"T-{secrets.token_hex(8)}"


def spend(who: str, points: int = POINTS) -> dict[str, Any]:
    """The content of a redemption, an authorisation or an accrual."""
    return {"member": who, "points": points, "reference": reference()}


def redemption(place: Place, number: int, algorithm: str = ED25519) -> Ask:
    """Member `number` pays with points at its own till."""
    till = number % len(place.tills)
    return post(till, "/v1/redemptions", spend(member(number)), algorithm)


def shared_redemption(place: Place, till: int) -> Ask:
    """The first member pays at any till."""
    other = (till - 1) % len(place.tills)
    return post(till, "/v1/redemptions", spend(member(1, other)))


def accrual(place: Place, number: int) -> Ask:
    """Member `number` earns points."""
    return post(number % len(place.tills), "/v1/accruals", spend(member(number), 120))


def authorisation(place: Place, number: int) -> Ask:
    """Points of member `number` are held."""
    return post(number % len(place.tills), "/v1/authorizations", spend(member(number)))


def capture(till: int, hold: str) -> Ask:
    """A hold is spent, all of it."""
    return post(till, f"/v1/authorizations/{hold}/capture", {})


def void(till: int, hold: str) -> Ask:
    """A hold is let go."""
    return post(till, f"/v1/authorizations/{hold}/void", {})


def refund(till: int, transaction: str) -> Ask:
    """A redemption is given back, one point of it."""
    content = {"transaction": transaction, "points": 1, "reference": reference()}
    return post(till, "/v1/refunds", content)


def import_(place: Place, number: int) -> Ask:
    """Member `number` brings a merchant's own points in."""
    content = {"member": member(number), "theirs": 100, "reference": reference()}
    return post(number % len(place.tills), "/v1/imports", content)


def balance(place: Place, number: int) -> Ask:
    """Can member `number` pay?"""
    return Ask(number % len(place.tills), "GET", f"/v1/members/{member(number)}/balance")


def id_of(answer: bytes) -> str:
    """The id that an answer gives to what was made."""
    found: str = json.loads(answer[answer.index(b"\r\n\r\n") + 4 :])["id"]
    return found
