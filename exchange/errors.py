"""What the books refuse, each with the word a partner can act on.

The posting function answers with these codes (migrations/sql); `refusal` turns one into its class.
"""

from functools import cache
from typing import Any

from kit.errors import Kind, Refusal, every_refusal


class MemberNotFound(Refusal):
    code = "member-not-found"
    kind = Kind.NOT_FOUND
    title = "No such member is linked to you"


class WalletNotFound(Refusal):
    code = "wallet-not-found"
    kind = Kind.NOT_FOUND
    title = "No such wallet"


class WalletFrozen(Refusal):
    code = "wallet-frozen"
    kind = Kind.CONFLICT
    title = "The member has frozen the wallet; nothing can be spent from it"


class SameWallet(Refusal):
    code = "same-wallet"
    kind = Kind.INVALID
    title = "A transfer needs two different wallets"


class PartnerNotActive(Refusal):
    code = "partner-not-active"
    kind = Kind.FORBIDDEN
    title = "This partner is suspended or closed; it may only void, refund and claw back"


class InsufficientPoints(Refusal):
    code = "insufficient-points"
    kind = Kind.INVALID
    title = "The wallet has fewer spendable points than asked"


class NoMandate(Refusal):
    code = "no-mandate"
    kind = Kind.INVALID
    title = "The member gave no mandate to spend: ask for a payment code"


class MandateLimit(Refusal):
    code = "mandate-limit"
    kind = Kind.INVALID
    title = "More than the member allows you in one day: ask for a payment code"


class MemberLimit(Refusal):
    code = "member-limit"
    kind = Kind.INVALID
    title = "More than the member may spend in one day without being asked: ask for a payment code"


class PaymentCodeInvalid(Refusal):
    code = "payment-code-invalid"
    kind = Kind.INVALID
    title = "This payment code is unknown, used, expired, or not for this amount"


class TooManyCodes(Refusal):
    code = "too-many-codes"
    kind = Kind.TOO_MANY
    title = "Too many invalid payment codes in this minute"
    retryable = True


class DuplicateReference(Refusal):
    code = "duplicate-reference"
    kind = Kind.CONFLICT
    title = "You already used this reference for an operation of this kind"


class HoldNotFound(Refusal):
    code = "authorization-not-found"
    kind = Kind.NOT_FOUND
    title = "No such authorization of yours"


class HoldNotOpen(Refusal):
    code = "hold-not-open"
    kind = Kind.CONFLICT
    title = "This authorization has ended"


class ExceedsHold(Refusal):
    code = "exceeds-hold"
    kind = Kind.INVALID
    title = "More than the authorization holds"


class TransactionNotFound(Refusal):
    code = "transaction-not-found"
    kind = Kind.NOT_FOUND
    title = "No such transaction of yours"


class ExceedsCaptured(Refusal):
    code = "exceeds-captured"
    kind = Kind.INVALID
    title = "More than is left to refund of this transaction"


class ExceedsAccrued(Refusal):
    code = "exceeds-accrued"
    kind = Kind.INVALID
    title = "More than is left to claw back of this accrual"


class PointsSpent(Refusal):
    code = "points-spent"
    kind = Kind.CONFLICT
    title = "Some of these points have been spent or have expired: they cannot be taken back whole"


class PositionLimit(Refusal):
    code = "position-limit"
    kind = Kind.INVALID
    title = "These points would carry your exposure past your cap"


class NoRate(Refusal):
    code = "no-rate"
    kind = Kind.CONFLICT
    title = "No conversion rate of yours is in force"


class AmountNotConvertible(Refusal):
    code = "amount-not-convertible"
    kind = Kind.INVALID
    title = "Below the rate's minimum, or not a multiple of its step"


class DailyCap(Refusal):
    code = "daily-cap"
    kind = Kind.INVALID
    title = "More than the rate allows to be converted in one day"


class QuoteNotFound(Refusal):
    code = "quote-not-found"
    kind = Kind.NOT_FOUND
    title = "No such quote of yours for this member"


class QuoteUsed(Refusal):
    code = "quote-used"
    kind = Kind.CONFLICT
    title = "This quote was used already"


class QuoteExpired(Refusal):
    code = "quote-expired"
    kind = Kind.CONFLICT
    title = "This quote has expired: ask for a new one"


class RateOverlap(Refusal):
    code = "rate-overlap"
    kind = Kind.CONFLICT
    title = "Another rate of this direction is in force in that period"


class RateArbitrage(Refusal):
    """`loop` says what is converted into what, how often, and what comes of it."""

    code = "rate-arbitrage"
    kind = Kind.CONFLICT
    title = "Value could be made by converting round and round: the loop gains"


class OutsideRateRefused(Refusal):
    code = "outside-rate-refused"
    kind = Kind.INVALID
    title = "An outside rate leads from one kind of value to another, both ISO money or a party's"


class NothingExpired(Refusal):
    code = "nothing-expired"
    kind = Kind.CONFLICT
    title = "Nothing in this wallet has expired"


class ApprovalUsed(Refusal):
    code = "approval-used"
    kind = Kind.CONFLICT
    title = "This approval was carried out already"


class SignatureReplayed(Refusal):
    code = "signature-replayed"
    kind = Kind.UNAUTHENTICATED
    title = "This signed request was received before: sign again with a new nonce"


class RequestInProgress(Refusal):
    code = "request-in-progress"
    kind = Kind.CONFLICT
    title = "A request with this idempotency key is being worked on"
    retryable = True


class IdempotencyKeyReused(Refusal):
    code = "idempotency-key-reused"
    kind = Kind.INVALID
    title = "This idempotency key was used for a different request"


class AnswerExpired(Refusal):
    code = "answer-expired"
    kind = Kind.CONFLICT
    title = "This request was answered long ago; its answer is no longer kept"


class WindowAlreadyOpen(Refusal):
    code = "window-already-open"
    kind = Kind.CONFLICT
    title = "A settlement window is open already"


class BooksClosed(Refusal):
    code = "no-open-window"
    kind = Kind.UNAVAILABLE
    title = "No settlement window is open: the hub has not been set up"
    retryable = True


def refusal(code: str, facts: dict[str, Any]) -> Refusal:
    """The refusal that the posting function answered with."""
    return _by_code()[code]("", **facts)


@cache
def _by_code() -> dict[str, type[Refusal]]:
    """Collected at the first refusal, when every package has been imported."""
    return every_refusal()
