"""Acts on disputes."""

from web.enactments.acts import Act

ACTS: dict[str, Act] = {}
