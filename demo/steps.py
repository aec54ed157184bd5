"""What a household does in its month, step by step: the plan's output, the replay's input."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Kind = Literal["enrol", "link", "accrual", "import", "spend", "refund", "clawback"]
Way = str  # The ways of a spend: mandate, code, capture, void, overdraw; of others: quote, repeat.


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One act at one brand. `reference` is the brand's own number for it, unique per kind.

    A spend goes through at once on the member's mandate or with a payment code; or it is
    authorised, then captured (`captured` of the points, the rest let go) or voided; `overdraw`
    asks for more than there is and must be refused. An import may take a quote first. An accrual
    sent as `repeat` goes out twice, as from a till that did not hear the first answer.
    """

    at: datetime
    kind: Kind
    brand: str
    household: int
    reference: str
    points: int = 0
    captured: int = 0
    theirs: int = 0  # The brand's own points that an import turns in.
    undoes: str = ""  # The reference of the accrual or spend that a return undoes.
    way: Way = ""

    @property
    def moves(self) -> int:
        """What the step does to the member's points, counting a debt as less than nothing."""
        match self.kind:
            case "accrual" | "import" | "refund":
                return self.points
            case "clawback":
                return -self.points
            case "spend" if self.way == "capture":
                return -self.captured
            case "spend" if self.way in ("mandate", "code"):
                return -self.points
        return 0
