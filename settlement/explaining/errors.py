"""What explaining refuses."""

from kit.errors import Kind, Refusal


class ExplanationDoesNotAddUp(Refusal):
    """A fault of the hub's own, and found by its checker too: the figures are not the books'."""

    code = "explanation-does-not-add-up"
    kind = Kind.CONFLICT
    title = "The figures that were kept are not what the books come to"


class NothingToExplain(Refusal):
    code = "nothing-to-explain"
    kind = Kind.NOT_FOUND
    title = "You took no part in this window"


class LinesNotTold(Refusal):
    code = "lines-not-told"
    kind = Kind.FORBIDDEN
    title = (
        "An issuer is told in sum what was spent at each acceptor, and not which lines they were"
    )


class EvidenceNotKept(Refusal):
    """The journal is the hub's own, as an expiry is, or its request too old to be kept."""

    code = "evidence-not-kept"
    kind = Kind.NOT_FOUND
    title = "No signed request is kept for this transaction"


class ScenarioRefused(Refusal):
    code = "scenario-refused"
    kind = Kind.INVALID
    title = "No terms could be so"
