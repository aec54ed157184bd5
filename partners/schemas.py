"""What partners send and what they are sent: one schema for each, closed on the way in."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from kit.schemas import (
    AnswerSchema,
    Digits,
    Flag,
    Moment,
    PublicId,
    Reference,
    StrictSchema,
    Whole,
)
from partners.keys import SCOPES

CODE = r"80[0-9]{16}\Z"


class Nothing(StrictSchema):
    """An empty object: the request says it all."""


# --- members --------------------------------------------------------------------------------------


class ConsentFields(StrictSchema):
    reference = Reference(metadata={"description": "Your own number for this customer."})
    daily_limit = Whole(
        minimum=0,
        load_default=0,
        metadata={"description": "Points you may spend a day without a code; 0 is none."},
    )
    shares_balance = Flag(
        load_default=False, metadata={"description": "Whether the member lets you see the balance."}
    )


class EnrolBody(ConsentFields):
    """A new member."""


class LinkBody(ConsentFields):
    """A member who brings a token from another partner."""

    token = fields.String(required=True, validate=validate.Length(1, 64))


class MemberAnswer(AnswerSchema):
    id = PublicId("mbr", metadata={"description": "Your name for the member; nobody else's."})
    reference = fields.String(allow_none=True)
    daily_limit = fields.Integer()
    shares_balance = fields.Boolean()
    linked_at = Moment()


class UnlinkedAnswer(AnswerSchema):
    id = PublicId("mbr")
    unlinked = fields.Boolean()


class LinkTokenAnswer(AnswerSchema):
    token = fields.String()
    expires_at = Moment()


class PaymentCodeBody(StrictSchema):
    max_points = Whole(required=True)


class PaymentCodeAnswer(AnswerSchema):
    code = fields.String(metadata={"example": "804821907736154298"})
    expires_at = Moment()


class BalanceQuery(StrictSchema):
    points = Digits(validate=validate.Range(1, 10**12))


class LotAnswer(AnswerSchema):
    own = fields.Boolean(metadata={"description": "Whether you issued these points."})
    points = fields.Integer()
    held = fields.Integer()
    expires_on = fields.String(metadata={"format": "date"})
    spendable_from = fields.String(allow_none=True, metadata={"format": "date"})


class BalanceAnswer(AnswerSchema):
    member = PublicId("mbr")
    can_pay = fields.Boolean(metadata={"description": "Whether `points` could be paid now."})
    available = fields.Integer()
    held = fields.Integer()
    pending = fields.Integer()
    lots = fields.List(fields.Nested(LotAnswer))


# --- issuing --------------------------------------------------------------------------------------


class AccrualBody(StrictSchema):
    member = PublicId("mbr", required=True)
    reference = Reference(required=True)
    points = Whole(required=True)
    occurred_at = Moment()


class ImportBody(StrictSchema):
    """Either an amount of your own points, at the rate in force, or a quote."""

    member = PublicId("mbr", required=True)
    reference = Reference(required=True)
    theirs = Whole()
    quote = PublicId("quo")
    occurred_at = Moment()

    @validates_schema
    def one_of_them(self, data: dict[str, Any], **_: Any) -> None:
        if ("theirs" in data) == ("quote" in data):
            raise ValidationError("Give either theirs or quote.")


class RatioAnswer(AnswerSchema):
    theirs = fields.Integer()
    ours = fields.Integer()


class QuoteBody(StrictSchema):
    member = PublicId("mbr", required=True)
    theirs = Whole(required=True)


class QuoteAnswer(AnswerSchema):
    id = PublicId("quo")
    member = PublicId("mbr")
    theirs = fields.Integer()
    points = fields.Integer()
    fee = fields.Integer()
    rate = fields.Nested(RatioAnswer)
    expires_at = Moment()


class TransactionAnswer(AnswerSchema):
    """A journal of yours. Fields that do not apply to its kind are absent."""

    id = PublicId("jrn")
    kind = fields.String()
    member = PublicId("mbr")
    points = fields.Integer()
    reference = fields.String()
    at = Moment()
    occurred_at = Moment()
    window = fields.String()
    expires_on = fields.String(metadata={"format": "date"})
    spendable_from = fields.String(metadata={"format": "date"})
    repaid = fields.Integer(metadata={"description": "Points that repaid a former clawback."})
    theirs = fields.Integer()
    fee = fields.Integer()
    rate = fields.Nested(RatioAnswer)
    quote = PublicId("quo")
    undoes = PublicId("jrn")
    undone = fields.Integer(metadata={"description": "Points refunded or clawed back since."})
    authorization = PublicId("aut")


# --- accepting ------------------------------------------------------------------------------------


class SpendBody(StrictSchema):
    """Whose points: a member of yours with a mandate, or whoever shows a payment code or approved
    just this."""

    member = PublicId("mbr")
    payment_code = fields.String(
        validate=validate.Regexp(CODE, error="Must be 18 digits that begin with 80."),
        metadata={"example": "804821907736154298"},
    )
    approval = PublicId(
        "apv", metadata={"description": "One that was approved: instead of the two above."}
    )
    points = Whole(required=True)
    reference = Reference(required=True, metadata={"description": "The till's receipt number."})

    @validates_schema
    def somebody(self, data: dict[str, Any], **_: Any) -> None:
        if ("approval" in data) == ("member" in data or "payment_code" in data):
            raise ValidationError("Give member, payment_code, or both; or approval alone.")


class RedemptionBody(SpendBody):
    occurred_at = Moment()


class AuthorizationBody(SpendBody):
    online = Flag(load_default=False, metadata={"description": "Hold for 7 days, not 15 minutes."})


class CaptureBody(StrictSchema):
    points = Whole(metadata={"description": "Less than was held releases the rest."})


class AuthorizationAnswer(AnswerSchema):
    id = PublicId("aut")
    transaction = PublicId("jrn")
    member = PublicId("mbr")
    state = fields.String(validate=validate.OneOf(["held", "captured", "voided", "expired"]))
    points = fields.Integer()
    captured = fields.Integer()
    released = fields.Integer()
    reference = fields.String()
    at = Moment()
    expires_at = Moment()
    ended_at = Moment()


class EndedAnswer(AuthorizationAnswer):
    """The facts of an end name the hold `authorization` and the journal `id`."""

    id = PublicId("aut", attribute="authorization")
    transaction = PublicId("jrn", attribute="id")
    ended_at = Moment(attribute="at")

    class Meta(AnswerSchema.Meta):
        exclude = ("at", "expires_at")


# --- undoing --------------------------------------------------------------------------------------


class RefundBody(StrictSchema):
    transaction = PublicId("jrn", required=True)
    reference = Reference(required=True)
    points = Whole(metadata={"description": "Left out: all that is left to refund."})
    occurred_at = Moment()


class ClawbackBody(StrictSchema):
    reference = Reference(required=True)
    points = Whole(metadata={"description": "Left out: all that is left to claw back."})
    occurred_at = Moment()


class UndoAnswer(AnswerSchema):
    id = PublicId("jrn")
    kind = fields.String()
    points = fields.Integer()
    taken = fields.Integer(metadata={"description": "Points taken out of the wallet."})
    owed = fields.Integer(
        metadata={"description": "Points already spent, which later accruals repay."}
    )
    forgiven = fields.Integer(metadata={"description": "Points that had expired unspent."})
    undoes = PublicId("jrn")
    reference = fields.String()
    at = Moment()


# --- batches --------------------------------------------------------------------------------------


class Lines(fields.List):
    """The lines of a batch as they came: each is then read by the schema of its kind."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[Any]:
        if not isinstance(value, list):
            raise self.make_error("invalid")
        return value


