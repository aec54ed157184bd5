"""A default made good: what was drawn goes back, or what was left out comes into a settlement."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping
from sqlalchemy.orm import Session

import settlement.store
from kit.ids import uuid7
from settlement import deferrals
from settlement.defaults import security, store, waterfall
from settlement.defaults.errors import DefaultNotFound, RecoveryTooLarge


def content(session: Session, window: str, party: int, amount: int | None) -> dict[str, Any]:
    """What a proposal holds: how much came of a covered default, all that is missing if None.

    Raises WindowNotFound, DefaultNotFound, RecoveryTooLarge.
    """
    found = _find(session, window, party)
    if found["method"] == "without":
        amount = None
    else:
        amount = found["missing"] if amount is None else amount
        _check_amount(found, amount)
    return {"window": window, "party": party, "amount": amount}


def shares(session: Session, window: str, party: int) -> list[tuple[waterfall.Share, int]]:
    """Who gave what to cover a default, in the order of the steps, and what went back of it.

    Raises WindowNotFound, DefaultNotFound.
    """
    id_ = settlement.store.get_window(session, window).id
    found = [row for row in store.shortfalls_of(session, id_) if row["party_id"] == party]
    if not found:
        raise DefaultNotFound
    back: dict[tuple[str, int], int] = {}
    for each in store.returned(session, found[0]["id"]):
        back[each.step, each.party] = back.get((each.step, each.party), 0) + each.amount
    given = sorted(
        store.shares(session, found[0]["id"]),
        key=lambda share: (waterfall.STEPS.index(share.step), share.party),
    )
    return [(share, back.get((share.step, share.party), 0)) for share in given]


def enact(session: Session, approved: Mapping[str, Any], *, proposal: UUID, now: datetime) -> str:
    """Do what was proposed as `content`; what came of it, in a few words.

    Of a covered default, money that came goes back from the last step to the first: losses, mutual
    fund, own contribution, collateral. What bore a loss is paid out by the hub, outside of any
    window. What was left out comes into the next settlement that closes, at its own prices.
    Raises WindowNotFound, DefaultNotFound, RecoveryTooLarge.
    """
    found = _find(session, approved["window"], approved["party"])
    if found["method"] == "without":
        for deferral in store.deferrals(session, found["id"]):
            deferrals.release(session, deferral, now)
        store.cure(session, found["id"], now)
        return "what was left out comes into the next settlement"
    store.lock_security(session)
    amount = approved["amount"]
    _check_amount(found, amount)
    # Every refusal is above this line.
    back = waterfall.give_back(
        amount,
        shares=store.shares(session, found["id"]),
        returned=store.returned(session, found["id"]),
    )
    recovery = {"id": uuid7(), "shortfall": found["id"], "amount": amount, "proposal": proposal}
    store.insert_recovery(session, {**recovery, "at": now}, back)
    security.refill(session, back, proposal=proposal, now=now)
    if amount == found["missing"]:
        store.cure(session, found["id"], now)
    losses = sum(share.amount for share in back if share.step == "loss")
    return f"{amount:,} came, of which {losses:,} are to be paid to those who bore the loss"


def _find(session: Session, window: str, party: int) -> RowMapping:
    id_ = settlement.store.get_window(session, window).id
    found = store.lock_shortfall(session, id_, party)
    if found is None or found["cured_at"] is not None:
        raise DefaultNotFound
    return found


def _check_amount(found: RowMapping, amount: int) -> None:
    if amount > found["missing"]:
        raise RecoveryTooLarge(missing=found["missing"])
