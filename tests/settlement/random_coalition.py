"""A window of a random coalition: 2 to 40 partners, every policy, several currencies, all kinds."""

from random import Random

from partners.agreement import MILLION, Terms
from settlement.defaults.dry_run import Day
from settlement.fx import Rate
from settlement.movements import Movement, MovementKind

RATES = {
    "JPY": Rate(base="CNY", quote="JPY", numerator=201, denominator=10),
    "EUR": Rate(base="CNY", quote="EUR", numerator=9, denominator=70),
    "KWD": Rate(base="CNY", quote="KWD", numerator=43, denominator=1000),
}
KINDS: tuple[MovementKind, ...] = ("issued", "clawed_back", "spent", "refunded", "expired")


def build_day(random: Random, *, partners: int, lines: int) -> Day:
    """The closed window and its terms: partners are numbered from 11, and so are their terms."""
    parties = range(11, 11 + partners)
    terms = {party: _terms(random, party) for party in parties}
    return Day(
        window="2026-11",
        revision=1,
        content=[_movement(random, parties) for _ in range(lines)],
        terms=terms,
        currencies={party: each.currency for party, each in terms.items()},
        rates=RATES,
        base="CNY",
        route=random.choice(["hub", "direct"]),
        covers={},
        covered=frozenset(),
    )


def _terms(random: Random, party: int) -> Terms:
    issue_price = random.randrange(2_000_000)
    return Terms(
        id=party,
        party=party,
        issue_price=issue_price,
        accept_price=random.randrange(issue_price + 1),
        fee_ppm=random.choice([0, 10_000, random.randrange(MILLION)]),
        prefunded_ppm=random.choice([0, MILLION, random.randrange(MILLION)]),
        breakage_hub_ppm=random.choice([0, MILLION, random.randrange(MILLION)]),
        currency=random.choice(["CNY", "CNY", "JPY", "EUR", "KWD"]),
    )


def _movement(random: Random, parties: range) -> Movement:
    issuer, kind = random.choice(parties), random.choice([*KINDS, "spent", "spent"])
    acceptor = random.choice(parties) if kind in ("spent", "refunded") else None
    return Movement(
        kind=kind,
        issuer=issuer,
        acceptor=acceptor,
        points=random.randrange(1, 10 ** random.randint(1, 8)),
        valued_terms=issuer,
        issue_terms=issuer,
        acceptor_terms=acceptor,
    )
