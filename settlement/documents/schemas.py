"""What partners may ask of statements' files."""

from marshmallow import fields, validate

from kit.schemas import StrictSchema
from settlement.documents.figures import LANGUAGES


class LanguageQuery(StrictSchema):
    language = fields.String(load_default="zh", validate=validate.OneOf(LANGUAGES))
