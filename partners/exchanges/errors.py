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
