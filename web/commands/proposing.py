"""How a command puts an act before a second person."""

from datetime import UTC, date
from typing import Any

import click
from sqlalchemy.orm import Session

import staff.store
from kit.ids import to_text
from staff import approvals
from web.commands.context import Context

AS = click.option("--as", "by", required=True, help="The operator who does this.")
REASON = click.option("--reason", required=True, help="Why; kept with the proposal.")
WHEN = click.DateTime(["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d"])


def check_operator(session: Session, by: str) -> None:
    """Raises BadParameter for a name that is no operator's."""
    if not staff.store.operator_is_active(session, by):
        raise click.BadParameter(f"{by} is no operator: bin/hub operators add {by}")


def propose(
    context: Context, session: Session, kind: str, content: dict[str, Any], by: str, reason: str
) -> None:
    """Put an act before a second person, and show what waits for one.

    `content` is what the approval binds to: plain values, dates or times; these stand in it as
    ISO 8601. Raises BadParameter for a name that is no operator's.
    """
    check_operator(session, by)
    plain = {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in content.items()
    }
    proposal = approvals.propose(
        session, kind=kind, content=plain, reason=reason, by=by, now=context.clock()
    )
    context.emit_one(
        {"id": to_text("prp", proposal), "state": "waiting", "kind": kind, "content": plain}
    )


def in_utc(values: dict[str, Any], *names: str) -> dict[str, Any]:
    """Times that name no zone are UTC."""
    for name in names:
        moment = values.get(name)
        if moment is not None and moment.tzinfo is None:
            values[name] = moment.replace(tzinfo=UTC)
    return values
