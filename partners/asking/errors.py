"""What asking for an approval refuses."""

from kit.errors import Kind, Refusal


class ReturnOriginUnknown(Refusal):
    code = "return-origin-unknown"
    kind = Kind.INVALID
    title = "The return URL begins with none of your registered return origins"


class OriginRefused(Refusal):
    code = "origin-refused"
    kind = Kind.INVALID
    title = "Members are sent back over https only, to a host with a name"


class TooManyApprovals(Refusal):
    code = "too-many-approvals"
    kind = Kind.TOO_MANY
    title = "Too many of your approvals wait for an answer: let some be decided or expire"
    retryable = True


class ApprovalNotFound(Refusal):
    code = "approval-not-found"
    kind = Kind.NOT_FOUND
    title = "No such approval of yours"


class ApprovalClosed(Refusal):
    """Unknown, expired, decided, or another member's: nobody is told which."""

    code = "approval-closed"
    kind = Kind.NOT_FOUND
    title = "Nothing to approve here"
