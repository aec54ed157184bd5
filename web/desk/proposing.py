"""Forms that put something before a second person: a reason is asked, and where it waits shown."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import redirect
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from kit.errors import Refusal
from kit.forms import Form, tell
from kit.ids import to_text
from kit.language import gettext as _
from staff.errors import AlreadyProposed
from web.desk.acting import propose
from web.desk.refusals import in_words
from web.desk.wiring import here

Made = tuple[str, Mapping[str, Any]]  # A proposal's kind and content.


def propose_from(
    form: Form, make: Callable[[Session], Made], field: str = "reason"
) -> ResponseReturnValue | None:
    """Propose what `make` reads, and go to where it waits; the one that waits already, if any does.

    None when something is wrong: the form then says what, a refusal beside `field`.
    """
    reason = form.typed.get("reason", "")
    if not reason:
        form.refuse("reason", _("Say why: the reason is kept"))
    if not form.ok:
        return None
    try:
        with here().database.transaction() as session:
            kind, content = make(session)
            proposal = to_text("prp", propose(session, kind, content, reason))
    except AlreadyProposed as refusal:
        tell("info", in_words(refusal))
        return redirect(f"/desk/approvals/{refusal.facts['proposal']}", 303)
    except Refusal as refusal:
        form.refuse(field, in_words(refusal))
        return None
    tell("ok", _("Proposed. Someone else must approve it within 48 hours."))
    return redirect(f"/desk/approvals/{proposal}", 303)
