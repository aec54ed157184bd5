"""What exchanging refuses."""

from kit.errors import Kind, Refusal


class EndpointRefused(Refusal):
    code = "endpoint-refused"
    kind = Kind.INVALID
    title = "An endpoint is an https URL at a public address, without user, query or fragment"


class EndpointMissing(Refusal):
    code = "endpoint-missing"
    kind = Kind.NOT_FOUND
    title = "You have registered no exchange endpoint"


class ExchangeNotFound(Refusal):
    """Unknown, or another's: nobody is told which."""

    code = "exchange-not-found"
    kind = Kind.NOT_FOUND
    title = "No such exchange of yours"


class ExchangeExpired(Refusal):
    code = "exchange-expired"
    kind = Kind.CONFLICT
    title = "This price has expired: ask for a new one"


class ExchangeImpossible(Refusal):
    """No rate, no endpoint, no link, no terms, or the partner is not active."""

    code = "exchange-impossible"
    kind = Kind.CONFLICT
    title = "This brand exchanges nothing now"


class ExchangeAmount(Refusal):
    """`least` and `most` are what may be typed; `left` is how many points the day leaves."""

    code = "exchange-amount"
    kind = Kind.INVALID
    title = "This amount cannot be exchanged today"


class UndoRefused(Refusal):
    """`why`: late, spent, or not-done."""

    code = "undo-refused"
    kind = Kind.CONFLICT
    title = "This exchange cannot be undone any more"


class ExchangeNotWaiting(Refusal):
    """Over, or asking something else by now: what was found out answers another question."""

    code = "exchange-not-waiting"
    kind = Kind.CONFLICT
    title = "The partner is not asked this any more"


class ExchangeJustAsked(Refusal):
    """`seconds` until no call can be under way."""

    code = "exchange-just-asked"
    kind = Kind.CONFLICT
    title = "The partner was asked a moment ago: its own answer may be on its way"


class ExchangeSettlesNothing(Refusal):
    """A partner may not refuse to set right what came to nothing; no word of anybody's can."""

    code = "exchange-answer-impossible"
    kind = Kind.INVALID
    title = "In this state such an answer settles nothing"


class ExchangeWaits(Refusal):
    """The partner may not trade, or has no terms: the books cannot take its points yet."""

    code = "exchange-waits"
    kind = Kind.CONFLICT
    title = "The books can take this only when the partner may trade and has terms"
