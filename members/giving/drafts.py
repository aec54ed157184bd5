"""What stands on a check page between being typed and being confirmed: sealed, in its form.

It carries the id that the act will have, which makes it a one-use token: confirmed twice, it is
done once, and the second time shows the first result. The database knows nothing of it.
"""

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from cryptography.fernet import InvalidToken

from kit.ids import uuid7
from kit.secrets import Secrets

VALID = timedelta(hours=1)


def seal(person: UUID, facts: dict[str, Any], *, secrets_: Secrets, now: datetime) -> str:
    """`facts` as JSON has them, for this person's form alone; with an `id` of the act."""
    whole = {"person": str(person), "at": now.isoformat(), "id": str(uuid7()), **facts}
    return str(secrets_.seal(whole)["sealed"])


def unseal(sealed: str, person: UUID, *, secrets_: Secrets, now: datetime) -> dict[str, Any] | None:
    """The facts, with `id` as a UUID; None when they are somebody else's, or an hour old."""
    try:
        facts = secrets_.unseal({"sealed": sealed})
    except (InvalidToken, UnicodeError, json.JSONDecodeError):
        return None
    if facts.get("person") != str(person) or now - datetime.fromisoformat(facts["at"]) > VALID:
        return None
    return {**facts, "id": UUID(facts["id"])}
