"""Batches: many orders of mixed kinds in one signed request, and one outcome for each.

Every line is read before the first is posted: a batch with a line of the wrong shape changes
nothing. Then the lines are posted part by part. Each part is one transaction under a claim of its
own, so a batch that was cut short is taken up where it ended when it is sent again.
"""

import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from marshmallow import fields, validate

from exchange import ledger
from exchange.errors import BooksClosed, refusal
from exchange.ledger import Outcome
from exchange.orders import Order
from kit import problems, schemas
from kit.database import Busy, Connections
from kit.errors import Kind, Refusal
from kit.schemas import PublicId, RequestInvalid
from kit.strict_json import dumps
from partners.api import acceptance, gate, issuing
from partners.api.operations import ISSUE, TILL, Bulk, Call, Data, LineKind, Posting
from partners.api.refused import public
from partners.schemas import BatchAnswer, BatchBody

# Lines in one transaction. Their wallets are locked until it ends, and a till that wants one of
# them waits: some 50 ms at this size. Smaller parts cost more a line, larger ones no less.
PART: Final = 500
MAX_BODY: Final = 4 * 1024 * 1024  # bytes; 10,000 lines of 400
ERRORS: Final = 100  # that are told; whoever has more has one fault in all lines
TRIES: Final = 3  # of a part that met somebody else's locks
PAUSE: Final = 0.05  # seconds between them

_PLACE: Final = re.compile(r"<(\w+):(\w+)>")
_poster = ThreadPoolExecutor(1, "batches")
_turn = threading.Lock()  # One batch at a time in each process: the other threads are the tills'.


class BatchUnfinished(Refusal):
    code = "batch-unfinished"
    kind = Kind.UNAVAILABLE
    title = "Part of this batch was done; retry with the same idempotency key for the rest"
    retryable = True


@dataclass(frozen=True, slots=True)
class _Line:
    """A line that was read."""

    posting: Posting
    path: dict[str, UUID | str]
    data: Data


def work(
    operation: Bulk, call: Call, connections: Connections, rows: list[Any], claim: dict[str, Any]
) -> tuple[bytes, bool]:
    """Do the lines; the content of the answer, and whether all of it was given before.

    `claim` is the request's, with `evidence`. Refused, in this order: Busy (another batch is at
    work), ScopeMissing, RequestInvalid; then what `exchange.ledger.post_batch` refuses as a whole,
    but BatchUnfinished for what says that nothing was written, once a part has been.
    """
    if not _turn.acquire(blocking=False):
        raise Busy("Another batch is being worked on; nothing was changed, retry shortly")
    try:
        _check_scopes(operation.kinds, call, rows)
        lines = _read(operation.kinds, rows)
        told: list[bytes] = []
        replayed, done = True, 0
        for outcomes in _posted(connections, _parts(lines, call), claim):
            for outcome in outcomes:
                told.append(_told(len(told), lines[len(told)].posting, outcome))
                done += outcome.code is None
                replayed = replayed and outcome.replayed
    finally:
        _turn.release()
    head = b'{"done":%d,"refused":%d,"outcomes":[' % (done, len(told) - done)
    return head + b",".join(told) + b"]}", replayed


def _check_scopes(kinds: dict[str, LineKind], call: Call, rows: list[Any]) -> None:
    """Raises ScopeMissing for the first kind, by name, that the key may not."""
    named = {row["kind"] for row in rows if type(row) is dict and type(row.get("kind")) is str}
    for kind in sorted(named & kinds.keys()):
        gate.check_scope(kinds[kind].posting, call.key)


def _read(kinds: dict[str, LineKind], rows: list[Any]) -> list[_Line]:
    """Every line. Raises RequestInvalid with the first errors, by JSON pointer into the batch."""
    lines: list[_Line] = []
    errors: list[dict[str, str]] = []
    for number, row in enumerate(rows):
        try:
            lines.append(_line(kinds, row))
        except RequestInvalid as refused:
            errors += [
                {**error, "pointer": f"/orders/{number}{error['pointer']}"}
                for error in refused.facts["errors"]
            ]
            if len(errors) >= ERRORS:
                break
    if errors:
        raise RequestInvalid(errors=errors[:ERRORS])
    return lines


