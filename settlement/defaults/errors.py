"""What defaults and the security against them refuse."""

from kit.errors import Kind, Refusal


class SecurityShort(Refusal):
    """`held` is what is there, in minor units of the hub's currency."""

    code = "security-short"
    kind = Kind.CONFLICT
    title = "The hub does not hold so much for this partner."


class NothingDue(Refusal):
    """`net` is what the partner receives, in minor units of the hub's currency."""

    code = "nothing-due"
    kind = Kind.CONFLICT
    title = "The partner has nothing to pay for this window."


class DefaultTooLate(Refusal):
    """What was paid is not unwound: `bin/hub bank show` tells what has moved."""

    code = "default-too-late"
    kind = Kind.CONFLICT
    title = "The window's money has moved: it can no longer be worked out anew."


class DefaultExists(Refusal):
    code = "default-exists"
    kind = Kind.CONFLICT
    title = "The partner's default of this window has been dealt with."


class DefaultNotFound(Refusal):
    code = "default-not-found"
    kind = Kind.NOT_FOUND
    title = "The partner did not default on this window, or made it good."


class DefaultChanged(Refusal):
    """The figures moved between the dry run that was shown and the approval."""

    code = "default-changed"
    kind = Kind.CONFLICT
    title = "What would be done is no longer what was shown: look again, and propose anew."


class CoveredAlready(Refusal):
    """What was covered stands: no partner is left out beside it, nor is the window given up."""

    code = "default-covered-already"
    kind = Kind.CONFLICT
    title = "A default of this window was covered: its figures stay, and others are covered too."


class RecoveryTooLarge(Refusal):
    """`missing` is what has not come back yet, in minor units of the hub's currency."""

    code = "recovery-too-large"
    kind = Kind.INVALID
    title = "More would come back than is missing."
