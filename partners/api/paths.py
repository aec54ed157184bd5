"""Which operations a path leads to: ids are read on the way, and what is no id leads nowhere."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from kit import ids
from partners.api.operations import Operation

ID_PREFIXES: Final = ("mbr", "jrn", "aut", "apv", "exg", "rec", "dsp", "evd")

_PLACE: Final = re.compile(r"<(?:(\w+):)?(\w+)>")


@dataclass(frozen=True, slots=True)
class Path:
    """What one path answers, by method; HEAD stands beside every GET."""

    pattern: re.Pattern[str]
    places: tuple[tuple[str, str], ...]  # Name and prefix of each id; no prefix: any text.
    methods: dict[str, Operation] = field(default_factory=dict)

    def read(self, path: str) -> dict[str, UUID | str] | None:
        """The ids in `path`, by name; None when this is another path, or an id is none."""
        found = self.pattern.fullmatch(path)
        if found is None:
            return None
        values: dict[str, UUID | str] = {}
        for (name, prefix), text in zip(self.places, found.groups(), strict=True):
            value = ids.from_text(prefix, text) if prefix else text
            if value is None:
                return None
            values[name] = value
        return values


class Paths:
    """Every path of the API. One without ids wins over one with: /v1/members/links is no member."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        """Raises ValueError for an unknown kind of id, or two operations in one place."""
        made: dict[str, Path] = {}
        for operation in operations:
            path = made.setdefault(operation.path, _path(operation.path))
            for method in ("GET", "HEAD") if operation.method == "GET" else (operation.method,):
                if path.methods.setdefault(method, operation) is not operation:
                    raise ValueError(f"{method} {operation.path} has two operations")
        self._plain = {text: path.methods for text, path in made.items() if not path.places}
        self._others = [path for path in made.values() if path.places]

    def find(self, path: str) -> tuple[dict[str, Operation], dict[str, UUID | str]] | None:
        """The operations at `path` by method, and the ids in it; None when there are none."""
        plain = self._plain.get(path)
        if plain is not None:
            return plain, {}
        for other in self._others:
            values = other.read(path)
            if values is not None:
                return other.methods, values
        return None


def _path(text: str) -> Path:
    places = tuple((name, prefix) for prefix, name in _PLACE.findall(text))
    unknown = {prefix for _, prefix in places} - {"", *ID_PREFIXES}
    if unknown:
        raise ValueError(f"{text} holds ids of an unknown kind: {', '.join(unknown)}")
    plain = (re.escape(part) for part in re.split(r"<[^>]*>", text))
    return Path(re.compile("([^/]+)".join(plain)), places)
