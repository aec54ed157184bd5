"""What partners send and are told of contested lines."""

from marshmallow import fields, validate

from kit.schemas import AnswerSchema, Digits, Flag, Moment, PublicId, StrictSchema, Whole

REASONS = ("not-ours", "wrong-points", "duplicate", "returned", "other")
STATES = ("opened", "answered", "escalated", "resolved")
SIDES = ("issuer", "acceptor")
MOST_LINES = 1000


class Words(fields.String):
    """Up to 500 characters for people to read; no control characters but line breaks."""

    def __init__(self, **kwargs: object) -> None:
        plain = validate.Regexp(
            r"[^\x00-\x09\x0b-\x1f\x7f]{0,500}\Z", error="At most 500 plain characters."
        )
        super().__init__(validate=plain, **kwargs)  # type: ignore[arg-type]


class LineBody(StrictSchema):
    journal = PublicId("jrn", required=True)
    issuer = Whole(
        metadata={
            "description": "Whose points of it, by the party number in your statement's lines;"
            " left out, your own, or the only ones there are."
        }
    )


class DisputesBody(StrictSchema):
    lines = fields.List(
        fields.Nested(LineBody), required=True, validate=validate.Length(1, MOST_LINES)
    )
    reason = fields.String(required=True, validate=validate.OneOf(REASONS))
    words = Words(load_default="")


class FindingsBody(StrictSchema):
    reason = fields.String(required=True, validate=validate.OneOf(REASONS))
    words = Words(load_default="", metadata={"description": "Left out: what the record found."})


class ContestedAnswer(AnswerSchema):
    disputes = fields.List(PublicId("dsp"))
    skipped = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(),
        metadata={"description": "By code, how many findings are no dispute."},
    )
    left = fields.Boolean(metadata={"description": "True: call again for the rest."})


class AnswerBody(StrictSchema):
    accepts = Flag(
        required=True, metadata={"description": "True: the points are given back to the member."}
    )
    words = Words(load_default="")


class WordsBody(StrictSchema):
    words = Words(load_default="")


class DisputesQuery(StrictSchema):
    limit = Digits(load_default=100, validate=validate.Range(1, 1000))
    cursor = PublicId("dsp")
    window = fields.String(validate=validate.Regexp(r"[A-Za-z0-9.-]{1,40}\Z"))
    state = fields.String(validate=validate.OneOf(STATES))


class EvidenceQuery(StrictSchema):
    name = fields.String(
        required=True,
        validate=validate.Length(1, 120),
        metadata={"description": "The file's name, shown to both sides.", "example": "z-0812.pdf"},
    )


class BriefDispute(AnswerSchema):
    id = PublicId("dsp")
    window = fields.String(metadata={"example": "2026-11"})
    journal = PublicId("jrn")
    at = Moment(metadata={"description": "When the points were spent."})
    points = fields.Integer(metadata={"description": "The issuer's points in the journal."})
    reference = fields.String(metadata={"description": "Your till's receipt; to the acceptor."})
    you = fields.String(validate=validate.OneOf(SIDES))
    opened_by = fields.String(validate=validate.OneOf(SIDES))
    reason = fields.String(validate=validate.OneOf(REASONS))
    state = fields.String(validate=validate.OneOf(STATES))
    opened_at = Moment()
    acts = fields.String(
        validate=validate.OneOf([*SIDES, "hub"]),
        metadata={"description": "Whose turn it is; absent once it is resolved."},
    )
    due_at = Moment(metadata={"description": "By when; what silence means stands in the guide."})
    outcome = fields.String(validate=validate.OneOf(["upheld", "rejected", "withdrawn"]))
    upheld_points = fields.Integer()
    correction = PublicId("jrn", metadata={"description": "The refund that corrects the line."})
    resolved_at = Moment()


class StepSchema(AnswerSchema):
    step = fields.String()
    by = fields.String(validate=validate.OneOf([*SIDES, "hub"]))
    words = fields.String()
    at = Moment()


class DisputeEvidenceSchema(AnswerSchema):
    id = PublicId("evd")
    by = fields.String(validate=validate.OneOf(SIDES))
    name = fields.String()
    media_type = fields.String()
    size = fields.Integer(metadata={"description": "Bytes."})
    sha256 = fields.String()
    at = Moment()


class DisputeAnswer(BriefDispute):
    steps = fields.List(fields.Nested(StepSchema))
    evidence = fields.List(fields.Nested(DisputeEvidenceSchema))


class DisputesAnswer(AnswerSchema):
    disputes = fields.List(fields.Nested(BriefDispute))


class DisputeEvidenceAnswer(AnswerSchema):
    id = PublicId("evd")
    sha256 = fields.String()
