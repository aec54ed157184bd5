"""How a command that acts at once is written down in the audit log."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from staff.audit.recording import COMMAND_LINE, record
from web.commands.context import Context


def note(
    context: Context,
    session: Session,
    what: str,
    object_: str,
    *,
    by: str = COMMAND_LINE,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """In the act's own transaction. `by` is who said so with --as, if anybody had to."""
    record(
        session,
        who=by,
        what=what,
        object_=object_,
        now=context.clock(),
        before=before,
        after=after,
    )
