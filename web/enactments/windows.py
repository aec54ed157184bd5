"""Acts on settlement windows."""

from web.enactments.acts import Act

ACTS: dict[str, Act] = {}
