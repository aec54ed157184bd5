"""What partners send and read about exchanges."""

from marshmallow import fields, validate

from kit.schemas import AnswerSchema, Moment, PublicId, StrictSchema
from partners.schemas import RatioAnswer

STATES = ("reserved", "asked", "returning", "returned", "done", "undoing", "undone")


class EndpointBody(StrictSchema):
    url = fields.String(
        required=True,
        validate=validate.Length(1, 300),
        metadata={"description": "https, without user, query or fragment, at a public address."},
    )


class EndpointAnswer(AnswerSchema):
    url = fields.String(metadata={"example": "https://api.shop.example/tongbao/exchange"})
    registered_at = Moment()


class ExchangesQuery(StrictSchema):
    cursor = PublicId("exg")
    limit = fields.Integer(load_default=100, validate=validate.Range(1, 500))
    state = fields.String(validate=validate.OneOf(STATES))


class ExchangeAnswer(AnswerSchema):
    """Fields that do not apply yet are absent."""

    id = PublicId("exg")
    direction = fields.String(metadata={"enum": ["import", "export"]})
    state = fields.String(metadata={"enum": list(STATES)})
    member = PublicId("mbr")
    points = fields.Integer()
    theirs = fields.Integer(metadata={"description": "Of your own points."})
    fee = fields.Integer(metadata={"description": "In points."})
    rate = fields.Nested(RatioAnswer)
    confirmed_at = Moment()
    last_asked_at = Moment()
    done_at = Moment()
    undo_until = Moment()
    ended_at = Moment()
    transaction = PublicId("jrn")
    undone_by = PublicId("jrn")


class ExchangesAnswer(AnswerSchema):
    exchanges = fields.List(fields.Nested(ExchangeAnswer))
