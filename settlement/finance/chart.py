"""The chart of accounts that plain-text accounting sees: names that hledger and beancount take.

A debit stands positive. Points are a commodity beside the currencies and never meet them: the
points of a wallet are owed by their issuer, and what they were issued, accepted or lost against
stands under Equity. Money is what a closed window came to.
"""

from collections.abc import Mapping

from settlement.reckoning import FLOAT, HUB

POINTS = "POINTS"
EXCHANGE = "Equity:Exchange"  # Where what is owed in one currency becomes owed in another.
RESIDUE = "Equity:Residue"  # What converting rounded away, from a partner to the hub.

_OF_POINTS = {
    "wallet": "Liabilities:Points",
    "issuing": "Equity:Issued",
    "accepting": "Equity:Accepted",
    "breakage": "Equity:Breakage",
    "receivable": "Assets:Receivable",
}


def party_names(slugs: Mapping[int, str]) -> dict[int, str]:
    """A different last part of account names for every party: `aurora` is `Aurora`."""
    names: dict[str, int] = {}
    for party, slug in sorted(slugs.items()):
        name = slug.capitalize()
        names[name if name not in names else f"{name}-{party}"] = party
    return {party: name for name, party in names.items()}


def points_account(kind: str, name: str) -> str:
    """The account of a party's points; for wallets the party is their issuer."""
    return f"{_OF_POINTS[kind]}:{name}"


def owed_account(name: str) -> str:
    """What a party owes for a window (debit) or is owed, gross, until it is netted."""
    return f"Liabilities:Owed:{name}"


def net_account(party: int, name: str) -> str:
    """What the coalition owes a party net, in the currency it settles in, until it is paid.

    The hub's own net is what it earned; the float's is what it holds for those who will accept.
    """
    own = {HUB: "Income:Hub", FLOAT: "Liabilities:Float"}
    return own.get(party, f"Liabilities:Net:{name}")


def payment_account(party: int, name: str) -> str:
    """What a payment touches: a partner's net, and the bank of the hub or of the float."""
    return f"Assets:Bank:{name}" if party in (HUB, FLOAT) else net_account(party, name)
