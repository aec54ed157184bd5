"""The closed window's figures, as the hub's desk and the brands' own statements tell them."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Debt:
    """What one party owes another before netting, of all kinds together."""

    debtor: int
    creditor: int
    amount: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Position:
    """One party's outcome. `net` is in the hub's currency, `settles` in its own."""

    party: int
    receives: int
    pays: int
    cover: int  # Made good for it in a default, or, below zero, borne by it.
    net: int
    currency: str
    settles: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Payment:
    """Money that really moves."""

    payer: int
    payee: int
    amount: int
    currency: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """`statements` are the documents the brands fetched for themselves, by slug."""

    currency: str
    names: dict[int, str]
    debts: list[Debt]
    positions: list[Position]
    payments: list[Payment]
    statements: dict[str, dict[str, Any]]


@dataclass(frozen=True, kw_only=True, slots=True)
class IssuersPoints:
    """What became of one issuer's points in the window; it began with none outstanding."""

    issued: int
    clawed_back: int
    spent: int
    refunded: int
    expired: int
    outstanding: int


def points_of(statement: dict[str, Any]) -> IssuersPoints:
    """The points of the brand whose statement it is."""
    return IssuersPoints(
        issued=statement["issued"],
        clawed_back=statement["clawed_back"],
        spent=sum(trade["spent"] for trade in statement["spent"]),
        refunded=sum(trade["refunded"] for trade in statement["spent"]),
        expired=statement["expired"],
        outstanding=statement["closing"],
    )


def told_otherwise(
    statements: dict[str, dict[str, Any]], counted: dict[tuple[str, str], int]
) -> list[str]:
    """Where a statement differs from what the brand's own computers counted; empty when none."""
    differences = []
    for slug, statement in statements.items():
        told = {
            "issued": statement["issued"],
            "clawed back": statement["clawed_back"],
            "spent": sum(trade["spent"] for trade in statement["accepted"]),
            "refunded": sum(trade["refunded"] for trade in statement["accepted"]),
        }
        for movement, points in told.items():
            if points != counted.get((slug, movement), 0):
                own = counted.get((slug, movement), 0)
                differences.append(f"{slug}: {points:,} points {movement}, counted {own:,}")
    return differences
