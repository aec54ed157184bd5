"""Chance that comes out the same every time: read off a hash of what is being decided.

Unlike a generator's, a draw does not depend on the draws before it: one household's month stays
the same whatever is changed in another's.
"""

from collections.abc import Mapping
from hashlib import blake2b

SEED = "tongbao/2017-01"


def draw(below: int, *about: object) -> int:
    """A whole number from 0 to below - 1, always the same for the same question."""
    question = "/".join([SEED, *map(str, about)]).encode()
    return int.from_bytes(blake2b(question, digest_size=8).digest()) % below


def happens(per_thousand: int, *about: object) -> bool:
    """Does what happens so many times in a thousand happen here?"""
    return draw(1000, *about) < per_thousand


def choose(weights: Mapping[str, int], *about: object) -> str:
    """One of the names, each as likely as its weight."""
    left = draw(sum(weights.values()), *about)
    for name, weight in weights.items():
        left -= weight
        if left < 0:
            return name
    raise AssertionError("a draw lies below the sum of the weights")
