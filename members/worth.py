"""What points are worth in money, to say it beside them: nobody is paid by these figures.

A total is rounded once, down, so that it never promises more than points buy. Parts of it are
rounded so that they add up to the total.
"""

from collections.abc import Iterable

MILLION = 1_000_000


def floor_worth(points: int, point_worth: int) -> int:
    """Minor units that so many points are worth, at millionths of a minor unit each."""
    return points * point_worth // MILLION


def shares(parts: Iterable[int], point_worth: int) -> list[int]:
    """Minor units for each part: a part gets what the total grows by when it is added."""
    found, before, points = [], 0, 0
    for part in parts:
        points += part
        total = floor_worth(points, point_worth)
        found.append(total - before)
        before = total
    return found
