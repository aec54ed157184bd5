"""The tree as the database keeps it: any node, from a tile of 256 neighbours and the sums above."""

from collections.abc import Iterable

from sqlalchemy.orm import Session

from settlement.sealing import merkle, store

HEIGHT = 8  # of a tile: 2^8 is store.TILE


class Tree:
    """Roots of full subtrees, each tile read once. For one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._tiles: dict[tuple[int, int], list[list[bytes]]] = {}

    def node(self, height: int, index: int) -> bytes:
        """The root of the full subtree of 2^height leaves (see `merkle.Nodes`)."""
        level, above = divmod(height, HEIGHT)
        tile, within = divmod(index << above, store.TILE)
        if (level, tile) not in self._tiles:
            self._read(level, [tile])
        return self._tiles[level, tile][above][within >> above]

    def read_ahead(self, indices: Iterable[int]) -> None:
        """Read the leaves around these in one go."""
        self._read(0, sorted({index // store.TILE for index in indices}))

    def _read(self, level: int, tiles: list[int]) -> None:
        for tile, hashes in store.tiles(self._session, level, tiles).items():
            self._tiles[level, tile] = merkle.layers(hashes)


def extend(session: Session, first: int, end: int) -> None:
    """Keep the roots of the tiles that the leaves from `first` to before `end` made whole."""
    level = 0
    while (first := first // store.TILE) < (end := end // store.TILE):
        nodes: dict[int, bytes] = {}
        for at in range(first, end, store.TILE):
            whole = store.tiles(session, level, range(at, min(at + store.TILE, end)))
            nodes |= {tile: merkle.full_root(hashes) for tile, hashes in whole.items()}
        level += 1
        store.insert_nodes(session, level, nodes)
