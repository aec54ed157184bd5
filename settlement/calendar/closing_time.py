"""Whether the open window's time is over, and what the window after it is called."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, count

from sqlalchemy.orm import Session

import exchange.store
import settlement.store
from settlement.calendar import store
from settlement.calendar.periods import Calendar, CutOff, next_cut_off
from settlement.errors import WindowNameInvalid


@dataclass(frozen=True, kw_only=True, slots=True)
class Due:
    """An open window whose cut-off has passed."""

    window: str
    cut_off: datetime
    next_name: str
    slept_over: int  # Later cut-offs that have passed as well: their periods have no window.


def due(session: Session, now: datetime) -> Due | None:
    """What is to be closed by now; None when the open window's cut-off is still to come.

    The database's clock must have passed it too: it is the one that windows are dated by, and a
    clock ahead of it would close the next window at the same cut-off once more.
    """
    window = settlement.store.open_window(session)
    if window is None:
        return None
    now = min(now, exchange.store.database_now(session))
    calendars = store.calendars(session)
    passed, following = _passed(calendars, window.opened_at, now)
    if not passed or following is None:
        return None
    return Due(
        window=window.name,
        cut_off=passed[0].at,
        next_name=_free(session, following.name),
        slept_over=len(passed) - 1,
    )


def next_name(session: Session, now: datetime) -> str | None:
    """The name of a window that opens now; None where there is no calendar.

    It is that of the period it ends with, as 2026-11. When that one is taken, since another window
    closed before its time, 2026-11.2.
    """
    following = next_cut_off(store.calendars(session), now)
    return None if following is None else _free(session, following.name)


def _passed(
    calendars: Sequence[Calendar], after: datetime, now: datetime
) -> tuple[list[CutOff], CutOff | None]:
    """The cut-offs after one moment and by another, and the first that is still to come."""
    passed: list[CutOff] = []
    cut_off = next_cut_off(calendars, after)
    while cut_off is not None and cut_off.at <= now:
        passed.append(cut_off)
        cut_off = next_cut_off(calendars, cut_off.at)
    return passed, cut_off


def _free(session: Session, name: str) -> str:
    numbered = (f"{name}.{number}" for number in count(2))
    return next(
        each
        for each in chain([name], numbered)
        if settlement.store.find_window(session, each) is None
    )


def month_after(name: str) -> str:
    """`2017-12` is followed by `2018-01`. Raises WindowNameInvalid for a name that is no month."""
    if not re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", name):
        raise WindowNameInvalid(f"{name} is no month: the next window needs a name", name=name)
    ahead = int(name[:4]) * 12 + int(name[5:])  # Months since the year 0, to the next one.
    return f"{ahead // 12:04d}-{ahead % 12 + 1:02d}"
