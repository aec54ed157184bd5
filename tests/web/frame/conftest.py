"""The pages behind a port, as tests/members has them."""

from tests.members.conftest import _site, site, visitor

__all__ = ["_site", "site", "visitor"]
