"""Every refusal of settlement: the window is in the wrong state, or the figures do not close."""

from kit.errors import Kind, Refusal


class WindowNotFound(Refusal):
    code = "window-not-found"
    kind = Kind.NOT_FOUND
    title = "There is no such settlement window."


class WindowNotOpen(Refusal):
    """A window that has left `open` never returns to it, so trying again is useless."""

    code = "window-not-open"
    kind = Kind.CONFLICT
    title = "The settlement window is no longer open."


class WindowNotClosed(Refusal):
    code = "window-not-closed"
    kind = Kind.CONFLICT
    title = "The settlement window has not been closed yet."
    retryable = True


class WindowNameTaken(Refusal):
    code = "window-name-taken"
    kind = Kind.CONFLICT
    title = "Another settlement window has this name."


class WindowNameInvalid(Refusal):
    """The name stands in statement numbers and URLs, so it is short and of plain characters."""

    code = "window-name-invalid"
    kind = Kind.INVALID
    title = "A window's name has 1 to 40 letters, digits, dots or hyphens, no spaces."


class SettlementStepRefused(Refusal):
    """Steps are taken in order; `state` is where the window stands, `needs` where it must be."""

    code = "settlement-step-refused"
    kind = Kind.CONFLICT
    title = "The settlement window is not ready for this step."


class BankDisagrees(Refusal):
    """`payments` is how many the bank's files do not show in full; two people may say why."""

    code = "bank-disagrees"
    kind = Kind.CONFLICT
    title = "The bank's files do not show every payment of the window in full."
    retryable = True


class UnrevisedDeferrals(Refusal):
    """Lines were contested since the figures were worked out: revise the window first."""

    code = "unrevised-deferrals"
    kind = Kind.CONFLICT
    title = "The figures do not yet leave out all that is contested."
    retryable = True


class MoneyMoved(Refusal):
    """What was paid for a settlement is not paid for the next: `bin/hub bank show` tells of it."""

    code = "money-moved"
    kind = Kind.CONFLICT
    title = "Money of this window has moved: it can no longer be given up."


class DeferralExists(Refusal):
    code = "deferral-exists"
    kind = Kind.CONFLICT
    title = "This is left out of the settlement already."


class CoversDoNotBalance(Refusal):
    """What makes good for one party is taken from others: `off_by` says by how much it is not."""

    code = "covers-do-not-balance"
    kind = Kind.INVALID
    title = "What covers a default does not sum to zero."


class PointsUnpriced(Refusal):
    """`party` traded `at` a time for which it has agreed no terms."""

    code = "points-unpriced"
    kind = Kind.CONFLICT
    title = "A partner has points in this window and no terms to price them by."
    retryable = True


class NettingDoesNotBalance(Refusal):
    """Net positions must sum to zero; `off_by` says by how many minor units they do not."""

    code = "netting-does-not-balance"
    kind = Kind.CONFLICT
    title = "The net positions do not sum to zero."


class FxRateMissing(Refusal):
    """Retry once finance has fixed the rate of the pair named in `base` and `quote`."""

    code = "fx-rate-missing"
    kind = Kind.CONFLICT
    title = "No exchange rate is fixed for a settlement currency."
    retryable = True


class FxRateExists(Refusal):
    """A rate may have been settled by, so a day's rate is never replaced; fix another day's."""

    code = "fx-rate-exists"
    kind = Kind.CONFLICT
    title = "Another exchange rate is fixed for this pair and day."


class StatementDoesNotAddUp(Refusal):
    """A fault of the hub's own: nothing is numbered or signed, and the window stays in closing."""

    code = "statement-does-not-add-up"
    kind = Kind.CONFLICT
    title = "A statement does not add up."


class StatementNotFound(Refusal):
    code = "statement-not-found"
    kind = Kind.NOT_FOUND
    title = "There is no such statement."
