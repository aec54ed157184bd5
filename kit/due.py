"""What somebody must see to: a line of the list that the desk's day begins with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

MOST = 20  # lines of one kind; who has more to do than that begins somewhere

Urgency = Literal["due", "stuck", "waits"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Due:
    """Something that must be done by `at`, or is stuck or waits since then.

    `kind` says what, `names` what it is about, and the desk has the words and the address for
    both. `amount` is in minor units of `currency`, or in points where that is empty.
    """

    urgency: Urgency
    kind: str
    at: datetime | None = None
    names: Mapping[str, str | int] = field(default_factory=dict)
    amount: int | None = None
    currency: str = ""
