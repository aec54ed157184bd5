"""What partners are told of invoices, payments and accounts. Money is in minor units."""

from marshmallow import fields, validate

from kit.schemas import AnswerSchema, Digits, Moment, StrictSchema
from settlement.schemas import PartySchema


class InvoicesQuery(StrictSchema):
    limit = Digits(load_default=100, validate=validate.Range(1, 1000))
    cursor = fields.String(validate=validate.Regexp(r"[A-Za-z0-9.-]{1,64}\Z"))


class InvoiceSchema(AnswerSchema):
    number = fields.String(metadata={"example": "INV-2026-11-000001"})
    kind = fields.String(validate=validate.OneOf(["invoice", "credit-note"]))
    window = fields.String(metadata={"example": "2026-11"})
    revision = fields.Integer()
    amount = fields.Integer(metadata={"description": "What to pay, or what is taken back."})
    currency = fields.String(metadata={"example": "CNY"})
    due_on = fields.Date()
    issued_at = Moment()
    cancels = fields.String(allow_none=True, metadata={"description": "Of a credit note."})
    cancelled_by = fields.String(allow_none=True)
    digest = fields.String(metadata={"description": "SHA-256 of the document, in hex."})


class InvoicesAnswer(AnswerSchema):
    invoices = fields.List(fields.Nested(InvoiceSchema))


class DetailsSchema(AnswerSchema):
    name = fields.String()
    account = fields.String()
    bank = fields.String()
    bank_code = fields.String(metadata={"description": "In China its CNAPS number."})


class PaymentProgressSchema(AnswerSchema):
    payment = fields.String(
        metadata={"description": "Its end-to-end id.", "example": "2026-11-R1-P000003"}
    )
    direction = fields.String(validate=validate.OneOf(["pay", "collect"]))
    party = fields.Nested(PartySchema)
    amount = fields.Integer()
    currency = fields.String(metadata={"example": "CNY"})
    due_on = fields.Date()
    received = fields.Integer(metadata={"description": "What the bank has confirmed so far."})
    state = fields.String(
        validate=validate.OneOf(
            ["exact", "split", "confirmed", "internal", "missing", "short", "over", "returned"]
        )
    )
    late = fields.Boolean(metadata={"description": "The money was booked after it was due."})
    account = fields.Nested(
        DetailsSchema,
        allow_none=True,
        metadata={"description": "Where it is paid to; null until the payee has named one."},
    )


class PaymentsAnswer(AnswerSchema):
    window = fields.String(metadata={"example": "2026-11"})
    state = fields.String()
    payments = fields.List(fields.Nested(PaymentProgressSchema))
