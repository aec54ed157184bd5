"""Writing the audit log: in the very transaction of the act, so that neither stands alone."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from kit.ids import uuid7
from staff.audit import store
from staff.audit.words import WHAT

COMMAND_LINE = "command line"

_place: ContextVar[str] = ContextVar("place", default=COMMAND_LINE)


@contextmanager
def acting_from(place: str) -> Iterator[None]:
    """Whatever is recorded meanwhile came from here: `10.2.0.14, passkey, ses_…`."""
    token = _place.set(place)
    try:
        yield
    finally:
        _place.reset(token)


def record(
    session: Session,
    *,
    who: str,
    what: str,
    object_: str,
    now: datetime,
    reason: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> UUID:
    """Write down one act; the entry's id.

    `who` is an operator's name, or `system`; `what` a word of `WHAT`, as `window-closed`;
    `object_` what it was done to, as people write it: `window 2026-10`, `prp_…`, `partner fuel`.
    `before` and `after` hold what changed, plain values only, and nothing of members.

    Raises ValueError for any other word.
    """
    if what not in WHAT:
        raise ValueError(f"not in staff.audit.words: {what}")
    id_ = uuid7()
    store.insert(
        session,
        {
            "id": id_,
            "at": now,
            "who": who,
            "what": what,
            "object": object_,
            "place": _place.get(),
            "reason": reason,
            "before": None if before is None else json.dumps(before, default=str),
            "after": None if after is None else json.dumps(after, default=str),
        },
    )
    return id_
