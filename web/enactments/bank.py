"""Acts on bank accounts and what the bank says."""

from web.enactments.acts import Act

ACTS: dict[str, Act] = {}
