"""What partners are told of the sealed log, and of the lines and proofs of their statements."""

from marshmallow import fields, validate

from kit.schemas import AnswerSchema, Digits, Moment, PublicId, StrictSchema

HASH = {"description": "32 bytes in hex."}


class HeadsQuery(StrictSchema):
    limit = Digits(load_default=100, validate=validate.Range(1, 1000))
    cursor = Digits(metadata={"description": "Heads over fewer leaves than this."})


class SizesQuery(StrictSchema):
    first = Digits(required=True, metadata={"description": "The size of the older head."})
    second = Digits(required=True, metadata={"description": "The size of the newer head."})


class LinesQuery(StrictSchema):
    side = fields.String(
        required=True,
        validate=validate.OneOf(["accepted", "issued"]),
        metadata={"description": "What your tills accepted, or what became of your own points."},
    )
    limit = Digits(
        load_default=100,
        validate=validate.Range(1, 1000),
        metadata={"description": "Journals in a page. It may have fewer and not be the last."},
    )
    cursor = fields.String(validate=validate.Regexp(r"[0-9]{1,9}-[0-9a-f]{32}\Z"))


class HeadAnswer(AnswerSchema):
    size = fields.Integer(metadata={"description": "How many leaves it covers."})
    root = fields.String(metadata=HASH)
    at = Moment()
    key_id = fields.String(metadata={"description": "The key of /.well-known/tongbao-keys."})
    signature = fields.String(
        metadata={
            "description": "In hex, over the canonical JSON of format (tongbao-tree-head-1), size,"
            " root and at, and one newline."
        }
    )


class HeadsAnswer(AnswerSchema):
    heads = fields.List(fields.Nested(HeadAnswer))


class ConsistencyAnswer(AnswerSchema):
    first = fields.Integer()
    second = fields.Integer()
    path = fields.List(
        fields.String(metadata=HASH), metadata={"description": "As RFC 9162, section 2.1.4."}
    )


class SignatureAnswer(AnswerSchema):
    statement = fields.String(metadata={"example": "ST-2026-11-000003"})
    digest = fields.String(metadata={"description": "SHA-256 of the document, in hex."})
    key_id = fields.String(metadata={"description": "The key of /.well-known/tongbao-keys."})
    signature = fields.String(
        metadata={"description": "Of that key over the document's bytes, in hex."}
    )


class LotSchema(AnswerSchema):
    lot = fields.Integer(allow_none=True)
    points = fields.Integer()


class StatementLineSchema(AnswerSchema):
    journal = PublicId("jrn")
    at = Moment()
    kind = fields.String(
        validate=validate.OneOf(["issued", "clawed_back", "spent", "refunded", "expired"])
    )
    status = fields.String(
        validate=validate.OneOf(["settled", "held_back", "brought_in"]),
        metadata={
            "description": "Held back: of this window, settled by a later one if at all. Brought"
            " in: of an earlier window, settled by this one."
        },
    )
    window = fields.String(metadata={"example": "2026-11"})
    reference = fields.String(metadata={"description": "Your receipt number; accepted lines."})
    issuer = fields.Integer(metadata={"description": "Whose points, as the statement's parties."})
    points = fields.Integer()
    lots = fields.List(
        fields.Nested(LotSchema), metadata={"description": "Of your points; issued lines."}
    )


class StatementLinesAnswer(AnswerSchema):
    statement = fields.String(metadata={"example": "ST-2026-11-000003"})
    side = fields.String()
    lines = fields.List(fields.Nested(StatementLineSchema))


class DisclosedSchema(AnswerSchema):
    salt = fields.String(metadata={"description": "16 bytes in hex."})
    part = fields.Dict(
        keys=fields.String(),
        metadata={"description": "SHA-256 of salt and canonical JSON is among the leaf's parts."},
    )


class LeafSchema(AnswerSchema):
    index = fields.Integer()
    journal = fields.String()
    parts = fields.List(
        fields.String(metadata=HASH),
        metadata={"description": "The leaf is the canonical JSON of journal and parts."},
    )
    disclosed = fields.List(fields.Nested(DisclosedSchema))


class ProofsAnswer(StatementLinesAnswer):
    tree_size = fields.Integer(metadata={"description": "That of the statement's head."})
    leaves = fields.List(fields.Nested(LeafSchema))
    nodes = fields.Dict(
        keys=fields.String(metadata={"example": "4-8"}),
        values=fields.String(metadata=HASH),
        metadata={"description": "Roots over ranges of leaves that are not in this page."},
    )
