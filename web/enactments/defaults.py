"""Acts on partners that do not fund."""

from web.enactments.acts import Act

ACTS: dict[str, Act] = {}
