"""What an operation of the API is: one value that the router, the gate and the OpenAPI page read.

There are five kinds. A `Posting` makes an order for the books and takes one round trip. A `Bulk`
takes many of these in one request. A `Change` does something else in a transaction of its own,
under the same idempotency claim. An `Upload` is a change whose content is a file. A `Read` changes
nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from marshmallow import Schema
from sqlalchemy.orm import Session

from exchange.funnel import Funnel
from exchange.orders import Order
from kit.clock import Clock
from kit.errors import Refusal
from kit.secrets import Secrets
from kit.strict_json import MAX_BODY
from partners.directory import Directory, KeyRecord

Data = dict[str, Any]
Facts = dict[str, Any]

JSON = "application/json"

TILL = frozenset({"till"})
ISSUE = frozenset({"issue"})
SETTLE = frozenset({"settle"})
ADMIN = frozenset({"admin"})
ANY = TILL | ISSUE | SETTLE | ADMIN


@dataclass(frozen=True, slots=True)
class Hub:
    """What handlers may reach, and the currency of the books. No configuration, no request.

    `origin` is where members find the hub's pages; what a trial may do, `production` may not.
    """

    clock: Clock
    secrets: Secrets
    directory: Directory
    currency: str
    funnel: Funnel
    origin: str
    production: bool


@dataclass(frozen=True, slots=True)
class Call:
    """One authenticated request: who asks, when, and the ids in its path."""

    hub: Hub
    key: KeyRecord
    now: datetime
    path: dict[str, UUID | str]

    @property
    def party(self) -> int:
        """Who asks, as the books know it: by the key alone, never by anything in the message."""
        return self.key.party

    def id(self, name: str) -> UUID:
        """An id in the path that its route has read already."""
        found = self.path[name]
        if not isinstance(found, UUID):
            raise TypeError(f"{name} is no id")
        return found


@dataclass(frozen=True, slots=True)
class Page:
    """One page of results and where the next begins; None when there is no next."""

    facts: Facts
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """An answer that is stored bytes, such as a statement."""

    body: bytes
    content_type: str


@dataclass(frozen=True, kw_only=True)
class Operation:
    """`path` holds its ids as `<mbr:member>`: the prefix of the id, then its name.

    `refusals` stand in the order in which they are checked, after those of every request. Without
    an `answer` schema, what goes out is a stored document of the type `content`. No more
    than `max_body` bytes are taken.
    """

    name: str
    method: str
    path: str
    scopes: frozenset[str]
    summary: str
    answer: type[Schema] | None
    status: int = 200
    content: str = JSON
    body: type[Schema] | None = None
    max_body: int = MAX_BODY
    query: type[Schema] | None = None
    example: Data | None = None
    refusals: tuple[type[Refusal], ...] = ()
    tag: str = ""
    _loaded: dict[str, Schema] = field(default_factory=dict, repr=False, compare=False)

    @property
    def takes(self) -> tuple[str, ...]:
        """The media types of the content that is wanted; none when no content is."""
        return () if self.body is None else (JSON,)

    def schema(self, which: str) -> Schema | None:
        """The body, query or answer schema, made once."""
        if which not in self._loaded:
            made = getattr(self, which)
            if made is None:
                return None
            self._loaded[which] = made()
        return self._loaded[which]


@dataclass(frozen=True, kw_only=True)
class Posting(Operation):
    """Answered from the facts that `exchange.post` gave, or had saved.

    `kind` is what a line of a batch calls it.
    """

    kind: str
    order: Callable[[Call, Data], Order]


@dataclass(frozen=True, slots=True)
class LineKind:
    """A line of a batch: the body of its operation, with the ids of its path as fields."""

    posting: Posting
    schema: Schema
    places: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Bulk(Operation):
    """Many orders in one request, each a line of one of these kinds."""

    kinds: dict[str, LineKind]


@dataclass(frozen=True, kw_only=True)
class Change(Operation):
    """`work` returns the facts to be saved with the claim: JSON values only.

    A suspended partner may not, unless `when_suspended`. The facts of a `sealed` change are good
    for whoever reads them, so they are saved encrypted.
    """

    work: Callable[[Call, Session, Data], Facts]
    when_suspended: bool = False
    sealed: bool = False


@dataclass(frozen=True, slots=True)
class File:
    """What was uploaded: its bytes, and what their sender calls them, in lower case.

    `charset` is that of the content type; None when it names none.
    """

    body: bytes
    media_type: str
    charset: str | None = None


@dataclass(frozen=True, kw_only=True)
class Upload(Operation):
    """A file of one of these media types, never empty; `work` gets what the query says with it.

    A suspended partner may not, unless `when_suspended`. The file is no part of the evidence that
    is kept of a request: what was signed holds its digest, and `work` keeps what it needs.
    """

    types: tuple[str, ...]
    work: Callable[[Call, Session, Data, File], Facts]
    when_suspended: bool = False

    @property
    def takes(self) -> tuple[str, ...]:
        return self.types


@dataclass(frozen=True, kw_only=True)
class Read(Operation):
    """`read` returns facts, a page of them, or a document."""

    read: Callable[[Call, Session, Data], Facts | Page | Document]
