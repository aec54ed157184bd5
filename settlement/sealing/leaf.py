"""What is sealed, so that each reader is shown its own part and can check it. No I/O.

Journals are, and entries of the audit log. A journal is cut into parts. Each is hashed with a salt
of its own, and the hashes, sorted and filled up with decoys, are the leaf: who is shown some parts
can hash them again and find them there, and learns nothing of the others, not even how many there
are up to the next eight.

    event       id, time, kind and window: for everybody who has a part in it
    till        whose till, its receipt number, the points in all: for the acceptor alone
    line        one posting's issuer, movement and points: for the acceptor and for that issuer
    lot         the same posting's lot and its expiry: for that issuer alone
    member      wallets, request and all the rest: for nobody

An entry has one part, `entry`, with every column; what it changed, before and after, stands there
as the database writes it.
"""

import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any, Literal
from uuid import UUID

from kit.ids import to_text

Row = Mapping[str, Any]
Part = dict[str, Any]
Kind = Literal["journal", "audit"]

EVENT, TILL, MEMBER, ENTRY = "event", "till", "member", "entry"
PREFIXES: dict[Kind, str] = {"journal": "jrn", "audit": "aud"}
FILLED_TO = 8
SALT_BYTES = 16

_encode = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
).encode


@dataclass(frozen=True, slots=True)
class Leaf:
    """Of a kind, its parts by name, and their hashes; `line-0` and `lot-0` are of posting 0."""

    kind: Kind
    name: str
    parts: dict[str, Part]
    hashes: list[str]

    @property
    def data(self) -> bytes:
        """What the tree holds the hash of; it says of which kind it is."""
        return canonical({self.kind: self.name, "parts": self.hashes})


def canonical(value: Mapping[str, Any]) -> bytes:
    """One writing of one value: UTF-8, sorted keys, no blanks."""
    return _encode(value).encode()


def salt_key(secret: bytes) -> bytes:
    """The key of all salts, out of the hub's secret; it never leaves the hub."""
    return hmac.digest(secret, b"sealed log, salts", sha256)


def salt(key: bytes, name: str, part: str) -> bytes:
    """Tells nothing of any other salt."""
    return hmac.digest(key, f"{name}/{part}".encode(), sha256)[:SALT_BYTES]


def make(key: bytes, journal: Row, postings: Sequence[Row], window: str) -> Leaf:
    """The leaf of a journal with its postings in order; `window` is the name of its window."""
    name = to_text(PREFIXES["journal"], journal["id"])
    return _leaf(key, "journal", name, _parts(name, journal, postings, window))


def make_entry(key: bytes, entry: Row) -> Leaf:
    """The leaf of an entry of the audit log."""
    name = to_text(PREFIXES["audit"], entry["id"])
    part = {"part": ENTRY, **{column: _plain(entry[column]) for column in ENTRY_COLUMNS}}
    return _leaf(key, "audit", name, {ENTRY: part | {"id": name}})


def _leaf(key: bytes, kind: Kind, name: str, parts: dict[str, Part]) -> Leaf:
    hashes = [
        sha256(salt(key, name, part) + canonical(value)).hexdigest()
        for part, value in parts.items()
    ]
    hashes += [
        sha256(salt(key, name, f"decoy-{number}")).hexdigest()
        for number in range(-len(parts) % FILLED_TO)
    ]
    return Leaf(kind, name, parts, sorted(hashes))


def _parts(name: str, journal: Row, postings: Sequence[Row], window: str) -> dict[str, Part]:
    parts: dict[str, Part] = {
        EVENT: {
            "part": EVENT,
            "id": name,
            "at": _plain(journal["at"]),
            "kind": journal["kind"],
            "window": window,
        },
        TILL: {
            "part": TILL,
            "party": journal["party_id"],
            "reference": journal["reference"],
            "points": journal["points"],
        },
        MEMBER: {
            "part": MEMBER,
            "journal": {column: _plain(journal[column]) for column in JOURNAL_REST},
            "postings": [
                {column: _plain(posting[column]) for column in POSTING_REST} for posting in postings
            ],
        },
    }
    for posting in postings:
        line = posting["line"]
        parts[f"line-{line}"] = {
            "part": "line",
            "line": line,
            "issuer": posting["issuer_id"],
            "movement": posting["movement"],
            "points": posting["points"],
        }
        parts[f"lot-{line}"] = {
            "part": "lot",
            "line": line,
            "lot": posting["lot_id"],
            "expires_on": _plain(posting["expires_on"]),
        }
    return parts


# What the parts above do not show: together they are every column of both tables.
JOURNAL_SHOWN = ("id", "window_id", "kind", "party_id", "points", "reference", "at")
JOURNAL_REST = (
    *("wallet_id", "to_wallet_id", "request_key", "undoes", "hold_id", "rate_id", "theirs"),
    *("fee", "approval_id", "note", "occurred_at", "xid"),
)
POSTING_SHOWN = ("line", "issuer_id", "movement", "points", "lot_id", "expires_on")
POSTING_REST = (
    *("journal_id", "window_id", "party_id", "debit", "credit", "to_lot_id", "undoes_line"),
    *("issued_at", "valued_at", "xid"),
)
ENTRY_COLUMNS = (
    *("id", "xid", "at", "who", "what", "object", "place", "reason", "before", "after"),
)


def _plain(value: Any) -> Any:
    """As JSON has it: times to the microsecond, in UTC as the database gives them."""
    match value:
        case datetime():
            return value.isoformat(timespec="microseconds")
        case date() | UUID():
            return str(value)
        case _:
            return value
