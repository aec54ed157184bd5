"""Every refusal of disputes."""

from kit.errors import Kind, Refusal


class LineNotFound(Refusal):
    """Nor is somebody else's line: what a partner may not see, it cannot contest."""

    code = "line-not-found"
    kind = Kind.NOT_FOUND
    title = "There is no such line of yours"


class LineNotDisputable(Refusal):
    """Points spent at the issuer's own till move no money, and an accrual its issuer claws back."""

    code = "line-not-disputable"
    kind = Kind.INVALID
    title = "Only points spent at another's till can be contested"


class DisputeExists(Refusal):
    """`dispute` is the one there is: a line is contested once."""

    code = "dispute-exists"
    kind = Kind.CONFLICT
    title = "This line has been contested already"


class DisputeTooLate(Refusal):
    """`until` is when the window's lines could last be contested; without it, those of a partner
    whose default left it out cannot be at all.
    """

    code = "dispute-too-late"
    kind = Kind.CONFLICT
    title = "The time for contesting lines of this window is over"


class DisputeNotFound(Refusal):
    code = "dispute-not-found"
    kind = Kind.NOT_FOUND
    title = "There is no such dispute"


class DisputeStepRefused(Refusal):
    """`state` is where the dispute stands; the other side, or the hub, may have to act first."""

    code = "dispute-step-refused"
    kind = Kind.CONFLICT
    title = "The dispute is not ready for this step, or it is not yours to take"


class DisputeCarriedAlready(Refusal):
    """`window` is the open one: the dispute is in it, there is no later one to carry it into."""

    code = "dispute-carried-already"
    kind = Kind.CONFLICT
    title = "The dispute is in the open window already"


class UpheldPointsRefused(Refusal):
    """`contested` are the line's points, `left` what its till has not refunded since."""

    code = "upheld-points-refused"
    kind = Kind.INVALID
    title = "Not so many points of this line can be given back"


class EvidenceNotFound(Refusal):
    code = "evidence-not-found"
    kind = Kind.NOT_FOUND
    title = "There is no such file"


class EvidenceRefused(Refusal):
    code = "evidence-refused"
    kind = Kind.INVALID
    title = "The file is not what it says, or has no name that a file may have"


class TooMuchEvidence(Refusal):
    """No more than `most` files of each side for one dispute."""

    code = "too-much-evidence"
    kind = Kind.CONFLICT
    title = "The dispute holds as many files as it may"
