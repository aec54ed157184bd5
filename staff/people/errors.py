"""What the hub's personnel is refused, apart from what approvals refuse."""

from kit.errors import Kind, Refusal


class HashingBusy(Refusal):
    code = "hashing-busy"
    kind = Kind.UNAVAILABLE
    title = "Too many people sign in at this moment"
    retryable = True


class NameTaken(Refusal):
    code = "operator-name-taken"
    kind = Kind.CONFLICT
    title = "Somebody has this name already"


class EmailTaken(Refusal):
    code = "operator-email-taken"
    kind = Kind.CONFLICT
    title = "Somebody has this e-mail address already"


class OwnRoles(Refusal):
    code = "own-roles"
    kind = Kind.FORBIDDEN
    title = "Nobody decides on their own roles"


class LastAdministrator(Refusal):
    code = "last-administrator"
    kind = Kind.CONFLICT
    title = "This is the last administrator: make another one first"


class OperatorInactive(Refusal):
    code = "operator-inactive"
    kind = Kind.CONFLICT
    title = "This operator is not active"


class OperatorActive(Refusal):
    code = "operator-active"
    kind = Kind.CONFLICT
    title = "This operator is active already"


class LastWayIn(Refusal):
    code = "last-way-in"
    kind = Kind.CONFLICT
    title = "Without this, nobody could sign in here any more"
