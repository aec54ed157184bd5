"""What is sent and told about approvals and return origins."""

import re

from marshmallow import ValidationError, fields, validate

from kit.schemas import AnswerSchema, Moment, PublicId, Reference, StrictSchema, Whole
from partners.asking import return_urls

MAX_DESCRIPTION = 140
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
)  # Also what turns the direction of writing round: an order must read as it was sent.


def _plain_words(text: str) -> None:
    if _UNPRINTABLE.search(text) or text != text.strip():
        raise ValidationError("Must be one line of plain text.")


def _plain_url(text: str) -> None:
    if return_urls.origin_of(text) is None:
        raise ValidationError(
            "Must be a plain https URL: ASCII, lower-case host, no user, no fragment, and neither"
            " approval nor outcome in its query."
        )


class ApprovalBody(StrictSchema):
    """A spend that a member is asked to approve on the hub's page."""

    member = PublicId(
        "mbr", metadata={"description": "Then only this member of yours can approve."}
    )
    points = Whole(required=True)
    reference = Reference(required=True, metadata={"description": "Your number of the order."})
    description = fields.String(
        required=True,
        validate=[validate.Length(1, MAX_DESCRIPTION), _plain_words],
        metadata={"description": "What the member reads about the order."},
    )
    return_url = fields.String(
        required=True,
        validate=_plain_url,
        metadata={
            "description": "Where the member goes back to, with `approval` and `outcome` appended"
            " to the query; it begins with one of your return origins.",
            "example": "https://shop.example/checkout/88213",
        },
    )


class ApprovalAnswer(AnswerSchema):
    id = PublicId("apv")
    url = fields.String(metadata={"description": "Send the member's browser there."})
    state = fields.String(
        validate=validate.OneOf(["asked", "approved", "refused", "expired", "used"]),
        metadata={
            "description": "`approved` is good for one authorization or redemption, until"
            " `expires_at`; `used` had it."
        },
    )
    member = PublicId("mbr")
    points = fields.Integer()
    reference = fields.String()
    description = fields.String()
    return_url = fields.String()
    asked_at = Moment()
    expires_at = Moment()
    decided_at = Moment()


class OriginsBody(StrictSchema):
    origins = fields.List(
        fields.String(validate=validate.Length(1, 300)),
        required=True,
        validate=validate.Length(0, 20),
        metadata={"description": "All of them: what is not listed is forgotten."},
    )


class OriginsAnswer(AnswerSchema):
    origins = fields.List(fields.String(metadata={"example": "https://shop.example"}))
