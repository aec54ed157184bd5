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


class StatementNotFound(Refusal):
    code = "statement-not-found"
    kind = Kind.NOT_FOUND
    title = "There is no such statement."
