"""What partners are told of the reasons for their figures. Money is in minor units."""

from marshmallow import fields, validate

from kit.schemas import AnswerSchema, Digits, Moment, PublicId, StrictSchema
from settlement.schemas import PartySchema, PaymentSchema, SettlesSchema

KINDS = ["spent", "spread", "fee", "prefunded", "breakage"]
MOVEMENTS = ["issued", "clawed_back", "spent", "refunded", "expired"]
EXACT = {"description": "To the last digit, before rounding.", "example": "540.25"}


class CauseSchema(AnswerSchema):
    movement = fields.String(validate=validate.OneOf(MOVEMENTS))
    issuer = fields.Nested(PartySchema)
    acceptor = fields.Nested(PartySchema, allow_none=True)
    points = fields.Integer(metadata={"description": "Negative where they undo."})
    price = fields.Integer(
        metadata={
            "description": "Millionths of a minor unit a point. exact = points × price × share_ppm"
            " × part_ppm ÷ 10¹⁸."
        }
    )
    share_ppm = fields.Integer(
        metadata={"description": "Of the points, what this debtor pays for: the policy."}
    )
    part_ppm = fields.Integer(
        metadata={"description": "Of their price, what is owed here: a fee, a share of breakage."}
    )
    exact = fields.String(metadata=EXACT)


class ReasonSchema(AnswerSchema):
    side = fields.String(validate=validate.OneOf(["owes", "owed"]))
    party = fields.Nested(PartySchema)
    kind = fields.String(validate=validate.OneOf(KINDS))
    points = fields.Integer()
    exact = fields.String(metadata=EXACT)
    rounding = fields.String(validate=validate.OneOf(["up", "down", "exact"]))
    amount = fields.Integer(metadata={"description": "Negative when more was undone than done."})
    causes = fields.List(fields.Nested(CauseSchema))


class AcrossSchema(AnswerSchema):
    party = fields.Nested(PartySchema)
    receives = fields.Integer()
    pays = fields.Integer()
    left = fields.Integer(metadata={"description": "Of both sides together."})


class NettingSchema(AnswerSchema):
    gross = fields.Integer(metadata={"description": "All you owe and are owed."})
    bilateral = fields.Integer(metadata={"description": "Once each pair has set off."})
    to_move = fields.Integer(metadata={"description": "Once all have: your net."})


class FixedSchema(SettlesSchema):
    residue = fields.Integer(
        metadata={"description": "Of the net, what converting rounded away, booked to the hub."}
    )


class ExplanationAnswer(AnswerSchema):
    window = fields.String(metadata={"example": "2026-11"})
    revision = fields.Integer()
    currency = fields.String(metadata={"example": "CNY"})
    net = fields.Integer(metadata={"description": "receives − pays + cover."})
    receives = fields.Integer()
    pays = fields.Integer()
    cover = fields.Integer(
        metadata={"description": "What others' securities make good for you, or yours for others."}
    )
    settles = fields.Nested(FixedSchema)
    payments = fields.List(fields.Nested(PaymentSchema))
    netting = fields.Nested(NettingSchema)
    across = fields.List(fields.Nested(AcrossSchema))
    reasons = fields.List(fields.Nested(ReasonSchema))
    left_out = fields.List(
        fields.Nested(ReasonSchema),
        metadata={"description": "Of this window's, not in the net: contested, or deferred."},
    )
    brought_in = fields.List(
        fields.Nested(ReasonSchema),
        metadata={"description": "Of earlier windows', and among the reasons."},
    )


# --- lines ----------------------------------------------------------------------------------------


class LinesQuery(StrictSchema):
    kind = fields.String(validate=validate.OneOf(KINDS))
    side = fields.String(validate=validate.OneOf(["owes", "owed"]))
    counterparty = fields.String(
        validate=validate.Regexp(r"(hub|float|ptr_[0-9a-z]{26})\Z"),
        metadata={"description": "As the explanation names it; left out, everybody."},
    )
    cursor = PublicId("jrn")
    limit = Digits(load_default=100, validate=validate.Range(1, 1000))


class LineSchema(AnswerSchema):
    journal = PublicId("jrn")
    at = Moment()
    movement = fields.String(validate=validate.OneOf(MOVEMENTS))
    points = fields.Integer()
    issuer = fields.Nested(PartySchema)
    left_out = fields.Boolean(
        metadata={"description": "Of this window's settlement: contested, or deferred."}
    )
    reference = fields.String(metadata={"description": "Your own number, of your own journals."})
    lots = fields.List(fields.Integer(), metadata={"description": "Of your own points."})


class ExplanationLinesAnswer(AnswerSchema):
    lines = fields.List(
        fields.Nested(LineSchema),
        metadata={"description": "Maybe none, though there is a next page: the `Link` header."},
    )


# --- evidence -------------------------------------------------------------------------------------


class RequestSchema(AnswerSchema):
    operation = fields.String(metadata={"example": "redemption"})
    key_id = fields.String()
    public_key = fields.String()
    signature_base = fields.String(metadata={"description": "What was signed (RFC 9421, 2.5)."})
    signature = fields.String(metadata={"description": "In hex."})
    body = fields.String(metadata={"description": "Its digest stands in the signature base."})
    signed_at = Moment()
    received_at = Moment()
    verified = fields.Boolean(metadata={"description": "What the hub found, just now."})


class ApprovalSchema(AnswerSchema):
    reason = fields.String()
    proposed_by = fields.String()
    decided_by = fields.String()
    hash = fields.String(metadata={"description": "SHA-256 of what they agreed to, in hex."})


class EvidenceAnswer(AnswerSchema):
    journal = PublicId("jrn")
    kind = fields.String()
    at = Moment()
    request = fields.Nested(RequestSchema, allow_none=True)
    approval = fields.Nested(ApprovalSchema, allow_none=True)
