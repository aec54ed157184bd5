"""Why one brand pays what it pays, down to a signed request; what other terms had made of it."""

from dataclasses import dataclass
from typing import Any

from demo.brands import BRANDS
from demo.hub import HubFailed
from demo.operator_desk import OperatorDesk


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """A net taken apart along its largest part; amounts in minor units of `currency`."""

    net: int
    receives: int
    pays: int
    currency: str
    reason: dict[str, Any]  # The largest of what it owes another brand.
    line: dict[str, Any]  # One journal of that.
    evidence: dict[str, Any]  # The signed request behind that journal.


def explain(desk: OperatorDesk, window: str, slug: str) -> Told:
    """From the net figure down. Raises HubFailed."""
    found = desk.run("settlement", "explain", window, slug, "--json")
    owes = [each for each in found["reasons"] if each["side"] == "owes" and each["kind"] == "spent"]
    reason = max(owes, key=lambda each: each["amount"])
    name = reason["party"]["name"]
    acceptor = next(brand.slug for brand in BRANDS if brand.name == name)
    options = ("--owes", "--kind", "spent", "--with", acceptor, "--limit", "1000", "--json")
    lines = desk.run("settlement", "lines", window, slug, *options)
    if not lines:
        raise HubFailed(f"No journal of what {slug} owes {name} was shown.")
    line = lines[-1]  # The first are of the member whose year the hub wrote itself.
    return Told(
        net=found["net"],
        receives=found["receives"],
        pays=found["pays"],
        currency=found["currency"],
        reason=reason,
        line=line,
        evidence=desk.run("settlement", "evidence", line["id"], "--json"),
    )


def simulate(desk: OperatorDesk, window: str, slug: str, name: str, policy: str) -> dict[str, Any]:
    """That brand's outcome, had it settled by another policy; nothing is written."""
    (found,) = desk.run("simulate", window, "--policy", f"{slug}={policy}", "--json")
    outcome: dict[str, Any] = next(each for each in found["parties"] if each["name"] == name)
    return outcome