def _line(kinds: dict[str, LineKind], row: Any) -> _Line:
    if type(row) is not dict:
        raise RequestInvalid(errors=[{"pointer": "", "detail": "Must be an object."}])
    named = row.get("kind")
    kind = kinds.get(named) if type(named) is str else None
    if kind is None:
        detail = f"Must be one of: {', '.join(kinds)}."
        raise RequestInvalid(errors=[{"pointer": "/kind", "detail": detail}])
    data = schemas.load(kind.schema, row)
    del data["kind"]
    return _Line(kind.posting, {name: data.pop(name) for name in kind.places}, data)


def _parts(lines: list[_Line], call: Call) -> Iterator[list[Order]]:
    """The orders of each transaction, made when it is their turn."""
    for start in range(0, len(lines), PART):
        yield [
            line.posting.order(Call(call.hub, call.key, call.now, line.path), line.data)
            for line in lines[start : start + PART]
        ]


def _posted(
    connections: Connections, parts: Iterator[list[Order]], claim: dict[str, Any]
) -> Iterator[list[Outcome]]:
    """Post part after part; while the database works on one, the next is made and the last told."""
    orders = next(parts, None)
    part, last = 0, list[Outcome]()
    while orders is not None:
        posting = _poster.submit(_post, connections, orders, _claim(claim, part), first=part == 0)
        orders = next(parts, None)
        yield last
        last = posting.result()
        part += 1
    yield last


def _claim(claim: dict[str, Any], part: int) -> dict[str, Any]:
    """The first part stands for the request; no partner's key has a slash."""
    if part == 0:
        return claim
    rest = {name: value for name, value in claim.items() if name not in ("nonce", "evidence")}
    return {**rest, "key": f"{claim['key']}/{part}"}


def _post(
    connections: Connections, orders: list[Order], claim: dict[str, Any], *, first: bool
) -> list[Outcome]:
    """Post a part; patiently, since the tills go first wherever the two meet."""
    for left in reversed(range(TRIES)):
        try:
            return ledger.post_batch(connections, orders, claim)
        except (Busy, BooksClosed) as error:
            if left:
                time.sleep(PAUSE)
            elif first:
                raise
            else:
                raise BatchUnfinished from error
    raise RuntimeError("a part was tried without an end")


def _told(number: int, posting: Posting, outcome: Outcome) -> bytes:
    """One outcome, as its own operation would answer."""
    if outcome.code is not None:
        status, problem = problems.problem(refusal(outcome.code, public(outcome.facts)))
        return b'{"line":%d,"status":%d,"problem":%b}' % (number, status, problem)
    schema = posting.schema("answer")
    answer = dumps(outcome.facts if schema is None else schemas.dump(schema, outcome.facts))
    return b'{"line":%d,"status":%d,"answer":%b}' % (number, posting.status, answer)


def _line_kind(posting: Posting) -> LineKind:
    """A schema made of the operation's own: what a line may say is written in one place."""
    if posting.body is None:
        raise TypeError(f"{posting.name} has no body that a line could have")
    places = _PLACE.findall(posting.path)
    added: dict[str, Any] = {
        "kind": fields.String(required=True, validate=validate.Equal(posting.kind)),
        **{name: PublicId(prefix, required=True) for prefix, name in places},
    }
    made = type(f"{posting.kind.title()}Line", (posting.body,), added)
    return LineKind(posting, made(), tuple(name for _, name in places))


_MEMBER = "mbr_01kdexw000ff6yvw0j6hb7c9nb"
_TRANSACTION = "jrn_01kdexw000ff6yvw0j6hb7c9nb"

OPERATIONS = (
    Bulk(
        name="postBatch",
        method="POST",
        path="/v1/batches",
        scopes=TILL | ISSUE,
        tag="Batches",
        summary="Up to 10,000 orders of mixed kinds at once, one outcome for each",
        body=BatchBody,
        max_body=MAX_BODY,
        answer=BatchAnswer,
        refusals=(BatchUnfinished,),
        example={
            "orders": [
                {"kind": "accrual", "member": _MEMBER, "points": 120, "reference": "R-2026-88121"},
                {"kind": "redemption", "member": _MEMBER, "points": 30, "reference": "T3-0092"},
                {
                    "kind": "clawback",
                    "transaction": _TRANSACTION,
                    "points": 60,
                    "reference": "RET-551",
                },
            ]
        },
        kinds={
            operation.kind: _line_kind(operation)
            for operation in (*issuing.OPERATIONS, *acceptance.OPERATIONS)
            if isinstance(operation, Posting)
        },
    ),
)
