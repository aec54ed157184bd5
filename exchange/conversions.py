"""Every conversion that is agreed or known of, as ways between kinds of value."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from exchange import store
from exchange.arbitrage import (
    SHARED,
    Conditions,
    Loop,
    Way,
    export_way,
    find_loop,
    import_way,
    outside_way,
)
from exchange.errors import RateArbitrage
from exchange.rules import Ratio

Values = Mapping[str, Any]


def refuse_loops(
    session: Session,
    new: Way,
    valid_from: datetime,
    valid_to: datetime | None,
    *,
    told_to: int | None = None,
) -> None:
    """Raises RateArbitrage when a loop gains at any time of the period, were `new` in force.

    What is told to a party leaves out what others agreed.
    """
    dated = dated_ways(session, valid_from, valid_to)
    # A loop that is possible at all is possible when the last of its ways begins.
    begins = {valid_from, *(since for since, _, _ in dated if since and since > valid_from)}
    for moment in sorted(begins):
        ways = [
            way
            for since, until, way in dated
            if (since is None or since <= moment) and (until is None or moment < until)
        ]
        loop = find_loop([new, *ways])
        if loop is not None:
            raise RateArbitrage(**_facts(loop, new, told_to), since=moment.isoformat())


def loop_at(session: Session, moment: datetime) -> Loop | None:
    """A loop that gains at a moment, by our rates and those of others that are counted with."""
    soon = moment + timedelta(microseconds=1)
    return find_loop(way for _, _, way in dated_ways(session, moment, soon))


def dated_ways(
    session: Session, valid_from: datetime, valid_to: datetime | None
) -> list[tuple[datetime | None, datetime | None, Way]]:
    """The ways in force at any time of the period, each with when it begins and ends."""
    return [
        (row["valid_from"], row["valid_to"], make(dict(row), name.format(row["id"])))
        for rows, make, name in (
            (store.rates_during(session, valid_from, valid_to), rate_way, "rat_{:06d}"),
            (store.outside_rates_during(session, valid_from, valid_to), others_way, "out_{:06d}"),
        )
        for row in rows
    ]


def rate_way(rate: Values, name: str) -> Way:
    """The way of a rate: `party` or `party_id` says whose."""
    conditions = Conditions(
        ratio=Ratio(theirs=rate["theirs"], ours=rate["ours"], fee_ppm=rate["fee_ppm"]),
        minimum=rate["minimum"],
        step=rate["step"],
        daily_cap=rate["daily_cap"],
    )
    make = import_way if rate["direction"] == "import" else export_way
    party: int = rate["party"] if "party" in rate else rate["party_id"]
    return make(own_points(party), name, conditions)


def others_way(rate: Values, name: str) -> Way:
    """The way of an outside rate."""
    return outside_way(
        _kind(rate["source_party"], rate["source_money"]),
        _kind(rate["target_party"], rate["target_money"]),
        name,
        gives=rate["gives"],
        gets=rate["gets"],
        minimum=rate["minimum"],
        step=rate["step"],
    )


def own_points(party: int) -> str:
    """What a party's own points are called in a loop."""
    return f"of party {party}"


def _kind(party: int | None, money: str | None) -> str:
    if party is not None:
        return own_points(party)
    return money or SHARED


def _facts(loop: Loop, new: Way, told_to: int | None) -> dict[str, Any]:
    def agreed(way: Way) -> bool:
        own = told_to is not None and own_points(told_to) in (way.source, way.target)
        return way == new or (own and way.name.startswith("rat_"))

    if told_to is None or all(agreed(each.way) for each in loop.steps):
        return {"loop": str(loop), "gain_ppm": loop.gain_ppm}
    steps = [str(each) if agreed(each.way) else "what others convert" for each in loop.steps]
    return {"loop": "; ".join(dict.fromkeys(steps))}
