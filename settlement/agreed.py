"""What two people agree to before a window's money moves: its figures, and its payment files.

What is put before the second person is worked out again when they agree, under the window's lock;
both must be the same.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from kit.clock import rfc3339
from settlement import revisions, store
from settlement.bank import payment_files
from settlement.bank.payment_files import PaymentFile
from settlement.errors import SettlementStepRefused, UnrevisedDeferrals


def figures(session: Session, window: str) -> dict[str, Any]:
    """A closed window's figures, as they stand to be approved: money in minor units.

    `amount` is what is to move, by currency; `statements_digest` is of every statement in force.
    Raises WindowNotFound, SettlementStepRefused, UnrevisedDeferrals.
    """
    found = store.get_window(session, window)
    if found.state != "closed":
        raise SettlementStepRefused(state=found.state, needs="closed")
    if revisions.is_stale(session, found):
        raise UnrevisedDeferrals
    return {
        "window": found.name,
        "revision": found.revision,
        "amount": to_move(session, found.id),
        "statements_digest": _statements_digest(session, found.id),
    }


def payment(session: Session, window: str, *, by: str, at: datetime) -> dict[str, Any]:
    """What an approved window asks of the bank, as of files drawn up by somebody at a time.

    Once for each revision of its figures.

    Raises WindowNotFound, SettlementStepRefused, BankAccountMissing.
    """
    at = datetime.fromisoformat(rfc3339(at))  # As the content will say.
    return _payment(session, window, files(session, window, by=by, at=at), at)


def files(
    session: Session, window: str, *, by: str, at: datetime, now: datetime | None = None
) -> list[PaymentFile]:
    """The files themselves, drawn up at a time, with the accounts that are in force `now`.

    Raises WindowNotFound, SettlementStepRefused, BankAccountMissing.
    """
    found = store.get_window(session, window)
    again = found.state == "paying" and store.paid_revision(session, found.id) != found.revision
    if found.state != "approved" and not again:
        raise SettlementStepRefused(state=found.state, needs="approved")
    return payment_files.draft(session, window, by=by, at=at, on=(now or at).date())


def to_move(session: Session, window: int) -> dict[str, int]:
    """The sum of a window's payments by currency, in minor units."""
    sums: Counter[str] = Counter()
    for row in store.payments(session, window):
        sums[row["currency"]] += row["amount"]
    return dict(sorted(sums.items()))


def still_figures(session: Session, content: Mapping[str, Any]) -> bool:
    """Whether a window's figures are what was agreed to. Raises as `figures` does."""
    return figures(session, content["window"]) == content


def still_files(
    session: Session, content: Mapping[str, Any], *, by: str, now: datetime
) -> list[PaymentFile] | None:
    """The files that were agreed to, drawn up anew; None if they would be others by now.

    Raises as `files` does.
    """
    at = datetime.fromisoformat(content["drawn_up_at"])
    drawn = files(session, content["window"], by=by, at=at, now=now)
    return drawn if _payment(session, content["window"], drawn, at) == content else None


def _payment(
    session: Session, window: str, drawn: list[PaymentFile], at: datetime
) -> dict[str, Any]:
    found = store.get_window(session, window)
    return {
        "window": found.name,
        "revision": found.revision,
        "amount": to_move(session, found.id),
        "drawn_up_at": rfc3339(at),
        "files": [
            {
                "name": f"{each.message_id}.xml",
                "digest": each.digest.hex(),
                "payments": each.payments,
                "total": each.total,
                "currency": each.currency,
            }
            for each in drawn
        ],
    }


def _statements_digest(session: Session, window: int) -> str:
    """SHA-256 of the digests of every party's statement in force, by number."""
    lines = [
        f"{number} {digest.hex()}" for number, digest in store.statement_digests(session, window)
    ]
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()
