"""What members' consent refuses."""

from kit.errors import Kind, Refusal


class LinkTokenInvalid(Refusal):
    code = "link-token-invalid"
    kind = Kind.INVALID
    title = "This link token is unknown, used or expired: ask the member for a new one"


class AlreadyLinked(Refusal):
    code = "already-linked"
    kind = Kind.CONFLICT
    title = "This member is linked to you already"


class CustomerKnown(Refusal):
    code = "customer-known"
    kind = Kind.CONFLICT
    title = "You enrolled or linked a customer with this reference already"
