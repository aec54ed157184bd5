"""What partners are told of windows, statements and their position. Money is in minor units."""

from marshmallow import fields, validate

from kit.schemas import AnswerSchema, Digits, Moment, StrictSchema


class PageQuery(StrictSchema):
    limit = Digits(load_default=100, validate=validate.Range(1, 1000))
    cursor = fields.String(validate=validate.Regexp(r"[A-Za-z0-9.-]{1,64}\Z"))


class PartySchema(AnswerSchema):
    id = fields.String(metadata={"description": "`ptr_…`, or `hub` or `float` for the hub's own."})
    name = fields.String()


# --- windows --------------------------------------------------------------------------------------


class WindowSchema(AnswerSchema):
    name = fields.String(metadata={"example": "2026-11"})
    state = fields.String(
        validate=validate.OneOf(
            ["open", "closing", "closed", "approved", "paying", "settled", "aborted"]
        )
    )
    opened_at = Moment()
    closed_at = Moment(allow_none=True)
    approved_at = Moment(allow_none=True)
    settled_at = Moment(allow_none=True)


class WindowsAnswer(AnswerSchema):
    windows = fields.List(fields.Nested(WindowSchema))


class DueSchema(AnswerSchema):
    party = fields.Nested(PartySchema)
    kind = fields.String(
        validate=validate.OneOf(["spent", "spread", "fee", "prefunded", "breakage"])
    )
    points = fields.Integer()
    amount = fields.Integer(metadata={"description": "Negative when more was undone than done."})


class PaymentSchema(AnswerSchema):
    direction = fields.String(validate=validate.OneOf(["pay", "collect"]))
    party = fields.Nested(PartySchema)
    amount = fields.Integer()
    currency = fields.String(metadata={"example": "CNY"})


class SettlesSchema(AnswerSchema):
    amount = fields.Integer(metadata={"description": "Positive when you receive."})
    currency = fields.String(metadata={"example": "CNY"})
    numerator = fields.Integer(
        metadata={"description": "One unit of the hub's currency is numerator / denominator."}
    )
    denominator = fields.Integer()


class FiguresSchema(AnswerSchema):
    currency = fields.String(metadata={"example": "CNY"})
    owes = fields.List(fields.Nested(DueSchema), metadata={"description": "Your row."})
    owed = fields.List(fields.Nested(DueSchema), metadata={"description": "Your column."})
    receives = fields.Integer()
    pays = fields.Integer()
    net = fields.Integer(metadata={"description": "Positive when you receive."})
    settles = fields.Nested(SettlesSchema)
    payments = fields.List(fields.Nested(PaymentSchema))
    statement = fields.String(allow_none=True, metadata={"example": "ST-2026-11-000003"})


class WindowAnswer(WindowSchema):
    figures = fields.Nested(
        FiguresSchema,
        allow_none=True,
        metadata={"description": "Your own row and column; null until the window is closed."},
    )


# --- statements -----------------------------------------------------------------------------------


class StatementSchema(AnswerSchema):
    number = fields.String(metadata={"example": "ST-2026-11-000003"})
    window = fields.String(metadata={"example": "2026-11"})
    revision = fields.Integer(metadata={"description": "1 is the closing's."})
    replaced_by = fields.String(
        allow_none=True, metadata={"description": "The number of the one that counts instead."}
    )
    issued_at = Moment()
    settles = fields.Integer(metadata={"description": "Positive when you receive."})
    currency = fields.String(metadata={"example": "CNY"})
    digest = fields.String(metadata={"description": "SHA-256 of the document, in hex."})
    key_id = fields.String(metadata={"description": "The key of /.well-known/tongbao-keys."})
    signature = fields.String(
        metadata={"description": "Of that key over the document's bytes, in hex."}
    )


class StatementsAnswer(AnswerSchema):
    statements = fields.List(fields.Nested(StatementSchema))


# --- position -------------------------------------------------------------------------------------


class PointsSchema(AnswerSchema):
    issued = fields.Integer()
    clawed_back = fields.Integer()
    spent_elsewhere = fields.Integer()
    refunded_elsewhere = fields.Integer()
    spent_here = fields.Integer(metadata={"description": "Your own points at your own tills."})
    refunded_here = fields.Integer()
    expired = fields.Integer()
    accepted = fields.Integer(metadata={"description": "Others' points at your tills."})
    accepted_refunds = fields.Integer()


class ExposureSchema(AnswerSchema):
    points = fields.Integer(metadata={"description": "Points not yet turned into money."})
    owed = fields.Integer(metadata={"description": "Money of closed windows not yet settled."})
    amount = fields.Integer(metadata={"description": "Both together: what the cap is held to."})
    cap = fields.Integer(allow_none=True, metadata={"description": "null is no cap."})


class PositionAnswer(AnswerSchema):
    window = fields.String(metadata={"example": "2026-11"})
    opened_at = Moment()
    as_of = Moment(metadata={"description": "What ended before this moment is counted."})
    currency = fields.String(
        allow_none=True,
        metadata={"description": "The hub's, of all amounts here.", "example": "CNY"},
    )
    points = fields.Nested(PointsSchema)
    outstanding = fields.Integer(metadata={"description": "Your points in members' wallets."})
    receives = fields.Integer()
    pays = fields.Integer()
    net = fields.Integer(
        metadata={"description": "Provisional, as if the window closed now; before conversion."}
    )
    exposure = fields.Nested(ExposureSchema)
