"""Why something of the sealed log cannot be had."""

from kit.errors import Kind, Refusal


class HeadNotFound(Refusal):
    code = "head-not-found"
    kind = Kind.NOT_FOUND
    title = "No head of the sealed log has this size"


class SizesOutOfOrder(Refusal):
    code = "sizes-out-of-order"
    kind = Kind.INVALID
    title = "An older tree is not larger than a newer one"


class HeadsDisagree(Refusal):
    """The database was set back, or the file belongs to another."""

    code = "heads-disagree"
    kind = Kind.FORBIDDEN
    title = "The heads kept outside the database are not of this sealed log"


class EntryNotSealed(Refusal):
    code = "entry-not-sealed"
    kind = Kind.CONFLICT
    title = "No head of the sealed log covers this entry yet"
    retryable = True
