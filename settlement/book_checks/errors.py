"""Why a window's money does not move."""

from kit.errors import Kind, Refusal


class BooksDoNotBalance(Refusal):
    """`failed` names the invariants that the last check found violated."""

    code = "books-do-not-balance"
    kind = Kind.CONFLICT
    title = "The books do not balance: no window is approved or paid until a check finds them well."
    retryable = True
