"""The shape of an act, and what acts share."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from staff.approvals import Proposal

Act = Callable[[Session, Proposal, datetime], str]  # What came of it, in a few words.


def with_times(content: dict[str, Any], *names: str) -> dict[str, Any]:
    """A proposal's content with these of its values as times again."""
    return content | {
        name: content[name] and datetime.fromisoformat(content[name]) for name in names
    }
