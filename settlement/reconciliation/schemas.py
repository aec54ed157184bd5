"""What partners say and are told when they reconcile."""

from marshmallow import fields, validate

from kit.schemas import AnswerSchema, Digits, Flag, Moment, PublicId, StrictSchema, Whole
from settlement.reconciliation.matching import OUTCOMES
from settlement.reconciliation.records import SIDES

MONTH = 31 * 24 * 3600  # seconds
_SIDE = (
    "`accepted`: what was spent at your tills and given back, by your references. `issued`: what "
    "you issued and clawed back, by your references. `spent`: what was spent of your points "
    "anywhere, by the ids of the transactions."
)
_OUTCOME = fields.String(validate=validate.OneOf(OUTCOMES))


class ReconciliationBody(StrictSchema):
    window = fields.String(
        required=True,
        validate=validate.Regexp(r"[A-Za-z0-9.-]{1,40}\Z"),
        metadata={"example": "2026-11", "description": "One that has closed."},
    )
    side = fields.String(
        required=True, validate=validate.OneOf(SIDES), metadata={"description": _SIDE}
    )
    tolerance_seconds = Whole(
        minimum=0,
        maximum=MONTH,
        load_default=300,
        metadata={"description": "By how much the two times of a transaction may differ."},
    )
    many = Flag(
        load_default=False,
        metadata={
            "description": "One line may stand for several transactions, and the reverse: of one "
            "reference, or of one time when no other is near."
        },
    )


class PartQuery(StrictSchema):
    part = Digits(
        required=True,
        validate=validate.Range(1, 1000),
        metadata={"description": "The parts of a record are numbered; each is whole in itself."},
    )


class MatchingBody(StrictSchema):
    lines = Whole(
        minimum=0,
        required=True,
        metadata={"description": "How many lines you have sent: a part that was lost is noticed."},
    )


class ReconciliationsQuery(StrictSchema):
    limit = Digits(load_default=100, validate=validate.Range(1, 1000))
    cursor = PublicId("rec")


class OutcomeQuery(StrictSchema):
    outcome = fields.String(
        validate=validate.OneOf(OUTCOMES),
        metadata={"description": "Only these; in files, all but `matched` without it."},
    )


class FindingsQuery(OutcomeQuery):
    limit = Digits(load_default=100, validate=validate.Range(1, 1000))
    cursor = fields.String(validate=validate.Regexp(rf"(?:{'|'.join(OUTCOMES)})\.[0-9]{{1,9}}\Z"))


class PartAnswer(AnswerSchema):
    part = fields.Integer()
    lines = fields.Integer()
    points = fields.Integer()


class OutcomeSchema(AnswerSchema):
    outcome = _OUTCOME
    findings = fields.Integer()
    their_lines = fields.Integer(metadata={"description": "Lines of your record among them."})
    their_points = fields.Integer()
    our_journals = fields.Integer(metadata={"description": "Transactions of the hub's among them."})
    our_points = fields.Integer()


class ReconciliationAnswer(AnswerSchema):
    id = PublicId("rec")
    window = fields.String(metadata={"example": "2026-11"})
    side = fields.String(validate=validate.OneOf(SIDES))
    tolerance_seconds = fields.Integer()
    many = fields.Boolean()
    state = fields.String(
        validate=validate.OneOf(["loading", "waiting", "matching", "differs", "closed"]),
        metadata={"description": "`closed` by itself when everything agrees."},
    )
    lines = fields.Integer(metadata={"description": "Received so far."})
    points = fields.Integer()
    created_at = Moment()
    matched_at = Moment(allow_none=True)
    closed_at = Moment(allow_none=True)
    cleared_at = Moment(
        allow_none=True, metadata={"description": "When lines and findings were dropped."}
    )
    outcomes = fields.List(
        fields.Nested(OutcomeSchema),
        metadata={"description": "Of one that is matched; lists leave them out."},
    )


class ReconciliationsAnswer(AnswerSchema):
    reconciliations = fields.List(fields.Nested(ReconciliationAnswer))


class TheirsSchema(AnswerSchema):
    lines = fields.List(
        fields.String(metadata={"example": "1:17", "description": "Part, and line in it."})
    )
    reference = fields.String(allow_none=True)
    kind = fields.String()
    points = fields.Integer()
    at = Moment(allow_none=True)


class OursSchema(AnswerSchema):
    transactions = fields.List(
        fields.String(metadata={"example": "jrn_01kdexw000ff6yvw0j6hb7c9nb"})
    )
    reference = fields.String(allow_none=True)
    kind = fields.String()
    points = fields.Integer()
    at = Moment()
    window = fields.String(metadata={"example": "2026-11"})


class FindingSchema(AnswerSchema):
    outcome = _OUTCOME
    differs = fields.List(
        fields.String(validate=validate.OneOf(["points", "time", "kind", "window", "reference"]))
    )
    points_more = fields.Integer(
        allow_none=True, metadata={"description": "Your points less the hub's."}
    )
    theirs = fields.Nested(TheirsSchema, allow_none=True, metadata={"description": "Your lines."})
    ours = fields.Nested(OursSchema, allow_none=True, metadata={"description": "The hub's."})


class FindingsAnswer(AnswerSchema):
    findings = fields.List(fields.Nested(FindingSchema))
