"""What each role may do. Everybody who signs in may look; powers are for what changes something."""

from collections.abc import Iterable
from enum import StrEnum


class Role(StrEnum):
    """What somebody at the hub is there for; one person may have several."""

    OPERATIONS = "operations"
    FINANCE = "finance"
    APPROVER = "approver"
    RISK = "risk"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


class Power(StrEnum):
    """A kind of act. What it proposes still waits for a second person, who needs `approve`."""

    WINDOWS = "windows"  # close a window, bring in bank files, propose approval and payment
    MONEY = "money"  # adjustments, bank accounts, matches by hand, exchange rates
    RECONCILE = "reconcile"  # compare records, settle differences
    DISPUTES = "disputes"  # propose how a dispute ends
    PARTNERS = "partners"  # registration, keys, terms, suspension
    RATES = "rates"  # conversion rates
    RISK = "risk"  # caps, security, defaults
    MEMBERS = "members"  # the support view of a member, with a reason
    UNMASK = "unmask"  # a member's name and number, with a second reason
    APPROVE = "approve"  # decide on what another proposed
    PEOPLE = "people"  # invite, change roles, end others' sessions


POWERS: dict[Role, frozenset[Power]] = {
    Role.OPERATIONS: frozenset(
        {
            Power.WINDOWS,
            Power.RECONCILE,
            Power.DISPUTES,
            Power.PARTNERS,
            Power.RATES,
            Power.MEMBERS,
        }
    ),
    Role.FINANCE: frozenset(
        {Power.WINDOWS, Power.MONEY, Power.RECONCILE, Power.DISPUTES, Power.RATES}
    ),
    Role.APPROVER: frozenset({Power.APPROVE}),
    Role.RISK: frozenset({Power.DISPUTES, Power.PARTNERS, Power.RISK, Power.MEMBERS, Power.UNMASK}),
    Role.AUDITOR: frozenset(),
    Role.ADMINISTRATOR: frozenset({Power.PEOPLE}),
}


def powers(roles: Iterable[str]) -> frozenset[Power]:
    """All that these roles together may do."""
    return frozenset().union(*(POWERS[Role(role)] for role in roles))


def who_may(power: Power) -> list[Role]:
    """The roles that have a power, in the order of the list above."""
    return [role for role in Role if power in POWERS[role]]


# What it takes to make each kind of proposal; whoever decides needs `approve`, and is another.
PROPOSING: dict[str, Power] = {
    "rate": Power.RATES,
    "outside-rate": Power.RATES,
    "terms": Power.PARTNERS,
    "partner-key": Power.PARTNERS,
    "partner-key-revocation": Power.PARTNERS,
    "partner-activation": Power.PARTNERS,
    "partner-restoration": Power.PARTNERS,
    "exchange-answer": Power.RECONCILE,
    "calendar": Power.WINDOWS,
    "window-approval": Power.WINDOWS,
    "window-payment": Power.WINDOWS,
    "window-abort": Power.WINDOWS,
    "settle-regardless": Power.WINDOWS,
    "fx-rate": Power.MONEY,
    "adjustment": Power.MONEY,
    "bank-account": Power.MONEY,
    "bank-match": Power.MONEY,
    "payment-confirmation": Power.MONEY,
    "dispute-resolution": Power.DISPUTES,
    "security": Power.RISK,
    "default": Power.RISK,
    "default-cure": Power.RISK,
    "operator-invitation": Power.PEOPLE,
    "operator-roles": Power.PEOPLE,
    "operator-restoration": Power.PEOPLE,
}
