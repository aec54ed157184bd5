"""Lists: filters, order and place of a table, all of it in the URL, so that a link is an answer."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from json import dumps, loads
from typing import Any, TypeVar
from urllib.parse import urlencode

from flask import request

R = TypeVar("R")
SIZE = 50  # rows of a page
SIZES = (25, 50, 100, 200)


class Asked:
    """What is asked of a list. `filters` has every name, empty where nothing is asked of it.

    `sort` is a column's name, with `-` before it for descending; `after` and `before` are what
    stands at the edge of a neighbouring page, as `cursor` made it, or None.
    """

    def __init__(
        self,
        *,
        filters: Mapping[str, str] | Iterable[str] = (),
        sorts: Sequence[str] = (),
        default: str = "",
    ) -> None:
        asked = request.args
        self.path = request.path
        self.defaults = (
            dict(filters) if isinstance(filters, Mapping) else dict.fromkeys(filters, "")
        )
        self.filters = {
            name: asked.get(name, usual).replace("\0", "").strip()
            for name, usual in self.defaults.items()
        }
        self.default = default
        wanted = asked.get("sort", default)
        self.sort = wanted if wanted.lstrip("-") in sorts else default
        size = asked.get("rows", "")
        self.sizes = SIZES
        self.size = int(size) if size.isdecimal() and int(size) in SIZES else SIZE
        self.after = _read(asked.get("after"))
        self.before = _read(asked.get("before"))
        self.csv = asked.get("format") == "csv"

    @property
    def by(self) -> str:
        """The column that orders the list."""
        return self.sort.lstrip("-")

    @property
    def descending(self) -> bool:
        return self.sort.startswith("-")

    @property
    def filtered(self) -> bool:
        """Whether any filter is other than usual."""
        return self.filters != self.defaults

    def order(self, column: str) -> str:
        """What `aria-sort` says of a column: ascending, descending, or nothing."""
        if column != self.by:
            return ""
        return "descending" if self.descending else "ascending"

    def url(self, **changes: Any) -> str:
        """This list with something else asked of it; equal lists have equal URLs.

        Whatever changes but the place goes back to the first page.
        """
        wanted: dict[str, Any] = {
            **self.filters,
            "sort": self.sort,
            "rows": self.size,
            "format": "",
            "after": "",
            "before": "",
            **changes,
        }
        usual = {**self.defaults, "sort": self.default, "rows": SIZE, "format": ""}
        query = [(name, value) for name, value in wanted.items() if value != usual.get(name, "")]
        return self.path + (f"?{urlencode(query)}" if query else "")

    def sorted_by(self, column: str) -> str:
        """The URL that a column's head leads to: the other way round, when it orders already."""
        return self.url(sort=f"-{column}" if self.sort == column else column)


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of a list, and where its neighbours are; an empty URL where there is none."""

    rows: list[Any]
    newer: str
    older: str


def cut(rows: Iterable[R], asked: Asked, key: Callable[[R], tuple[Any, ...]]) -> Page:
    """A page of a list that is at hand as a whole. `key` orders it, its last part is unique."""
    ordered = sorted(rows, key=key, reverse=asked.descending)
    keys = [list(key(row)) for row in ordered]
    begin = 0
    if asked.after is not None and asked.after in keys:
        begin = keys.index(asked.after) + 1
    elif asked.before is not None and asked.before in keys:
        begin = max(keys.index(asked.before) - asked.size, 0)
    end = begin + asked.size
    shown = ordered[begin:end]
    return Page(
        shown,
        asked.url(before=cursor(*keys[begin])) if begin and shown else "",
        asked.url(after=cursor(*keys[end - 1])) if end < len(ordered) else "",
    )


def cursor(*place: Any) -> str:
    """A place in a list, for a URL."""
    return urlsafe_b64encode(dumps(place, default=str).encode()).decode().rstrip("=")


def _read(text: str | None) -> list[Any] | None:
    if not text:
        return None
    try:
        found = loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, list) else None