class BatchBody(StrictSchema):
    orders = Lines(
        fields.Dict(),
        required=True,
        validate=validate.Length(1, 10_000),
        metadata={
            "description": "Each is what its own operation takes, with its `kind`, and with the"
            " ids of its path as fields; it needs the scope of its own operation. Those of one"
            " member are done in the order given, those of different members in any."
        },
    )


class OutcomeAnswer(AnswerSchema):
    line = fields.Integer(metadata={"description": "Which of the orders; the first is 0."})
    status = fields.Integer(metadata={"description": "As its own operation would answer."})
    answer = fields.Dict(metadata={"description": "What its own operation answers."})
    problem = fields.Dict(metadata={"description": "Or what it refuses."})


class BatchAnswer(AnswerSchema):
    done = fields.Integer(metadata={"description": "How many lines took effect."})
    refused = fields.Integer(metadata={"description": "How many did not."})
    outcomes = fields.List(
        fields.Nested(OutcomeAnswer), metadata={"description": "One for each line, in its order."}
    )


# --- reading --------------------------------------------------------------------------------------


class TransactionsQuery(StrictSchema):
    limit = Digits(load_default=100, validate=validate.Range(1, 1000))
    cursor = PublicId("jrn")
    kind = fields.String(
        validate=validate.OneOf(
            ["accrual", "import", "redemption", "capture", "refund", "clawback"]
        )
    )
    reference = Reference()


