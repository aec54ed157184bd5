"""Every refusal of reconciling: the record cannot be read, or it is not its time."""

from kit.errors import Kind, Refusal


class ReconciliationNotFound(Refusal):
    code = "reconciliation-not-found"
    kind = Kind.NOT_FOUND
    title = "There is no such reconciliation"


class RecordsTooMany(Refusal):
    """`limit` of one partner, window and side: another file will not tell more."""

    code = "records-too-many"
    kind = Kind.CONFLICT
    title = "There are too many records of this side of the window already"


class RecordComplete(Refusal):
    code = "record-complete"
    kind = Kind.CONFLICT
    title = "Matching was asked for: the record takes no more lines, and is matched once"


class PartTaken(Refusal):
    """The same content again is no mistake; `lines` is what was received."""

    code = "part-taken"
    kind = Kind.CONFLICT
    title = "This part of the record was received before, with other content"


class RecordMalformed(Refusal):
    """`errors` are the first of them: `line` in the file, 0 for the file itself, and `detail`."""

    code = "record-malformed"
    kind = Kind.INVALID
    title = "The record cannot be read; none of its lines was taken"


class RecordTooLong(Refusal):
    code = "record-too-long"
    kind = Kind.TOO_LARGE
    title = "The record has more lines than one reconciliation takes"


class RecordIncomplete(Refusal):
    """Send the rest, then ask again; `received` is how many lines there are of the `expected`."""

    code = "record-incomplete"
    kind = Kind.CONFLICT
    title = "The record has not as many lines as it should"
    retryable = True


class ReconciliationUnfinished(Refusal):
    code = "reconciliation-unfinished"
    kind = Kind.CONFLICT
    title = "The record has not been matched yet"
    retryable = True


class FindingsTooMany(Refusal):
    """`limit` findings fit into one file; the list has them all, page by page."""

    code = "findings-too-many"
    kind = Kind.TOO_LARGE
    title = "There are more findings than one file takes; read them page by page"


class FindingNotFound(Refusal):
    """What agrees is no difference, and lines are dropped when they have had their time."""

    code = "finding-not-found"
    kind = Kind.NOT_FOUND
    title = "There is no such difference in this record"


class FindingAnswered(Refusal):
    code = "finding-answered"
    kind = Kind.CONFLICT
    title = "Somebody has answered one of these lines already"
