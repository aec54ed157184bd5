"""What giving refuses."""

from kit.errors import Kind, Refusal


class GiftNotFound(Refusal):
    code = "gift-not-found"
    kind = Kind.NOT_FOUND
    title = "No such gift is yours to see"


class GiftOver(Refusal):
    code = "gift-over"
    kind = Kind.CONFLICT
    title = "This gift no longer waits: it was accepted, or it went back"


class GiverFrozen(Refusal):
    code = "giver-frozen"
    kind = Kind.CONFLICT
    title = "The giver has frozen the wallet it came from: it cannot be accepted now"


class OwnNumber(Refusal):
    code = "own-number"
    kind = Kind.INVALID
    title = "This is your own number"


class GiveLimit(Refusal):
    """`left` is what may still be given today."""

    code = "give-limit"
    kind = Kind.INVALID
    title = "More than you may give in one day"


class TooManyWaiting(Refusal):
    code = "too-many-waiting"
    kind = Kind.INVALID
    title = "Too many of yours wait for an answer: take one back, or wait for one"


class PurseNotFound(Refusal):
    code = "purse-not-found"
    kind = Kind.NOT_FOUND
    title = "No such purse is yours to see"


class NotTheOpener(Refusal):
    code = "not-the-opener"
    kind = Kind.FORBIDDEN
    title = "Only whoever opened the purse may do this"


class OpenerStays(Refusal):
    code = "opener-stays"
    kind = Kind.CONFLICT
    title = "Whoever opened a purse closes it, and does not leave it"


class InvitationNotFound(Refusal):
    code = "invitation-not-found"
    kind = Kind.NOT_FOUND
    title = "No such invitation waits for you"


class InPurseAlready(Refusal):
    code = "in-purse-already"
    kind = Kind.CONFLICT
    title = "This number is a member of the purse, or invited to it, already"


class PurseFull(Refusal):
    """`most` is how many members and invitations a purse has room for."""

    code = "purse-full"
    kind = Kind.CONFLICT
    title = "The purse has as many members and invitations as it may"