class TransactionsAnswer(AnswerSchema):
    transactions = fields.List(fields.Nested(TransactionAnswer))


# --- rates ----------------------------------------------------------------------------------------


class RateBody(StrictSchema):
    """`theirs` of your points are `ours` of the shared ones."""

    direction = fields.String(required=True, validate=validate.OneOf(["import", "export"]))
    theirs = Whole(required=True)
    ours = Whole(required=True)
    minimum = Whole(load_default=1)
    step = Whole(load_default=1)
    daily_cap = Whole(allow_none=True, load_default=None)
    fee_ppm = Whole(minimum=0, maximum=999_999, load_default=0)
    undo_days = Whole(
        minimum=0,
        maximum=366,
        load_default=0,
        metadata={"description": "How long a member may undo an exchange, at this rate."},
    )
    valid_from = Moment(required=True)
    valid_to = Moment(allow_none=True, load_default=None)
    reason = fields.String(load_default="proposed by the partner", validate=validate.Length(1, 200))

    @validates_schema
    def forward(self, data: dict[str, Any], **_: Any) -> None:
        if data["valid_to"] is not None and data["valid_to"] <= data["valid_from"]:
            raise ValidationError("Must be after valid_from.", "valid_to")


class RateAnswer(AnswerSchema):
    id = fields.String(metadata={"example": "rat_000012"})
    direction = fields.String()
    theirs = fields.Integer()
    ours = fields.Integer()
    minimum = fields.Integer()
    step = fields.Integer()
    daily_cap = fields.Integer(allow_none=True)
    fee_ppm = fields.Integer()
    undo_days = fields.Integer()
    valid_from = Moment()
    valid_to = Moment(allow_none=True)


class RatesAnswer(AnswerSchema):
    rates = fields.List(fields.Nested(RateAnswer))


class ProposalAnswer(AnswerSchema):
    id = PublicId("prp")
    state = fields.String(metadata={"example": "waiting"})


# --- keys -----------------------------------------------------------------------------------------


class KeyBody(StrictSchema):
    """A new public key, with the proof that you hold its private half."""

    public_key = fields.String(
        required=True,
        validate=validate.Length(1, 1000),
        metadata={"description": "`ed25519:BASE64URL`, `p256:BASE64URL`, or PEM."},
    )
    scopes = fields.List(
        fields.String(validate=validate.OneOf(SCOPES)),
        required=True,
        validate=validate.Length(1, len(SCOPES)),
    )
    created = Whole(required=True, metadata={"description": "When the proof was made, Unix time."})
    proof = fields.String(
        required=True,
        validate=validate.Regexp(r"[A-Za-z0-9_-]{86}\Z", error="Must be base64url of 64 bytes."),
    )


class KeyAnswer(AnswerSchema):
    id = fields.String()
    algorithm = fields.String()
    public_key = fields.String()
    scopes = fields.List(fields.String())
    created_at = Moment()
    expires_at = Moment(allow_none=True)
    revoked_at = Moment(allow_none=True)
    active = fields.Boolean()


class KeysAnswer(AnswerSchema):
    partner = PublicId("ptr", metadata={"description": "Your own id: a key's proof names it."})
    keys = fields.List(fields.Nested(KeyAnswer))
