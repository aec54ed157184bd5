"""The tree of RFC 9162, section 2.1: roots, proofs, and their verification. No I/O.

A tree is known by `Nodes`: the roots of its full subtrees. The one of `height` h and `index` i
stands over the 2^h leaves from i * 2^h on; height 0 is the leaf hashes themselves.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256

Nodes = Callable[[int, int], bytes]  # (height, index) -> 32 bytes

EMPTY = sha256().digest()  # The root of a tree without leaves.


def leaf_hash(data: bytes) -> bytes:
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def split(size: int) -> int:
    """Where a tree of two leaves or more divides: the largest power of two below its size."""
    return 1 << ((size - 1).bit_length() - 1)


def full_root(hashes: Sequence[bytes]) -> bytes:
    """The root over a power of two of neighbouring hashes."""
    return layers(hashes)[-1][0]


def layers(hashes: Sequence[bytes]) -> list[list[bytes]]:
    """These hashes, the pairs of them, the pairs of these, as far as they are complete."""
    found = [list(hashes)]
    while len(found[-1]) > 1:
        below = iter(found[-1])
        found.append([node_hash(left, right) for left, right in zip(below, below, strict=False)])
    return found


def nodes_of(hashes: Sequence[bytes]) -> Nodes:
    """The full subtrees of a tree that fits into memory."""
    made = layers(hashes)
    return lambda height, index: made[height][index]


def subtree(start: int, end: int, nodes: Nodes) -> bytes:
    """The root over the leaves from `start` to before `end`, a range that the tree divides into."""
    size = end - start
    if size & (size - 1) == 0:
        return nodes(size.bit_length() - 1, start // size)
    middle = start + split(size)
    return node_hash(subtree(start, middle, nodes), subtree(middle, end, nodes))


def root(size: int, nodes: Nodes) -> bytes:
    """The root over the first `size` leaves."""
    return subtree(0, size, nodes) if size else EMPTY


def inclusion(index: int, size: int, nodes: Nodes) -> list[bytes]:
    """The path that leads from a leaf to the root over `size` leaves, from below (2.1.3.1)."""
    return [subtree(start, end, nodes) for start, end in _path(index, 0, size)][::-1]


def _path(index: int, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The ranges beside the way down to a leaf, from above."""
    while end - start > 1:
        middle = start + split(end - start)
        if index < middle:
            yield middle, end
            end = middle
        else:
            yield start, middle
            start = middle


def beside(indices: Iterable[int], size: int) -> list[tuple[int, int]]:
    """The ranges that lead many leaves to one root, without those that the leaves make up."""
    wanted = sorted(set(indices))
    found: list[tuple[int, int]] = []

    def look(start: int, end: int, inside: Sequence[int]) -> None:
        if not inside:
            found.append((start, end))
        elif end - start > 1:
            middle = start + split(end - start)
            low = bisect_left(inside, middle)
            look(start, middle, inside[:low])
            look(middle, end, inside[low:])

    if size:
        look(0, size, wanted)
    return found


def consistency(first: int, second: int, nodes: Nodes) -> list[bytes]:
    """What shows that the tree of `second` leaves begins with that of `first` (2.1.4.1)."""
    path: list[bytes] = []
    start, end = 0, second
    if not 0 < first < second:
        return path
    while first < end:
        middle = start + split(end - start)
        if first <= middle:
            path.append(subtree(middle, end, nodes))
            end = middle
        else:
            path.append(subtree(start, middle, nodes))
            start = middle
    if start:
        path.append(subtree(start, end, nodes))
    return path[::-1]


def includes(leaf: bytes, index: int, size: int, path: Sequence[bytes], head: bytes) -> bool:
    """Whether the path leads from the leaf hash at `index` to the root `head` (2.1.3.2)."""
    if not 0 <= index < size:
        return False
    node, last, found = index, size - 1, leaf
    for each in path:
        if last == 0:
            return False
        if node & 1 or node == last:
            found = node_hash(each, found)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            found = node_hash(found, each)
        node, last = node >> 1, last >> 1
    return last == 0 and found == head


def is_consistent(first: int, second: int, old: bytes, new: bytes, path: Sequence[bytes]) -> bool:
    """Whether the tree with the root `new` begins with that with the root `old` (2.1.4.2)."""
    if not 0 <= first <= second:
        return False
    if first == second:
        return not path and old == new
    if first == 0:
        return not path and old == EMPTY
    steps = [old, *path] if first & (first - 1) == 0 else list(path)
    if not steps:
        return False
    node, last = first - 1, second - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    left = right = steps[0]
    for each in steps[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            left, right = node_hash(each, left), node_hash(each, right)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            right = node_hash(right, each)
        node, last = node >> 1, last >> 1
    return last == 0 and left == old and right == new


class Frontier:
    """A tree that only grows, kept as the roots of its full subtrees: a few hashes in all."""

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[bytes] = []  # One for each bit of the size, the largest first.

    def append(self, leaf: bytes) -> None:
        """Take the next leaf hash."""
        rest = self.size
        while rest & 1:
            leaf = node_hash(self._peaks.pop(), leaf)
            rest >>= 1
        self._peaks.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """The root over all leaves taken so far."""
        if not self._peaks:
            return EMPTY
        *rest, found = self._peaks
        for each in reversed(rest):
            found = node_hash(each, found)
        return found
